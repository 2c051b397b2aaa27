"""Known browsers and the check of new ones, by themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.crypto import Json, sha256_hex
from kernel.errors import Refused
from kernel.policy import Setting
from kernel.starting_policy import STARTING_POLICY
from services.auth.domain.devices import DeviceCheck, browser_words
from services.auth.domain.rules import Rules
from services.auth.handlers.devices import is_new
from tests.unit.auth.builders import CLIENT, LOGIN, RULES
from tests.unit.auth.fakes import NOON, minutes

CHECK = DeviceCheck(
    check_id=UUID("01a2130e-4a68-713f-b993-5feed469ea37"),
    login_id=LOGIN,
    client_id=CLIENT,
    opened_at=NOON,
    expires_at=NOON + minutes(30),
)
SITE = "creditplus.kz"
PASSED: dict[str, Json] = {
    "operation": f"device:{CHECK.check_id}",
    "document_sha256": sha256_hex(CHECK.statement(site=SITE)),
    "state": "biometrics_done",
}


def test_a_ceremony_passed_for_this_check_is_believed() -> None:
    CHECK.refuse_unproved(PASSED, site=SITE)


@pytest.mark.seeded("auth_device_check_of_any_ceremony")
@pytest.mark.parametrize(
    "changed",
    [
        {"state": "open"},
        {"state": "signature_done"},
        {"state": "failed"},
        {"operation": "device:01a2130e-4a68-713f-b993-000000000000"},
        {"operation": f"application:{CHECK.check_id}"},
        {"document_sha256": "0" * 64},
    ],
)
def test_no_other_ceremony_is(changed: dict[str, Json]) -> None:
    """Not one unfinished, nor one of another login, contract or document."""
    with pytest.raises(Refused, match="device_check_unfinished"):
        CHECK.refuse_unproved({**PASSED, **changed}, site=SITE)


@pytest.mark.clause("4.6")
def test_biometrics_in_a_new_browser_are_due_from_the_day_the_rules_say() -> None:
    """And the company may not switch them off: the floor of the key."""
    eve = datetime(2025, 10, 31, 18, 59, tzinfo=UTC)  # 23:59 in Almaty
    day = eve + timedelta(minutes=1)
    key = "auth.new_device_biometrics"
    with pytest.raises(Refused, match="setting_too_weak"):
        STARTING_POLICY.with_setting(Setting(key, day.date(), 0, "an order"))

    assert STARTING_POLICY.integer(key, day) == 1
    assert is_new(Rules.at(STARTING_POLICY, NOON), known=False)
    assert not is_new(Rules.at(STARTING_POLICY, NOON), known=True)
    assert not is_new(replace(RULES, new_device_biometrics=False), known=False)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36", "Chrome, Windows"),
        (
            "Mozilla/5.0 (iPhone; like Mac OS X) Version/19.0 Safari/60",
            "Safari, iOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0", "Firefox, Linux"),
        ("(Linux; Android 16) Chrome/140.0 YaBrowser/25.10", "Yandex, Android"),
        ("", "?, ?"),
        ("<script>alert(1)</script>", "?, ?"),
    ],
)
def test_a_browser_is_told_in_two_words_of_ours(user_agent: str, words: str) -> None:
    """Nothing a visitor writes there comes back."""
    assert browser_words(user_agent) == words
