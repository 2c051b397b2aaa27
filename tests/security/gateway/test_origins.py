"""From where a request comes is told to the owners, by keyed tokens alone (6.1g)."""

from typing import Any

import httpx
import pytest

from kernel.context import Origin
from services.auth.domain.sources import Source
from services.auth.gateway.devices import DEVICE_COOKIE
from services.auth.gateway.sources import BROWSER_COOKIE
from tests.integration.auth.stand import BROWSER, Stand
from tests.security.gateway.conftest import Door

ADDRESS = "203.0.113.7"
NEIGHBOUR = "203.0.113.99"
ELSEWHERE = "198.51.100.7"


def ask(door: Door, **headers: str) -> httpx.Response:
    """Somebody begins to register."""
    return door.send(
        "POST",
        "/registrations",
        json={"phone": "+7 701 123 45 67"},
        headers={"X-Real-IP": ADDRESS, **headers},
    )


def given(answer: httpx.Response) -> str | None:
    """The browser's id, with what it is kept under, if one was given."""
    pairs = [text.partition("=") for text in answer.headers.get_list("set-cookie")]
    return next((value for name, _, value in pairs if name == BROWSER_COOKIE), None)


def told(door: Door) -> Origin:
    (_, _, asked) = door.rpc.asked[-1]
    context: Any = asked["context"]
    assert isinstance(context.origin, Origin)
    return context.origin


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("gateway_tells_no_origin", "gateway_names_no_browser")
def test_a_browser_is_told_by_one_token_whoever_sits_before_it(door: Door) -> None:
    """It is given an id once, for this host and out of scripts' reach."""
    cookie = given(ask(door))
    assert cookie is not None
    own, *attributes = cookie.split("; ")
    assert {"HttpOnly", "Path=/", "SameSite=strict", "Secure"} <= set(attributes)
    first = told(door)
    again = ask(door, Cookie=f"{BROWSER_COOKIE}={own}")
    assert given(again) is None
    assert told(door) == first
    ask(door)
    assert told(door).device != first.device


def test_an_id_of_another_form_is_none(door: Door) -> None:
    """What is told of a browser is of our making, and of a bounded size."""
    for said in ("x", "x" * 4_000, "../../etc", ""):
        assert given(ask(door, Cookie=f"{BROWSER_COOKIE}={said}")) is not None


def test_neighbours_share_a_network_and_no_address_is_told(door: Door) -> None:
    ask(door)
    one = told(door)
    ask(door, **{"X-Real-IP": NEIGHBOUR})
    assert told(door).network == one.network
    ask(door, **{"X-Real-IP": ELSEWHERE})
    assert told(door).network != one.network
    assert "203.0.113" not in repr(one)


def test_who_only_looks_is_not_told(door: Door) -> None:
    headers = door.cookie()
    door.send("GET", "/applications", headers=headers)
    context: Any = door.rpc.asked[-1][2]["context"]
    assert context.origin is None


def test_the_id_is_no_key(door: Door) -> None:
    """Neither a session nor a known browser: it opens nothing (clause 4.9)."""
    own = str(given(ask(door))).partition(";")[0]
    for name in ("__Host-session", DEVICE_COOKIE):
        answer = door.send("GET", "/sessions", headers={"Cookie": f"{name}={own}"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.clause("6.1g")
def test_a_known_browser_is_told_by_the_same_token(stand: Stand) -> None:
    """Whom antifraud suspends by it is found by what it hears of logins, too."""
    stand.client()
    origin = stand.gateway.origin(BROWSER.browser_id, Source.of(ADDRESS))
    said = [event["device_token"] for event in stand.events("device_admitted")]
    assert said == [origin.device]
