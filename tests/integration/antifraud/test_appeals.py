"""Appeals: a number, a day, one extension, another person, an answer that is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.errors import Refused
from services.antifraud import handlers
from services.antifraud.domain.appeals import Appeal, AppealOutcome
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.domain.rules import Outcome
from services.antifraud.handlers import appeals, ruling, suspending
from tests.integration.antifraud.conftest import CLIENT, Desk
from tests.integration.antifraud.test_cases import (
    ANNA,
    BORIS,
    burst,
    close,
    queue,
    refused,
    take,
    units,
)

DAY = timedelta(days=1).total_seconds()
CAME = date(2026, 11, 25)
WORDS = "I made each of these applications myself."
ANSWER = "Your applications were checked by a person; the suspension is lifted."
PERSON = f"client:{CLIENT}"


def suspend_client(desk: Desk) -> UUID:
    return handlers.suspend_client(
        CLIENT, ground="police", by=str(ANNA), units=desk.units, tools=desk.tools
    )


def record(desk: Desk, against: str = PERSON, came: date = CAME) -> Appeal:
    received = appeals.Received(
        client_id=CLIENT, against=against, received_on=came, words=WORDS
    )
    return appeals.record(received, by=BORIS, units=units(desk), tools=desk.tools)


def answer(
    desk: Desk, appeal: Appeal, outcome: AppealOutcome, *, by: UUID = BORIS
) -> Appeal:
    return appeals.answer(
        appeal.appeal_id,
        outcome=outcome,
        words=ANSWER,
        by=by,
        units=units(desk),
        tools=desk.tools,
    )


def extend(desk: Desk, appeal: Appeal) -> Appeal:
    return appeals.extend(
        appeal.appeal_id,
        reason="the bank was asked",
        units=units(desk),
        tools=desk.tools,
    )


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_days_of_the_week")
def test_an_appeal_has_fifteen_working_days_and_once_fifteen_more(desk: Desk) -> None:
    """From Wednesday 25.11.2026; days off are 16.12., 1. and 2.1., and 7.1."""
    suspend_client(desk)
    appeal = record(desk)
    assert appeal.number == "A-2026-00001"
    assert appeal.answer_by == date(2026, 12, 17)
    longer = extend(desk, appeal)
    assert longer.answer_by == date(2027, 1, 12)
    with refused("appeal_not_put_off"):
        extend(desk, appeal)


def test_what_is_late_is_an_alarm_and_not_put_off(desk: Desk) -> None:
    counted: list[int] = []

    class Alarms:
        def appeals_overdue(self, *, count: int) -> None:
            counted.append(count)

    suspend_client(desk)
    appeal = record(desk)
    for days in (0, 22, 1):
        desk.clock.move(days * DAY)
        appeals.watch(units=units(desk), tools=desk.tools, alarms=Alarms())
    assert counted == [0, 0, 1]
    with refused("appeal_not_put_off"):
        extend(desk, appeal)
    answer(desk, appeal, AppealOutcome.REJECTED)
    appeals.watch(units=units(desk), tools=desk.tools, alarms=Alarms())
    assert counted[-1] == 0


@pytest.mark.parametrize("came", [date(2026, 11, 26), date(2026, 10, 25)])
def test_the_day_of_receipt_is_no_later_and_no_long_ago(desk: Desk, came: date) -> None:
    suspend_client(desk)
    with refused("received_on_unfit"):
        record(desk, came=came)


def test_an_appeal_is_against_what_was_decided_of_the_client(desk: Desk) -> None:
    with refused("appeal_against_nothing"):
        record(desk)
    other = burst(desk, client=78)
    with refused("appeal_against_nothing"):
        record(desk, other.inputs.operation)
    suspend_client(desk)
    record(desk)
    with refused("appeal_open"):
        record(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_decided_by_the_first")
def test_whoever_decided_first_does_not_decide_on_the_appeal(desk: Desk) -> None:
    """Who suspended; who closed the case; who answered the first appeal."""
    suspend_client(desk)
    appeal = record(desk)
    with refused("appeal_own_decision"):
        answer(desk, appeal, AppealOutcome.REJECTED, by=ANNA)
    answer(desk, appeal, AppealOutcome.REJECTED, by=BORIS)
    second = record(desk)
    assert second.number == "A-2026-00002"
    for officer in (ANNA, BORIS):
        with refused("appeal_own_decision"):
            answer(desk, second, AppealOutcome.UPHELD, by=officer)

    made = burst(desk)
    (case,) = queue(desk)
    take(desk, case.case_id)
    close(desk, case.case_id, CaseOutcome.FRAUD)
    third = record(desk, made.inputs.operation)
    with refused("appeal_own_decision"):
        answer(desk, third, AppealOutcome.UPHELD, by=ANNA)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_changes_nothing")
def test_an_appeal_that_is_upheld_takes_back_what_was_done(desk: Desk) -> None:
    made = burst(desk)
    operation = made.inputs.operation
    (case,) = queue(desk)
    take(desk, case.case_id)
    close(desk, case.case_id, CaseOutcome.FRAUD)
    assert listed_names(desk) == [PERSON]
    desk.clock.move(60)
    upheld = answer(desk, record(desk, operation), AppealOutcome.UPHELD)
    assert (upheld.outcome, upheld.decided_by) == (AppealOutcome.UPHELD, BORIS)
    assert suspending.listed(units=desk.units) == []
    assert listed_names(desk) == []
    assert desk.decide(operation).verdict.outcome is Outcome.ALLOW
    live = str(ruling.versions(units=desk.units, tools=desk.tools)["live"])
    report = ruling.test(live, days=1, by=ANNA, units=desk.units, tools=desk.tools)
    assert report["fraud"] == 0
    with refused("appeal_answered"):
        answer(desk, upheld, AppealOutcome.REJECTED)


def listed_names(desk: Desk) -> list[str]:
    found = handlers.show_list("refused", units=desk.units, tools=desk.tools)
    return [entry.value for entry in found]


def test_a_rejected_one_leaves_everything_as_it_is(desk: Desk) -> None:
    suspend_client(desk)
    answer(desk, record(desk), AppealOutcome.REJECTED)
    (held,) = suspending.listed(units=desk.units)
    assert held.held == PERSON


def test_an_upheld_appeal_lets_a_suspended_name_go(desk: Desk) -> None:
    suspended = suspending.suspend_name(
        "account",
        "account:a",
        ground="dropper",
        by=str(ANNA),
        units=desk.units,
        tools=desk.tools,
    )
    appeal = record(desk, suspended.held)
    with refused("appeal_own_decision"):
        answer(desk, appeal, AppealOutcome.UPHELD, by=ANNA)
    answer(desk, appeal, AppealOutcome.UPHELD)
    assert suspending.listed(units=desk.units) == []


def test_the_answer_is_kept_sealed_and_its_reading_is_told(desk: Desk) -> None:
    suspend_client(desk)
    appeal = answer(desk, record(desk), AppealOutcome.PARTLY)
    shown = appeals.show(appeal.appeal_id, by=ANNA, units=units(desk))
    assert (shown.words, shown.answer) == (WORDS, ANSWER)
    (row,) = desk.rows("SELECT words_sealed, answer_sealed FROM appeal")
    kept = bytes(row.words_sealed) + bytes(row.answer_sealed)
    assert b"applications" not in kept
    (told,) = desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'antifraud.appeal_read.v1'"
    )
    assert str(ANNA) in told.data
    with (
        desk.platform.database.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.exec_driver_sql("UPDATE appeal SET received_on = now()")


@pytest.mark.seeded("antifraud_appeal_numbers_raced")
def test_numbers_have_no_gaps_however_many_come_at_once(desk: Desk) -> None:
    """Also where some of them are refused."""
    operations = [burst(desk, client=77).inputs.operation]
    for number in range(20):
        operations.append(f"application:{UUID(int=5_000 + number)}")
        desk.decide(operations[-1])
    with ThreadPoolExecutor(6) as pool:
        recording = [pool.submit(_number, desk, each) for each in operations * 2]
    numbers = sorted(filter(None, (done.result() for done in recording)))
    assert numbers == [f"A-2026-{n:05}" for n in range(1, 22)]


def _number(desk: Desk, against: str) -> str | None:
    try:
        return record(desk, against).number
    except Refused:
        return None


def test_an_answer_and_a_release_at_once_are_one_release(desk: Desk) -> None:
    for officer in (UUID(int=2_000 + number) for number in range(5)):
        suspend_client(desk)
        appeal = record(desk)
        with ThreadPoolExecutor(2) as pool:
            answering = pool.submit(
                answer, desk, appeal, AppealOutcome.UPHELD, by=officer
            )
            releasing = pool.submit(_released, desk)
        answering.result()
        releasing.result()
        desk.clock.move(1)
        assert suspending.listed(units=desk.units) == []
    rows = desk.rows(
        "SELECT count(*) AS n FROM outbox"
        " WHERE type = 'antifraud.operation_released.v1'"
    )
    assert rows[0].n == 5


def _released(desk: Desk) -> bool:
    try:
        desk.release(PERSON)
    except Refused:
        return False
    return True
