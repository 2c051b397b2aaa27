"""The way in and what it leaves behind, as a browser meets it (cases A07 to A09)."""

from base64 import b64decode
from typing import Any

import httpx
import pytest

from kernel.crypto import Json, sha256_hex
from services.auth.domain.devices import DEVICE_KEPT
from services.auth.gateway.devices import DEVICE_COOKIE
from services.auth.gateway.security import SESSION_COOKIE
from services.auth.gateway.sources import BROWSER_COOKIE
from tests.integration.auth.stand import BROWSER, PASSWORD, PHONE
from tests.security.gateway.conftest import Door

CREDENTIALS = {"login": PHONE.reveal(), "password": PASSWORD}
CEREMONY = "01a2130e-4a68-713f-b993-5feed469ea37"
CEREMONY_SHOWN: dict[str, Json] = {
    "ceremony_id": CEREMONY,
    "state": "open",
    "operation": "device:",
    "document_b64": "e30=",
    "document_sha256": "5e" * 32,
    "biometrics_url": None,
    "expires_at": "2026-11-23T07:30:00.000000Z",
}


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """What the browser holds after an answer."""
    pairs = (
        text.partition(";")[0].partition("=")
        for text in answer.headers.get_list("set-cookie")
    )
    return {name: value for name, _, value in pairs}


def header(token: str) -> dict[str, str]:
    return {"Cookie": f"{SESSION_COOKIE}={token}"}


def logged_in(door: Door) -> str:
    """A new client's token."""
    door.stand.client()
    return cookies_of(door.log_in())[SESSION_COOKIE]


def is_open(door: Door, headers: dict[str, str]) -> bool:
    return door.send("GET", "/contracts", headers=headers).status_code == 200


@pytest.mark.clause("4.5")
@pytest.mark.seeded("gateway_factors_told_before_the_password")
def test_which_second_factors_there_are_is_told_after_a_right_password_only(
    door: Door,
) -> None:
    door.stand.client()
    wrong = door.send("POST", "/sessions", json={**CREDENTIALS, "password": "wrong"})
    stranger = {**CREDENTIALS, "login": "+77020000000"}
    unknown = door.send("POST", "/sessions", json=stranger)
    right = door.send("POST", "/sessions", json=CREDENTIALS)

    for answer in (wrong, unknown):
        assert "second_factors" not in answer.text
        assert answer.json()["code"] == "login_refused"
    assert right.json()["second_factors"] == ["sms"]


@pytest.mark.clause("4.9")
@pytest.mark.seeded("gateway_device_mark_opens_the_cabinet")
def test_what_stays_in_the_browser_opens_nothing(door: Door) -> None:
    """After the end of the session the mark of the browser is all that is left."""
    token = logged_in(door)
    left = {"Cookie": f"{DEVICE_COOKIE}={BROWSER.mark}"}
    door.send("DELETE", "/sessions/current", headers=header(token))
    first_alone = door.send("POST", "/sessions", json=CREDENTIALS, headers=left)

    assert not is_open(door, left)
    assert not is_open(door, {"Cookie": f"{SESSION_COOKIE}={BROWSER.mark}"})
    assert SESSION_COOKIE not in cookies_of(first_alone)


@pytest.mark.clause("4.9")
def test_the_mark_s_cookie_is_for_this_host_and_out_of_scripts_reach(
    door: Door,
) -> None:
    door.stand.client()
    (cookie,) = (
        text
        for text in door.log_in().headers.get_list("set-cookie")
        if text.startswith(DEVICE_COOKIE)
    )

    assert {part.lower() for part in cookie.split("; ")[1:]} == {
        "httponly",
        "secure",
        "samesite=strict",
        "path=/",
        f"max-age={int(DEVICE_KEPT.total_seconds())}",
    }


@pytest.mark.catalogue("A07")
@pytest.mark.seeded("gateway_takes_the_token_it_is_given")
def test_a_token_that_was_there_before_the_login_is_not_the_one_after_it(
    door: Door,
) -> None:
    """Fixation: whatever cookie the browser brought, the server makes its own."""
    door.stand.client()
    fixed = "f" * 43
    challenge = door.send(
        "POST", "/sessions", json=CREDENTIALS, headers=header(fixed)
    ).json()
    answer = door.send(
        "POST",
        "/sessions/second-factor",
        json={
            "challenge_id": challenge["challenge_id"],
            "code": door.stand.code_for(purpose="login"),
        },
        headers={"Cookie": f"{SESSION_COOKIE}={fixed}; {DEVICE_COOKIE}={BROWSER.mark}"},
    )

    assert cookies_of(answer)[SESSION_COOKIE] != fixed
    assert is_open(door, header(cookies_of(answer)[SESSION_COOKIE]))
    assert not is_open(door, header(fixed))


@pytest.mark.catalogue("A09")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null", "Content-Type": "application/x-www-form-urlencoded"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    ],
)
def test_a_form_of_another_site_changes_no_factor_and_ends_no_session(
    door: Door, headers: dict[str, str]
) -> None:
    """As from a browser that knows nothing of SameSite: the cookie comes along."""
    token = logged_in(door)
    for method, path in (
        ("POST", "/sessions/current/step-up"),
        ("POST", "/factors/totp"),
        ("DELETE", "/factors/totp"),
        ("POST", "/factors/recovery-codes"),
        ("DELETE", "/sessions/others"),
        ("DELETE", f"/sessions/{CEREMONY}"),
        ("POST", "/sessions/second-factor"),
    ):
        answer = door.send(
            method, path, content=b"{}", headers={**header(token), **headers}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")

    assert is_open(door, header(token))


@pytest.mark.catalogue("A09")
def test_json_that_says_it_is_text_is_not_read(door: Door) -> None:
    """Our own page never sends it; a form can send nothing else."""
    answer = door.send(
        "POST",
        "/factors/passkeys",
        content=b'{"name": "x", "credential": {}}',
        headers={**header(logged_in(door)), "Content-Type": "text/plain"},
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unknown")


@pytest.mark.clause("4.8")
@pytest.mark.catalogue("A07")
@pytest.mark.seeded("auth_revoked_sessions_live")
def test_a_client_sees_their_sessions_and_ends_the_others(door: Door) -> None:
    """ASVS 7.5.2: since when, last activity, where, which is this one."""
    mine = logged_in(door)
    elsewhere = cookies_of(door.log_in())[SESSION_COOKIE]
    third = cookies_of(door.log_in())[SESSION_COOKIE]
    listed = door.send("GET", "/sessions", headers=header(mine)).json()["sessions"]
    (other,) = (one for one in listed if one["current"] is False and one == listed[0])
    one = door.send("DELETE", f"/sessions/{other['session_id']}", headers=header(mine))
    again = door.send(
        "DELETE", f"/sessions/{other['session_id']}", headers=header(mine)
    )
    rest = door.send("DELETE", "/sessions/others", headers=header(mine))

    assert [one["current"] for one in listed] == [False, False, True]
    assert set(listed[0]) == {
        "session_id", "opened_at", "active_at", "browser", "current",
    }  # fmt: skip
    assert (one.status_code, rest.status_code) == (204, 204)
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
    assert [is_open(door, header(t)) for t in (mine, elsewhere, third)] == [
        True,
        False,
        False,
    ]


def test_a_step_up_and_an_enrolment_by_the_public_door(door: Door) -> None:
    """Each answer brings the session's next token; the one before it is dead."""
    tokens = [logged_in(door)]

    def act(method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        answer = door.send(method, path, json=body, headers=header(tokens[-1]))
        if SESSION_COOKIE in cookies_of(answer):
            tokens.append(cookies_of(answer)[SESSION_COOKIE])
        return answer

    early = act("POST", "/factors/recovery-codes", {})
    begun = act("POST", "/sessions/current/step-up", {}).json()
    act(
        "POST",
        "/sessions/current/step-up/second-factor",
        {
            "challenge_id": begun["challenge_id"],
            "code": door.stand.code_for(purpose="step_up"),
        },
    )
    codes = act("POST", "/factors/recovery-codes", {}).json()["codes"]
    shown = act("GET", "/factors", {}).json()

    assert (early.status_code, early.json()["code"]) == (403, "step_up_required")
    assert begun["second_factors"] == ["sms"]
    assert len(codes) == 10
    assert shown == {
        "methods": ["sms", "recovery_code"],
        "totp_since": None,
        "recovery_codes_left": 10,
        "passkeys": [],
    }
    assert [is_open(door, header(token)) for token in tokens] == [False, False, True]


@pytest.mark.seeded("gateway_export_without_step_up")
@pytest.mark.seeded("gateway_erasure_without_step_up")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/personal-data/export", {"person", "consents"}),
        ("/personal-data/erasure", {"asked_at", "waits_for"}),
    ],
)
def test_what_takes_all_data_needs_a_second_factor_given_just_now(
    door: Door, path: str, answer: set[str]
) -> None:
    """A session alone gets nothing; a step-up opens one export, or one erasure."""
    token = logged_in(door)

    def act() -> httpx.Response:
        return door.send("POST", path, headers=header(token))

    early = act()
    assert (early.status_code, early.json()["code"]) == (403, "step_up_required")
    assert door.rpc.asked == []
    begun = door.send(
        "POST", "/sessions/current/step-up", json={}, headers=header(token)
    ).json()
    stepped = door.send(
        "POST",
        "/sessions/current/step-up/second-factor",
        json={
            "challenge_id": begun["challenge_id"],
            "code": door.stand.code_for(purpose="step_up"),
        },
        headers=header(token),
    )
    token = cookies_of(stepped)[SESSION_COOKIE]
    assert answer <= act().json().keys()
    again = act()
    assert (again.status_code, again.json()["code"]) == (403, "step_up_required")
    assert len(door.rpc.asked) == 1


@pytest.mark.clause("4.3")
def test_a_new_browser_goes_through_biometrics_by_the_public_door(door: Door) -> None:
    """No key yet, a ceremony asked for in the client's name, then the cabinet."""
    client_id = door.stand.client()
    challenge = door.send("POST", "/sessions", json=CREDENTIALS).json()
    came = door.send(
        "POST",
        "/sessions/second-factor",
        json={
            "challenge_id": challenge["challenge_id"],
            "code": door.stand.code_for(purpose="login"),
        },
    )
    check = came.json()["device_check"]
    holder = {"Authorization": f"Bearer {check['token']}"}
    path = f"/sessions/device-checks/{check['check_id']}"
    door.send("POST", f"{path}/ceremony", headers=holder)
    ((service, method, asked),) = door.rpc.asked
    operation = str(asked["operation"])
    body = {"ceremony_id": CEREMONY}
    asked_of = ("onboarding", "get_ceremony")
    door.rpc.told[asked_of] = {**CEREMONY_SHOWN, "operation": operation}
    early = door.send("POST", f"{path}/completion", json=body, headers=holder)
    another = {"Authorization": "Bearer of-another-check"}
    stranger = door.send("POST", f"{path}/completion", json=body, headers=another)
    door.rpc.told[asked_of] = {
        **CEREMONY_SHOWN,
        "operation": operation,
        "document_sha256": sha256_hex(b64decode(str(asked["document_b64"]))),
        "state": "biometrics_done",
    }
    opened = door.send("POST", f"{path}/completion", json=body, headers=holder)

    assertion = str(asked["assertion"])
    verified = door.stand.gateway_platform.assertions.verify(
        assertion, audience="onboarding"
    )
    assert (came.status_code, set(cookies_of(came))) == (201, {BROWSER_COOKIE})
    assert (service, method, verified) == ("onboarding", "open_ceremony", client_id)
    assert (early.status_code, early.json()["code"]) == (409, "device_check_unfinished")
    assert (stranger.status_code, stranger.json()["code"]) == (
        404,
        "device_check_not_found",
    )
    assert opened.status_code == 201
    assert set(cookies_of(opened)) == {SESSION_COOKIE, DEVICE_COOKIE, BROWSER_COOKIE}
