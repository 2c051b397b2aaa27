"""Requests of other sites' pages, and cookies that are not shown around (case A09)."""

import pytest

from tests.behind import LOAN
from tests.integration.auth.stand import PASSWORD, PHONE
from tests.security.gateway.conftest import Door

CREDENTIALS = {"login": PHONE.reveal(), "password": PASSWORD}


@pytest.mark.catalogue("A09")
@pytest.mark.seeded("gateway_other_sites_may_act")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://creditplus.kz"},
        {"Origin": "https://creditplus.kz.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_s_page_can_neither_act_nor_log_in(
    door: Door, headers: dict[str, str]
) -> None:
    """Login CSRF included: with the right password it is still refused."""
    cookie = door.cookie()
    door.stand.passwords.asked.clear()
    for method, path, body in (
        ("POST", "/sessions", CREDENTIALS),
        ("POST", "/applications", LOAN),
        ("DELETE", "/sessions/current", None),
    ):
        answer = door.send(method, path, json=body, headers={**cookie, **headers})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")

    assert door.rpc.asked == []
    assert door.stand.passwords.asked == []


@pytest.mark.catalogue("A09")
@pytest.mark.seeded("gateway_silence_counts_as_ours")
def test_a_cookie_without_a_word_of_where_from_changes_nothing(door: Door) -> None:
    """No Origin, no Sec-Fetch-Site: a cookie alone is no proof of our own page."""
    answer = door.send(
        "POST",
        "/applications",
        json=LOAN,
        headers=door.cookie(),
        origin=None,
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert door.rpc.asked == []


@pytest.mark.clause("4.9")
@pytest.mark.seeded("gateway_browser_keeps_the_session")
def test_the_cookie_is_for_this_host_out_of_scripts_reach_and_not_kept(
    door: Door,
) -> None:
    """No Expires, no Max-Age: it ends with the browser (clause 4.9)."""
    door.stand.client()
    answer = door.log_in()

    assert answer.status_code == 201
    (cookie,) = (
        text
        for text in answer.headers.get_list("set-cookie")
        if text.startswith("__Host-session")
    )
    name_value, *attributes = cookie.split("; ")
    assert name_value.startswith("__Host-session=")
    assert len(name_value.removeprefix("__Host-session=")) == 43
    assert {a.lower() for a in attributes} == {
        "httponly", "secure", "samesite=strict", "path=/",
    }  # fmt: skip


@pytest.mark.clause("1.2a")
@pytest.mark.clause("1.3b")
@pytest.mark.clause("4.5")
@pytest.mark.clause("6.1b")
@pytest.mark.seeded("gateway_refusals_leave_no_trace")
def test_without_a_session_no_cabinet_data_come_back_and_it_is_recorded(
    door: Door,
) -> None:
    """Every resource of the cabinet: 401, no call to any service, one event each."""
    contract = "/contracts/01a2130e-4a68-713f-b993-5feed469ea37"
    paths = (
        "/contracts", contract, f"{contract}/document", f"{contract}/payout",
        "/applications/01a2130e-4a68-713f-b993-5feed469ea37", "/sessions/current",
        "/ceremonies/01a2130e-4a68-713f-b993-5feed469ea37",
    )  # fmt: skip
    for path in paths:
        for cookie in ({}, {"Cookie": "__Host-session=stolen"}):
            answer = door.send("GET", path, headers=cookie)
            assert answer.status_code == 401
            assert answer.json()["code"] == "session_required"

    assert door.rpc.asked == []
    recorded = door.stand.events("access_refused")
    assert len(recorded) == 2 * len(paths)
    assert {"session_required"} == {event["code"] for event in recorded}


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("gateway_answers_for_any_host")
@pytest.mark.parametrize("host", ["evil.example", "creditplus.kz.evil.example", "a:b"])
def test_a_request_for_another_host_is_not_answered(door: Door, host: str) -> None:
    answer = door.send("GET", "/health/live", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (421, "host_unknown")


def test_each_client_is_asked_for_in_its_own_name(door: Door) -> None:
    """The assertion names the session's client; no argument can name another (A12)."""
    headers = door.cookie()
    door.send("GET", "/contracts", headers=headers)

    ((service, method, asked),) = door.rpc.asked
    assertions = door.stand.gateway_platform.assertions
    (row,) = door.stand.rows("SELECT client_id FROM sessions WHERE ended_at IS NULL")
    assert (service, method) == ("contracts", "list_contracts")
    assert row.client_id == assertions.verify(
        str(asked["assertion"]), audience="contracts"
    )


def test_asking_for_the_session_does_not_prolong_it(door: Door) -> None:
    headers = door.cookie()
    door.stand.clock.move(minutes=4)
    left = door.send("GET", "/sessions/current", headers=headers).json()
    assert left["idle_seconds_left"] == 360
    door.send("GET", "/contracts", headers={**headers, "X-Activity": "background"})
    door.stand.clock.move(minutes=6, seconds=1)

    assert door.send("GET", "/contracts", headers=headers).status_code == 401


def test_the_lock_tells_the_time_left_and_when_to_come_back(door: Door) -> None:
    """Clause 4.7 as the cabinet shows it."""
    door.stand.client()
    wrong = {**CREDENTIALS, "password": "wrong"}
    answers = [door.send("POST", "/sessions", json=wrong) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert {"login_refused"} == {answer.json()["code"] for answer in answers}
    assert answers[3].headers["retry-after"] == "900"
    assert answers[3].json()["seconds_left"] == 900
