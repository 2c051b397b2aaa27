"""Recovery: one factor and a face; a stranger's number costs what a client's does."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from services.auth.domain.codes import Challenge
from services.auth.domain.devices import CHECK_LASTS, Aim, DeviceCheck
from services.auth.domain.passwords import unknown_login_id
from services.auth.handlers.codes import send_code
from services.auth.handlers.devices import find_check, open_check, pass_check
from services.auth.handlers.recoveries import (
    login_of,
    replace_password,
    request_code,
)
from tests.unit.auth.builders import (
    CLIENT,
    LOGIN,
    PHONE,
    RULES,
    TOKEN,
    challenge,
    login,
    session,
)
from tests.unit.auth.fakes import (
    NOON,
    FakeChallenges,
    FakeCodes,
    FakeDevices,
    FakeIds,
    FakeLanguages,
    FakeLogins,
    FakeMessages,
    FakeSessions,
    Published,
)

STRANGER = "k1.stranger"  # a blind token
CEREMONY = UUID(int=0xCE)


class Tokens:
    """The digest shows its token."""

    def new(self) -> str:
        return "token"

    def digest(self, token: str) -> bytes:
        return token.encode()


def send(token: str, messages: FakeMessages, published: Published) -> Challenge:
    order = request_code(PHONE, token, logins=FakeLogins([login()]), publish=published)
    sent = send_code(
        order,
        now=NOON,
        rules=RULES,
        site="creditplus.kz",
        ids=FakeIds(),
        codes=FakeCodes(),
        challenges=FakeChallenges(),
        languages=FakeLanguages(),
        messages=messages,
    )
    assert isinstance(sent, Challenge)
    return sent


@pytest.mark.catalogue("A04")
def test_a_stranger_s_code_is_made_sealed_and_not_sent() -> None:
    ours, theirs, published = FakeMessages(), FakeMessages(), Published()
    known = send(TOKEN, ours, published)
    nobody = send(STRANGER, theirs, published)
    assert (known.client_id, nobody.client_id) == (CLIENT, None)
    assert nobody.reference == unknown_login_id(STRANGER)
    assert (len(ours.waiting), len(ours.dropped)) == (1, 0)
    assert (len(theirs.waiting), len(theirs.dropped)) == (0, 1)
    assert published.types == ["RecoveryRequested", "RecoveryRequested"]


def opened(devices: FakeDevices, aim: Aim, published: Published) -> DeviceCheck:
    check = open_check(
        login(),
        "token",
        aim=aim,
        now=NOON,
        ids=FakeIds(),
        tokens=Tokens(),
        devices=devices,
        publish=published,
    )
    assert isinstance(check, DeviceCheck)
    return check


@pytest.mark.clause("4.10")
@pytest.mark.parametrize(
    ("aim", "lost", "code"),
    [
        ("password", "password", "recovery_not_found"),
        ("number", "phone", "recovery_not_found"),
        ("device", None, "device_check_not_found"),
    ],
)
def test_a_check_is_good_for_its_aim_once(
    aim: Aim, lost: str | None, code: str
) -> None:
    devices, published = FakeDevices(), Published()
    check = opened(devices, aim, published)
    others: set[Aim] = {"password", "number", "device"} - {aim}  # type: ignore[assignment] # three words

    def find(wanted: Aim) -> DeviceCheck:
        return find_check(
            check.check_id,
            "token",
            aim=wanted,
            now=NOON,
            tokens=Tokens(),
            devices=devices,
        )

    for other in others:
        with pytest.raises(Refused):
            find(other)
    assert find(aim) == check
    use = {"now": NOON, "devices": devices, "publish": published}
    pass_check(check, CEREMONY, **use)  # type: ignore[arg-type] # as above
    with pytest.raises(Refused, match=code):
        pass_check(check, CEREMONY, **use)  # type: ignore[arg-type] # as above
    told = [getattr(event, "lost", None) for event in published.events]
    assert told == ([lost, lost] if lost else [None])


def test_the_statements_of_the_three_aims_differ() -> None:
    checks = [
        opened(FakeDevices(), aim, Published())
        for aim in ("device", "password", "number")
    ]
    assert len({check.statement(site="creditplus.kz") for check in checks}) == 3
    assert len({check.operation for check in checks}) == 3


def test_the_right_to_a_number_is_a_passed_check_of_that_aim() -> None:
    devices = FakeDevices()
    check = opened(devices, "number", Published())
    before = devices.find_right(b"token", now=NOON)
    devices.pass_check(check.check_id, CEREMONY, now=NOON)
    after = devices.find_right(b"token", now=NOON)
    late = devices.find_right(b"token", now=NOON + CHECK_LASTS)
    assert (before, late) == (None, None)
    assert after is not None


def test_a_code_of_a_number_that_is_no_login_any_more_opens_nothing() -> None:
    logins = FakeLogins([login()])
    assert login_of(challenge("recovery"), logins=logins) == login()
    for stale in (challenge("recovery", client_id=None), _moved()):
        judged = login_of(stale, logins=logins)
        assert isinstance(judged, Refused)
        assert judged.code == "challenge_not_found"


def _moved() -> Challenge:
    return replace(challenge("recovery"), phone_token=STRANGER)


@pytest.mark.clause("4.5")
def test_a_new_password_ends_what_the_old_one_had_opened() -> None:
    logins, sessions, devices = FakeLogins([login()]), FakeSessions(), FakeDevices()
    challenges, published = FakeChallenges(), Published()
    sessions.add(session(), b"digest")
    challenges.add(challenge())
    opened(devices, "device", Published())
    replace_password(
        login(),
        "another hash",
        now=NOON + timedelta(minutes=1),
        logins=logins,
        challenges=challenges,
        devices=devices,
        sessions=sessions,
        publish=published,
    )
    kept = logins.by_client(CLIENT)
    assert kept is not None
    assert (kept.login_id, kept.password_hash) == (LOGIN, "another hash")
    assert list(sessions.ended.values()) == ["password_recovered"]
    assert devices.checks[b"token"].expires_at == NOON + timedelta(minutes=1)
    assert published.types == ["SessionEnded", "PasswordChanged"]
