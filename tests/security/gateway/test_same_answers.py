"""Nobody learns at the door who is a client (case A04)."""

import httpx
import pytest

from tests.integration.auth.stand import OTHER_PHONE, PHONE
from tests.security.gateway.conftest import Door

HOME = "203.0.113.9"
LIMIT = 60
"""Failed logins one address may cause (`auth.source_attempts`)."""


def said(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Every byte and every header, the request's own id aside."""
    request_id = answer.headers["x-request-id"]
    headers = [(k, v) for k, v in answer.headers.items() if k != "x-request-id"]
    return answer.status_code, answer.content.replace(request_id.encode(), b""), headers


def attempt(door: Door, login: str, *, visitor: str = HOME) -> httpx.Response:
    """A wrong password from an address, as the web tier tells it."""
    body = {"login": login, "password": "not it"}
    return door.send("POST", "/sessions", json=body, headers={"X-Real-IP": visitor})


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A04")
@pytest.mark.seeded("gateway_tells_who_is_a_client")
def test_known_and_unknown_numbers_get_the_same_bytes(door: Door) -> None:
    """Four times each: wrong, wrong, wrong and locked, locked, with the time left."""
    door.stand.client()
    known, unknown = (
        [said(attempt(door, phone.reveal())) for _ in range(4)]
        for phone in (PHONE, OTHER_PHONE)
    )

    assert known == unknown
    assert [status for status, *_ in known] == [401, 401, 429, 429]
    assert known[2] == known[3]


@pytest.mark.catalogue("A05")
@pytest.mark.seeded("gateway_forgets_where_from")
def test_the_door_holds_back_who_fails_too_often(door: Door) -> None:
    """By the address the web tier tells; the answer says how long, others come in."""
    for place in range(LIMIT):
        assert attempt(door, f"+7702{place:07}").status_code == 401
    refused = attempt(door, PHONE.reveal())

    assert (refused.status_code, refused.json()["code"]) == (429, "login_too_often")
    assert refused.headers["retry-after"] == str(refused.json()["seconds_left"])
    assert len(door.stand.events("source_throttled")) == 1
    assert door.stand.rows("SELECT count(*) FROM login_sources")[0][0] == 2
    assert attempt(door, PHONE.reveal(), visitor="203.0.113.10").status_code == 401
