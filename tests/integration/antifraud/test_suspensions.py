"""Suspensions of names, their terms and their ends; rules that stop too much."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.audit import MeasureOrdered
from kernel.money import Money
from services.antifraud import handlers
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.suspending import Suspension
from services.antifraud.handlers import breaking, suspending
from services.antifraud.handlers.holding import when_measure_ordered
from services.antifraud.ports import Decision
from services.antifraud.storage import SqlUnit
from tests.integration.antifraud.conftest import APPLICATION, CLIENT, Desk

DAY = timedelta(days=1).total_seconds()
PAYOUT = f"payout:{UUID(int=5)}"
ACCOUNT, OLD_DEVICE, NEW_DEVICE = "account:a", "device:d1", "device:d2"
OFFICER = str(UUID(int=901))


@dataclass
class FakeAlarms:
    """Remembers what it was told."""

    ending: list[tuple[int, int]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    tripped: int = 0

    def suspensions_ending(self, *, soon: int, over: int) -> None:
        self.ending.append((soon, over))

    def rule_tripped(self, *, rule: str, judged: int, stopped: int) -> None:
        self.rules.append(f"{rule} {stopped}/{judged}")

    def rules_tripped(self, *, count: int) -> None:
        self.tripped = count


def suspend(desk: Desk, key: str) -> Suspension:
    return suspending.suspend_name(
        key.partition(":")[0],
        key,
        ground="stolen",
        by=OFFICER,
        units=desk.units,
        tools=desk.tools,
    )


def release(desk: Desk, held: str) -> UUID:
    return suspending.release(
        held, ground="checked", by=OFFICER, units=desk.units, tools=desk.tools
    )


@pytest.mark.clause("7.2c")
@pytest.mark.seeded("measure_lets_a_fraud_go_on")
def test_an_incident_suspends_its_client_until_a_person_releases(desk: Desk) -> None:
    """Again it changes nothing; a case calls the fraud officers."""
    for about in (f"client:{CLIENT}", f"client:{CLIENT}", f"staff:{CLIENT}", None):
        event = MeasureOrdered(
            measure_id=UUID(int=1),
            incident_id=UUID(int=2),
            measure="suspend_client",
            about=about,
        )
        with desk.platform.database.begin(desk.platform.context()) as tx:
            when_measure_ordered(event, unit=SqlUnit(tx), tools=desk.tools)
    assert desk.decide().verdict.outcome is Outcome.SUSPEND
    [row] = desk.rows("SELECT held, reason FROM hold WHERE held LIKE 'client:%'")
    assert row.held == f"client:{CLIENT}"
    release(desk, row.held)
    release(desk, APPLICATION)
    assert desk.decide().verdict.outcome is not Outcome.SUSPEND


def keep(desk: Desk, held: str) -> Suspension:
    return suspending.keep(
        held, ground="looked into", by=OFFICER, units=desk.units, tools=desk.tools
    )


def watch(desk: Desk) -> tuple[int, int]:
    alarms = FakeAlarms()
    suspending.watch(units=desk.units, tools=desk.tools, alarms=alarms)
    return alarms.ending[-1]


def told(desk: Desk, kind: str) -> list[str]:
    found = desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = :type ORDER BY time, id",
        type=f"antifraud.{kind}.v1",
    )
    return [row.data for row in found]


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_suspended_device_forgotten")
@pytest.mark.parametrize("key", [ACCOUNT, OLD_DEVICE])
def test_a_suspended_name_stops_the_payout_at_once(desk: Desk, key: str) -> None:
    """Also of a device that is not the one used last."""
    desk.saw("device_admitted", OLD_DEVICE)
    desk.saw("account_named", ACCOUNT, account_id=9)
    desk.clock.move(60 * DAY)
    desk.saw("device_admitted", NEW_DEVICE)
    desk.clock.move(60 * DAY)
    account = str(UUID(int=9))
    assert desk.decide(PAYOUT, account_id=account).verdict.outcome is Outcome.ALLOW
    suspend(desk, key)
    made = desk.decide(PAYOUT, account_id=account)
    what = key.partition(":")[0]
    assert made.verdict.outcome is Outcome.SUSPEND
    assert f"{what}_suspended" in made.verdict.codes
    other = handlers.decide(
        operation=f"payout:{UUID(int=6)}",
        client_id=UUID(int=78),
        amount=Money.of("1"),
        facts={},
        asked_by="disbursement-worker",
        units=desk.units,
        tools=desk.tools,
    )
    assert other.verdict.outcome is Outcome.ALLOW
    assert [key in line for line in told(desk, "name_suspended")] == [True]


def test_a_name_is_suspended_once_and_kept_by_its_key_alone(desk: Desk) -> None:
    clear = "KZ86125KZT5004100100"
    suspension = suspending.suspend_name(
        "account",
        clear,
        ground="dropper",
        by=OFFICER,
        units=desk.units,
        tools=desk.tools,
    )
    assert suspension.held == f"account:iban-{clear}"
    with pytest.raises(Refused, match="already"):
        suspend(desk, suspension.held)
    with pytest.raises(Refused) as refused:
        suspending.suspend_name(
            "phone",
            "+77010000000",
            ground="x",
            by=OFFICER,
            units=desk.units,
            tools=desk.tools,
        )
    assert refused.value.code == "name_not_suspended_so"


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_release_reaches_further")
def test_a_release_of_the_payout_is_none_of_the_client(desk: Desk) -> None:
    """What was set aside once does not open what is suspended later."""
    suspend_client(desk)
    assert desk.decide(PAYOUT).verdict.outcome is Outcome.SUSPEND
    release(desk, f"client:{CLIENT}")
    release(desk, PAYOUT)
    assert desk.decide(PAYOUT).verdict.outcome is Outcome.ALLOW
    suspend_client(desk)
    assert desk.decide(PAYOUT).verdict.outcome is Outcome.SUSPEND


def suspend_client(desk: Desk) -> UUID:
    return handlers.suspend_client(
        CLIENT, ground="police", by=OFFICER, units=desk.units, tools=desk.tools
    )


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_expiry_releases")
def test_the_end_of_a_term_calls_a_person_and_releases_nothing(desk: Desk) -> None:
    """Suspended on a Wednesday: looked at from the next Tuesday, over on Thursday."""
    suspend_client(desk)
    seen = []
    for _ in range(10):
        seen.append(watch(desk))
        desk.clock.move(DAY)
    assert seen == [(0, 0)] * 6 + [(1, 0), (0, 0), (0, 1), (0, 1)]
    due = told(desk, "suspension_review_due")
    assert ['"overdue":true' in line for line in due] == [False, True]
    desk.clock.move(300 * DAY)
    watch(desk)
    assert desk.decide(PAYOUT).verdict.outcome is Outcome.SUSPEND
    release(desk, f"client:{CLIENT}")
    assert watch(desk) == (0, 0)


def test_a_review_before_the_end_keeps_it_for_another_term(desk: Desk) -> None:
    suspended = suspend(desk, ACCOUNT)
    with pytest.raises(Refused) as refused:
        keep(desk, ACCOUNT)
    assert refused.value.code == "term_goes_on"
    desk.clock.move(6 * DAY)
    kept = keep(desk, ACCOUNT)
    assert suspended.until_on is not None
    assert kept.until_on is not None
    assert (kept.until_on - suspended.until_on).days == 7
    rows = desk.rows("SELECT by, ground, until_on FROM hold_review")
    assert [tuple(row) for row in rows] == [(OFFICER, "looked into", kept.until_on)]


def test_what_an_older_release_suspended_gets_its_end(desk: Desk) -> None:
    suspend_client(desk)
    with desk.platform.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hold SET until_on = NULL")
    watch(desk)
    (found,) = suspending.listed(units=desk.units)
    assert found.until_on is not None
    assert found.until_on.isoformat() == "2026-12-02"


def test_a_release_and_the_end_of_the_term_do_not_mix(desk: Desk) -> None:
    """Both at once, many times: one release, and never an alarm of what is gone."""
    for _ in range(10):
        suspend(desk, ACCOUNT)
        desk.clock.move(30 * DAY)
        with ThreadPoolExecutor(3) as pool:
            releasing = [pool.submit(_try_release, desk) for _ in range(2)]
            watching = pool.submit(watch, desk)
        assert sorted(done.result() for done in releasing) == [False, True]
        assert watching.result()[1] in {0, 1}
        assert watch(desk) == (0, 0)
    overdue = desk.rows("SELECT count(*) AS n FROM hold WHERE overdue_on IS NOT NULL")[
        0
    ].n
    assert len(told(desk, "suspension_review_due")) == overdue
    assert len(told(desk, "name_released")) == 10


def _try_release(desk: Desk) -> bool:
    try:
        release(desk, ACCOUNT)
    except Refused:
        return False
    return True


def burst(desk: Desk, *, first: int, count: int) -> list[Decision]:
    """Applications of clients who applied twice this hour already: all suspended."""
    made = []
    for number in range(first, first + count):
        client = UUID(int=10_000 + number)
        for one in (1, 2):
            desk.saw("application", client_id=client, object_id=number * 10 + one)
        made.append(
            handlers.decide(
                operation=f"application:{UUID(int=number * 10)}",
                client_id=client,
                amount=Money.of("1000"),
                facts={},
                asked_by="contracts",
                units=desk.units,
                tools=desk.tools,
            )
        )
    return made


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_breaker_never_trips")
def test_a_rule_that_stops_everybody_is_tripped_and_armed_by_two(desk: Desk) -> None:
    alarms = FakeAlarms()

    def look() -> list[str]:
        trips = breaking.watch(units=desk.units, tools=desk.tools, alarms=alarms)
        return [trip.rule for trip in trips]

    stopped = burst(desk, first=100, count=49)
    assert {each.verdict.outcome for each in stopped} == {Outcome.SUSPEND}
    assert look() == []
    burst(desk, first=200, count=1)
    assert look() == ["applications_burst"]
    assert look() == []
    assert alarms.rules == ["applications_burst 50/50"]
    assert alarms.tripped == 1
    (after,) = burst(desk, first=300, count=1)
    assert after.verdict.outcome is Outcome.REVIEW
    assert (
        handlers.explain(after.decision_id, units=desk.units, tools=desk.tools).again
        == after.verdict
    )
    assert desk.decide(stopped[0].inputs.operation).verdict.outcome is Outcome.SUSPEND

    (trip,) = breaking.listed(units=desk.units)
    with desk.units.begin() as unit:
        arguments, _ = breaking.rearming(trip.version, trip.rule, unit=unit)
        breaking.rearm(
            arguments,
            asked_by=UUID(int=1),
            approved_by=UUID(int=2),
            unit=unit,
            tools=desk.tools,
        )
    assert look() == [], "what it stopped before is not held against it"
    (again,) = burst(desk, first=400, count=1)
    assert again.verdict.outcome is Outcome.SUSPEND
    desk.clock.move(1)
    with desk.units.begin() as unit, pytest.raises(Refused) as refused:
        breaking.rearm(
            arguments,
            asked_by=UUID(int=1),
            approved_by=UUID(int=2),
            unit=unit,
            tools=desk.tools,
        )
    assert refused.value.code == "rule_not_tripped"


def test_questions_about_one_operation_count_once(desk: Desk) -> None:
    burst(desk, first=100, count=1)
    for _ in range(60):
        desk.decide(f"application:{UUID(int=1000)}")
    trips = breaking.watch(units=desk.units, tools=desk.tools, alarms=FakeAlarms())
    assert list(trips) == []
    assert desk.decide(APPLICATION).verdict.outcome is Outcome.ALLOW
