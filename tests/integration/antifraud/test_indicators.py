"""Indicators over live tables: read once a beat, told of at a crossing, answered."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.money import Money
from kernel.policy import Setting
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.adapters.definitions import indicators as records
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.indicators import (
    Colour,
    Counted,
    Item,
    Measure,
    Reading,
    in_force,
)
from services.antifraud.handlers import Tools, indicators, losses
from tests.integration.antifraud.conftest import Desk
from tests.integration.antifraud.test_cases import burst, close, queue, take
from tests.integration.antifraud.test_losses import Base
from tests.integration.antifraud.test_risks import ANNA, BORIS, DAY_S, Bell, refused
from tests.unit.antifraud.test_losses import TODAY

HOUR_S = 3_600
FOUND = "A botnet; the network is throttled."
LIMITS = (
    *("stopped=100/200", "cases=1/2", "confirmed=1/2", "upheld=1/2", "locked=1/2"),
    *("centre_unsettled=90/91", "overdue=1/2", "tripped=1/2", "loss_ratio=1/2"),
)


@dataclass
class Board(Bell):
    """Implements `ports.indicators.IndicatorAlarms`."""

    crossed: list[tuple[str, Colour]] = field(default_factory=list)
    shown: list[Reading] = field(default_factory=list)

    def indicator_crossed(self, reading: Reading) -> None:
        self.crossed.append((reading.code, reading.colour))

    def indicators_read(self, readings: Sequence[Reading]) -> None:
        self.shown = list(readings)


class Watch(Base):
    """The use cases, with limits of the test's own."""

    @property
    def tools(self) -> Tools:
        policy = STARTING_POLICY
        for key, value in (
            ("antifraud.indicator_limits", LIMITS),
            ("antifraud.indicator_least", 1),
        ):
            policy = policy.with_setting(
                Setting(key, date(2026, 11, 1), value, "of the test")
            )
        return replace(self.desk.tools, policy=policy)

    def look(self) -> Board:
        board = Board()
        indicators.watch(records(), units=self.units, tools=self.tools, alarms=board)
        return board

    def counted(self, measure: Measure) -> Counted:
        (one,) = (r for r in in_force(records(), TODAY) if r.measure is measure)
        with self.units.begin() as unit:
            return unit.series.counted(one, at=self.desk.clock.now())

    def waiting(self) -> Sequence[Item]:
        return indicators.items(waiting=True, units=self.units)

    def answer(self, item: Item, *, risk_id: UUID | None = None) -> None:
        indicators.answer(
            item.item_id,
            words=FOUND,
            risk_id=risk_id,
            by=BORIS,
            units=self.units,
            tools=self.tools,
        )


@pytest.fixture
def watch(desk: Desk) -> Watch:
    return Watch(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_indicator_crossing_untold")
def test_a_crossing_is_told_once_and_red_waits_for_a_person(watch: Watch) -> None:
    assert watch.look().crossed == []
    burst(watch.desk)
    assert watch.look().shown == []
    watch.desk.clock.move(HOUR_S)
    board = watch.look()
    assert ("stopped", Colour.RED) in board.crossed
    assert len(board.shown) == len(Measure)
    crossed = watch.told("indicator_crossed")
    assert crossed == len(board.crossed)
    watch.desk.clock.move(HOUR_S)
    assert watch.look().crossed == []
    assert watch.told("indicator_crossed") == crossed
    codes = [item.code for item in watch.waiting()]
    assert codes.count("stopped") == 1


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_indicators_read_by_each_process")
def test_however_many_processes_look_each_beat_is_read_and_told_once(
    watch: Watch,
) -> None:
    burst(watch.desk)
    with ThreadPoolExecutor(6) as pool:
        boards = [done.result() for done in [pool.submit(watch.look) for _ in range(6)]]
    assert sum(len(board.shown) for board in boards) == len(Measure)
    crossed = [one for board in boards for one in board.crossed]
    assert len(crossed) == len(set(crossed)) == watch.told("indicator_crossed")


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_red_answered_by_nobody")
def test_an_answer_is_given_once_and_that_none_comes_is_told(watch: Watch) -> None:
    burst(watch.desk)
    watch.look()
    item = next(one for one in watch.waiting() if one.code == "stopped")
    watch.desk.clock.move(9 * DAY_S)
    late = watch.look()
    assert Duty.ANSWER in late.rung
    assert late.counts[Duty.ANSWER] == len(late.rung)
    risk_id = watch.open().risk_id
    watch.answer(item, risk_id=risk_id)
    with refused("indicator_answered"):
        watch.answer(item)
    with refused("indicator_not_found"):
        watch.answer(replace(item, item_id=UUID(int=4)))
    (told,) = (
        one
        for one in indicators.items(waiting=False, units=watch.units)
        if one.item_id == item.item_id
    )
    assert (told.answer, told.answered_by, told.risk_id) == (FOUND, BORIS, risk_id)
    assert item.item_id not in {one.item_id for one in watch.waiting()}


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_readings_rewritten")
def test_readings_are_kept_with_the_limits_of_their_day(watch: Watch) -> None:
    watch.look()
    watch.desk.clock.move(HOUR_S)
    watch.look()
    found = indicators.series("stopped", days=1, units=watch.units, tools=watch.tools)
    assert [one.limits.red for one in found] == [200, 200]
    assert found[0].at < found[1].at
    listed = indicators.listed(records(), units=watch.units, tools=watch.tools)
    assert all(reading and reading.at == found[1].at for _, reading in listed)
    with (
        watch.desk.platform.database.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.exec_driver_sql("UPDATE indicator_reading SET value = 0")
    with refused("indicator_not_found"):
        indicators.series("none", days=1, units=watch.units, tools=watch.tools)


def test_every_measure_is_of_live_tables(watch: Watch) -> None:
    """Two held applications, one of them a fraud with a loss; a payout; a lock."""
    desk = watch.desk
    burst(desk, client=77)
    burst(desk, client=78)
    assert watch.counted(Measure.DECISIONS_STOPPED) == Counted(part=2, whole=2)
    assert watch.counted(Measure.CASES_OPENED) == Counted(part=2, whole=2)
    fraud = next(case for case in queue(desk) if case.client_id == UUID(int=78))
    take(desk, fraud.case_id)
    close(desk, fraud.case_id, CaseOutcome.FRAUD)
    assert watch.counted(Measure.FRAUDS_CONFIRMED) == Counted(part=1, whole=1)
    assert watch.counted(Measure.APPEALS_UPHELD) == Counted(part=0, whole=0)
    desk.saw("login_locked", "phone:p1")
    desk.saw("login")
    assert watch.counted(Measure.LOGINS_LOCKED) == Counted(part=1, whole=1)
    loss = watch.record(watch.facts(case_id=fraud.case_id), "1000")
    watch.recover(loss, "400")
    lost = watch.counted(Measure.LOSSES_OF_PAYOUTS)
    assert lost.part == Money.of("600").amount_minor
    assert watch.counted(Measure.RULES_TRIPPED).part == 0
    assert watch.counted(Measure.WORK_OVERDUE).part == 0
    assert watch.counted(Measure.CENTRE_UNSETTLED).part == 0
    desk.clock.move(2 * HOUR_S)
    assert watch.counted(Measure.CENTRE_UNSETTLED).part > 0
    desk.clock.move(30 * DAY_S)
    # One suspension and one case: the fraud's stays, and nobody is called.
    assert watch.counted(Measure.WORK_OVERDUE).part == 2


def test_what_stays_red_waits_anew_after_a_while(watch: Watch) -> None:
    burst(watch.desk)
    close_by = timedelta(days=31).total_seconds()
    watch.look()
    watch.desk.clock.move(close_by)
    watch.look()
    (overdue,) = (one for one in watch.waiting() if one.code == "overdue")
    watch.answer(overdue)
    watch.desk.clock.move(HOUR_S)
    watch.look()
    assert "overdue" not in {one.code for one in watch.waiting()}
    watch.desk.clock.move(close_by)
    watch.look()
    assert "overdue" in {one.code for one in watch.waiting()}


def test_losses_of_before_the_window_are_none_of_it(watch: Watch) -> None:
    found_on = TODAY - timedelta(days=120)
    facts = watch.facts(found_on=found_on, occurred_on=found_on)
    losses.record(
        facts, Money.of("9"), by=ANNA, units=watch.units, tools=watch.desk.tools
    )
    assert watch.counted(Measure.LOSSES_OF_PAYOUTS).part == 0
