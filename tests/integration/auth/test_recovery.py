"""A forgotten password, a lost number: never one factor alone, no lock lifted."""

from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.values import Phone
from services.auth.domain.sources import Source
from tests.integration.auth.changing import (
    CEREMONY,
    NEW_PASSWORD,
    allow_change,
    ask_code,
    change_phone,
    forgotten,
    found,
    lost,
    prove_code,
    right_of,
    set_password,
)
from tests.integration.auth.stand import PASSWORD, PHONE, Stand, in_threads

NOBODY = Phone("+77070000000")


def refused(act: object, *args: object) -> Refused:
    assert callable(act)
    with pytest.raises(Refused) as caught:
        act(*args)
    return caught.value


@pytest.mark.clause("4.3")
@pytest.mark.clause("4.5")
def test_a_new_password_takes_the_phone_and_the_face_and_ends_every_session(
    stand: Stand,
) -> None:
    client_id = stand.client()
    _, token = stand.session()
    due = forgotten(stand)
    set_password(stand, due)

    assert refused(stand.authenticate, token).code == "session_required"
    assert refused(stand.first_factor).code == "login_refused"
    assert stand.first_factor(password=NEW_PASSWORD).client_id == client_id
    assert [e["reason"] for e in stand.events("session_ended")] == [
        "password_recovered"
    ]
    opened, done = stand.events("recovery_opened"), stand.events("recovery_passed")
    assert opened == [
        {
            "client_id": str(client_id),
            "recovery_id": str(due.check.check_id),
            "lost": "password",
        }
    ]
    assert done == [{**opened[0], "ceremony_id": str(CEREMONY)}]
    assert len(stand.events("password_changed")) == 2
    told = stand.rows("SELECT template FROM messages ORDER BY queued_at, message_id")
    assert {"recovery_notice", "password_notice"} <= {row.template for row in told}


@pytest.mark.clause("4.3")
@pytest.mark.seeded("auth_recovery_by_message_alone")
@pytest.mark.parametrize(
    "changed",
    [
        {"state": "open"},
        {"state": "signature_done"},
        {"operation": "device:01a2130e-4a68-713f-b993-5feed469ea37"},
        {"document_sha256": "00" * 32},
    ],
)
def test_the_code_alone_sets_no_password(stand: Stand, changed: dict[str, str]) -> None:
    """Nor with a ceremony unfinished, of something else, or over other bytes."""
    stand.client()
    due = forgotten(stand)
    assert (
        refused(lambda: set_password(stand, due, **changed)).code
        == "recovery_unfinished"
    )
    assert stand.first_factor().client_id is not None


def test_a_recovery_sets_one_password(stand: Stand) -> None:
    stand.client()
    due = forgotten(stand)
    check = found(stand, due, "password")
    set_password(stand, due)
    assert refused(set_password, stand, due).code == "recovery_not_found"
    assert refused(found, stand, due, "password").code == "recovery_not_found"
    assert check.passed_at is None


def test_a_weak_password_uses_no_recovery_up(stand: Stand) -> None:
    stand.client()
    due = forgotten(stand)
    assert refused(set_password, stand, due, "12345678").code == "password_weak"
    set_password(stand, due)


@pytest.mark.clause("4.7")
@pytest.mark.seeded("auth_recovery_lifts_the_lock")
def test_a_recovery_during_a_lock_lifts_nothing(stand: Stand) -> None:
    """The lock lasts its fifteen minutes; the new password is refused like any."""
    stand.client()
    for _ in range(3):
        refused(stand.first_factor, PHONE, "wrong words")
    stand.clock.move(minutes=5)
    set_password(stand, forgotten(stand))
    locked = refused(stand.first_factor, PHONE, NEW_PASSWORD)
    assert (locked.code, locked.details["seconds_left"]) == ("login_refused", 600)
    stand.clock.move(minutes=10)
    stand.first_factor(password=NEW_PASSWORD)


@pytest.mark.catalogue("A04")
@pytest.mark.clause("6.1b")
@pytest.mark.seeded("auth_recovery_tells_who_is_a_client")
def test_a_number_of_nobody_costs_what_a_client_s_costs(stand: Stand) -> None:
    """The same rows, the same event, the same refusals; only no message leaves."""
    stand.client()
    stand.auth.deliver_messages()
    before = _footprint(stand)
    ask_code(stand, PHONE)
    known = _footprint(stand, since=before)
    before = _footprint(stand)
    nobody = ask_code(stand, NOBODY)
    unknown = _footprint(stand, since=before)

    assert known == unknown
    assert len(stand.events("recovery_requested")) == 2
    stand.auth.deliver_messages()
    assert {m.phone for m in stand.phones.delivered.values()} == {PHONE}
    wrong = [refused(prove_code, stand, nobody, "000000") for _ in range(3)]
    ours = [refused(prove_code, stand, ask_code(stand), "000000") for _ in range(3)]
    assert [(e.code, e.details) for e in wrong] == [(e.code, e.details) for e in ours]
    assert wrong[-1].code == "factor_locked"


def _footprint(stand: Stand, *, since: dict[str, int] | None = None) -> dict[str, int]:
    """How many rows each table has that a request may write to."""
    tables = ("challenges", "code_sends", "messages", "outbox")
    counted = {
        table: stand.rows(f"SELECT count(*) AS n FROM {table}")[0].n  # noqa: S608 - our own names
        for table in tables
    }
    known = since or {}
    return {table: count - known.get(table, 0) for table, count in counted.items()}


@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_recovery_codes_are_not_counted")
def test_guesses_at_a_recovery_are_three_and_lock_no_login(stand: Stand) -> None:
    """Forty at once over new codes and gateways; the way in by message stays open."""
    stand.client()
    challenges = [ask_code(stand) for _ in range(4)]

    def guess(place: int) -> str:
        return refused(prove_code, stand, challenges[place % 4], f"{place:06}").code

    codes = in_threads(40, guess)
    assert codes.count("code_wrong") == 2
    assert codes.count("factor_locked") == 38
    assert (
        refused(
            prove_code, stand, challenges[0], stand.code_for(PHONE, "recovery")
        ).code
        == "factor_locked"
    )
    locked = stand.events("second_factor_locked")
    assert [event["method"] for event in locked] == ["recovery_sms"]
    stand.session()


@pytest.mark.catalogue("A05")
@pytest.mark.seeded("auth_recoveries_are_not_slowed")
def test_a_flood_of_recoveries_from_one_address_is_held_back(stand: Stand) -> None:
    """By the same bucket as logins: a code for this and that many numbers, no more."""
    source = Source.of("198.51.100.7")

    def ask(place: int) -> str:
        try:
            stand.gateway.recovery.send_code(
                stand.context(), phone=Phone(f"+7702{place:07}"), source=source
            )
        except Refused as refusal:
            return refusal.code
        return "sent"

    answers = in_threads(80, ask)
    assert (answers.count("sent"), answers.count("login_too_often")) == (60, 20)


def test_recoveries_are_begun_five_times_a_day(stand: Stand) -> None:
    stand.client()
    for _ in range(5):
        forgotten(stand)
        stand.clock.move(minutes=10)
    assert refused(forgotten, stand).code == "recovery_too_often"
    lost(stand)  # counted by itself


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_lost_number_by_password_alone")
def test_a_lost_number_takes_the_password_and_the_face(stand: Stand) -> None:
    client_id = stand.client()
    due = lost(stand)
    assert refused(right_of, stand, due.token).code == "session_required"
    assert (
        refused(lambda: allow_change(stand, due, state="open")).code
        == "recovery_unfinished"
    )
    assert refused(right_of, stand, due.token).code == "session_required"
    allow_change(stand, due)
    assert right_of(stand, due.token) == client_id
    assert [e["lost"] for e in stand.events("recovery_passed")] == ["phone"]


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A01")
def test_the_password_of_a_lost_number_is_counted_with_those_of_logins(
    stand: Stand,
) -> None:
    stand.client()
    for _ in range(2):
        assert refused(lost, stand, "wrong words").code == "login_refused"
    refused(stand.first_factor, PHONE, "wrong words")
    assert "seconds_left" in refused(lost, stand).details


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_recovery_opens_the_other")
def test_each_recovery_opens_its_own_and_neither_the_cabinet(stand: Stand) -> None:
    """Password and face open no new password; code and face no change of number."""
    stand.client()
    by_code, by_password = forgotten(stand), lost(stand)
    assert refused(found, stand, by_code, "number").code == "recovery_not_found"
    assert refused(found, stand, by_password, "password").code == "recovery_not_found"
    for due in (by_code, by_password):
        assert (
            refused(
                lambda d=due: stand.gateway.entry.find_check(
                    stand.context(), check_id=d.check.check_id, token=d.token
                )
            ).code
            == "device_check_not_found"
        )
    set_password(stand, by_code)
    allow_change_refused = refused(allow_change, stand, by_password)
    assert allow_change_refused.code == "recovery_not_found"  # a proof of yesterday
    assert refused(right_of, stand, by_code.token).code == "session_required"
    assert stand.rows("SELECT 1 FROM sessions") == []


@pytest.mark.clause("4.10")
def test_the_right_lasts_half_an_hour_and_ends_with_the_change(stand: Stand) -> None:
    client_id = stand.client()
    due = lost(stand)
    allow_change(stand, due)
    change_phone(stand, client_id)
    assert refused(right_of, stand, due.token).code == "session_required"


def test_the_right_runs_out(stand: Stand) -> None:
    stand.client()
    due = lost(stand)
    stand.clock.move(minutes=29)
    allow_change(stand, due)
    assert isinstance(right_of(stand, due.token), UUID)
    stand.clock.move(minutes=1)
    assert refused(right_of, stand, due.token).code == "session_required"


def test_a_login_begun_with_the_old_password_is_over(stand: Stand) -> None:
    """Its code is on its way while the password is recovered."""
    stand.client()
    waiting = stand.first_factor(password=PASSWORD)
    code = stand.code_for(PHONE, "login")
    set_password(stand, forgotten(stand))
    gone = refused(
        lambda: stand.gateway.open_session(
            stand.context(), challenge_id=waiting.challenge_id, code=code
        )
    )
    assert gone.code == "code_expired"
