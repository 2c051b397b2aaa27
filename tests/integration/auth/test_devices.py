"""A browser new to the login: both factors, then biometrics (rules of 11.2025)."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.crypto import Json, sha256_hex
from kernel.errors import Refused
from services.auth.domain.devices import Browser
from services.auth.domain.factors import CodeProof
from services.auth.wiring import CheckDue, Entered
from tests.integration.auth.stand import BROWSER, OTHER_PHONE, PHONE, Stand

NEW = Browser(
    mark=None, fresh_mark="a-fresh-mark", words="Chrome, Windows", browser_id="two"
)
CEREMONY = UUID("01a2130e-4a68-713f-b993-5feed469ea37")


def come(stand: Stand, browser: Browser) -> Entered | CheckDue:
    """Both factors, rightly, in a browser."""
    challenge = stand.first_factor()
    return stand.gateway.entry.open_session(
        stand.context(),
        challenge_id=challenge.challenge_id,
        proof=CodeProof("sms", stand.code_for(PHONE, "login")),
        browser=browser,
    )


def due(stand: Stand, browser: Browser = NEW) -> CheckDue:
    found = come(stand, browser)
    assert isinstance(found, CheckDue)
    return found


def passed(stand: Stand, found: CheckDue) -> dict[str, Json]:
    """The ceremony of the check as onboarding shows it once ЦОИД knew the person."""
    statement = stand.gateway.entry.statement(found.check)
    return {
        "ceremony_id": str(CEREMONY),
        "operation": found.check.operation,
        "document_sha256": sha256_hex(statement),
        "state": "biometrics_done",
    }


def complete(stand: Stand, found: CheckDue, browser: Browser = NEW) -> Entered:
    check = stand.gateway.entry.find_check(
        stand.context(), check_id=found.check.check_id, token=found.token
    )
    return stand.gateway.entry.enter_checked(
        stand.context(), check=check, ceremony=passed(stand, found), browser=browser
    )


@pytest.mark.clause("4.3")
@pytest.mark.seeded("auth_new_device_needs_no_biometrics")
def test_both_factors_in_a_new_browser_open_nothing_until_the_face_is_known(
    stand: Stand,
) -> None:
    stand.client()
    found = due(stand)
    none_yet = stand.rows("SELECT 1 FROM sessions")
    opened = complete(stand, found)
    again = come(stand, replace(NEW, mark=opened.mark, fresh_mark="unused"))

    assert none_yet == []
    assert isinstance(again, Entered)
    assert [e["ceremony_id"] for e in stand.events("device_admitted")] == [
        None,
        str(CEREMONY),
    ]


def test_the_browser_of_the_registration_is_known(stand: Stand) -> None:
    """It passed the ceremony minutes ago."""
    stand.client()

    assert isinstance(come(stand, BROWSER), Entered)


@pytest.mark.clause("4.9")
@pytest.mark.seeded("auth_any_mark_is_known")
@pytest.mark.parametrize("mark", ["of-nobody", "", "planted-by-another-site"])
def test_a_mark_we_did_not_make_for_this_login_is_no_mark(
    stand: Stand, mark: str
) -> None:
    """And it is not kept: the browser leaves with a mark of our own making."""
    stand.client()
    found = due(stand, replace(NEW, mark=mark or None))

    assert complete(stand, found).mark == NEW.fresh_mark


def test_one_browser_may_be_known_to_two_logins(stand: Stand) -> None:
    """Whoever comes to be known second changes the mark of both."""
    stand.client()
    other = stand.client(OTHER_PHONE)
    shared = replace(BROWSER, fresh_mark="shared")
    stand.gateway.entry.admit_registered(
        stand.context(), client_id=other, browser=shared
    )
    theirs = replace(BROWSER, mark="shared", fresh_mark="unused")

    assert isinstance(come(stand, theirs), Entered)
    assert isinstance(come(stand, BROWSER), CheckDue)


def test_a_check_is_its_holder_s_lives_half_an_hour_and_opens_once(
    stand: Stand,
) -> None:
    stand.client()
    found = due(stand)
    with pytest.raises(Refused, match="device_check_not_found"):
        stand.gateway.entry.find_check(
            stand.context(), check_id=found.check.check_id, token=NEW.fresh_mark
        )
    check = stand.gateway.entry.find_check(
        stand.context(), check_id=found.check.check_id, token=found.token
    )
    ceremony = passed(stand, found)

    def enter() -> Entered:
        return stand.gateway.entry.enter_checked(
            stand.context(), check=check, ceremony=ceremony, browser=NEW
        )

    enter()
    with pytest.raises(Refused, match="device_check_not_found"):
        enter()
    late = due(stand)
    stand.clock.move(minutes=30)
    with pytest.raises(Refused, match="device_check_not_found"):
        complete(stand, late)

    assert len(stand.rows("SELECT 1 FROM sessions")) == 1


def test_new_browsers_are_tried_five_times_a_day(stand: Stand) -> None:
    stand.client()
    for _ in range(5):
        due(stand)
        stand.clock.move(minutes=10)
    with pytest.raises(Refused, match="device_check_too_often"):
        come(stand, NEW)


def test_a_browser_not_used_for_half_a_year_is_new_again(stand: Stand) -> None:
    stand.client()
    stand.clock.move(days=180, seconds=1)
    stand.auth.forget()

    assert isinstance(come(stand, BROWSER), CheckDue)
    assert stand.rows("SELECT 1 FROM devices") == []
