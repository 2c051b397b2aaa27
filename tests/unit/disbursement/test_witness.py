"""The second witness: what it counts, what it does not, and what it takes from outside.

The truth of every example is a clock of its own that nobody reads.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import UptimeReading
from kernel.events.disbursement import ClockStepped
from services.disbursement.domain.payout import State
from services.disbursement.domain.witness import Beat, Witnessed, unwitnessed
from tests.unit.disbursement.builders import (
    DUE,
    HOLD_UNTIL,
    RULES,
    SIGNED_AT,
    elapsed_ns,
    payout,
    witnessed,
)
from tests.unit.disbursement.fakes import FakeClockAlarms, FakeOuterClock, Stage

HOUR = timedelta(hours=1)
NS_PER_S = 1_000_000_000
MOMENT = timedelta(microseconds=1)

seconds = st.integers(0, 200_000)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("time"), seconds),
        st.tuples(st.just("set"), st.integers(-100_000, 100_000)),
        st.tuples(st.just("off"), seconds),
        st.tuples(st.just("beat"), st.just(0)),
        st.tuples(st.just("outer"), st.just(0)),
    ),
    max_size=40,
)


@given(happenings)
def test_never_more_is_counted_than_has_passed(things: list[tuple[str, int]]) -> None:
    """Whatever is set, switched off and asked, as long as the outer clock is right."""
    true_s, set_s, uptime_s, boot = 0, 0, 1_000, 0

    def beat() -> Beat:
        uptime = UptimeReading(f"boot-{boot}", uptime_s * NS_PER_S)
        return Beat(uptime=uptime, wall=DUE + timedelta(seconds=true_s + set_s))

    count = Witnessed.begun(beat())
    for what, by in things:
        before = count.counted_ns
        match what:
            case "time":
                true_s, uptime_s = true_s + by, uptime_s + by
            case "set":
                set_s += by
            case "off":
                true_s, uptime_s, boot = true_s + by, 0, boot + 1
            case "beat":
                count = count.after(beat())
            case "outer":
                outer = DUE + timedelta(seconds=true_s)
                count = count.after(beat()).confirmed(outer, doubt=timedelta())
        assert before <= count.counted_ns <= true_s * NS_PER_S


@given(st.lists(seconds, min_size=1, max_size=20))
def test_all_that_passes_on_a_running_machine_is_counted(pauses: list[int]) -> None:
    """However far apart the beats are, and whatever the wall clock shows."""
    count = witnessed(DUE)
    elapsed = count.last.uptime.elapsed_ns
    for pause in pauses:
        elapsed += pause * NS_PER_S
        count = count.after(Beat(uptime=UptimeReading("boot-1", elapsed), wall=DUE))
    assert count.counted_ns == witnessed(DUE).counted_ns + sum(pauses) * NS_PER_S
    assert not count.gap


def test_time_nobody_counted_is_nothing_until_an_outer_clock_confirms_it() -> None:
    """And then less by the doubt; the anchor is the word before."""
    count = witnessed(DUE).confirmed(DUE, doubt=RULES.witness.doubt)
    known_ns = count.counted_ns
    later = DUE + 10 * HOUR
    after = count.after(Beat(uptime=UptimeReading("boot-2", NS_PER_S), wall=later))
    assert (after.counted_ns, after.gap) == (known_ns, True)
    told = after.confirmed(later, doubt=RULES.witness.doubt)
    gained = timedelta(microseconds=(told.counted_ns - known_ns) // 1000)
    assert (gained, told.gap) == (10 * HOUR - RULES.witness.doubt, False)


@pytest.mark.parametrize(("wall_h", "outer_h"), [(1, 25), (25, 1)])
def test_one_clock_alone_fills_no_gap(wall_h: int, outer_h: int) -> None:
    """An outer clock that is wrong, or our own: the smaller of the two is believed."""
    count = witnessed(DUE).confirmed(DUE, doubt=timedelta())
    beat = Beat(uptime=UptimeReading("boot-2", 0), wall=DUE + wall_h * HOUR)
    told = count.after(beat).confirmed(DUE + outer_h * HOUR, doubt=timedelta())
    assert told.counted_ns - count.counted_ns == 3_600 * NS_PER_S


def test_an_outer_clock_that_jumps_changes_nothing_while_the_machine_runs() -> None:
    count = witnessed(DUE).confirmed(DUE, doubt=timedelta())
    told = count.confirmed(DUE + 25 * HOUR, doubt=timedelta())
    assert told.counted_ns == count.counted_ns


def test_a_count_is_carried_on_only_while_the_witness_lives() -> None:
    """On its own machine, and only so long after its last beat."""
    count, fresh = witnessed(DUE), timedelta(seconds=5)
    base = count.last.uptime.elapsed_ns

    def at(boot: str, after_s: int) -> int:
        reading = UptimeReading(boot, base + after_s * NS_PER_S)
        return count.counted_at(reading, fresh=fresh) - count.counted_ns

    assert at("boot-1", 5) == 5 * NS_PER_S
    assert at("boot-1", 6) == 0
    assert at("boot-2", 1) == 0
    assert at("boot-1", -1) == 0


def test_a_hold_begins_at_once_only_where_the_count_is_known() -> None:
    """On the machine that counts, however old its last beat; never in a gap."""
    count = witnessed(DUE)
    later = count.last.uptime.elapsed_ns + 3_600 * NS_PER_S
    here = UptimeReading("boot-1", later)
    assert count.counted_here(here) == count.counted_ns + 3_600 * NS_PER_S
    assert count.counted_here(UptimeReading("boot-2", later)) is None
    assert replace(count, gap=True).counted_here(here) is None


def test_what_lacks_of_a_hold() -> None:
    """25 hours after signing the hold of 24 from the consent is over, if counted."""
    row = payout()
    assert unwitnessed(row, counted_ns=elapsed_ns(HOLD_UNTIL)) == timedelta()
    assert unwitnessed(row, counted_ns=elapsed_ns(HOLD_UNTIL - MOMENT)) == MOMENT
    assert unwitnessed(row, counted_ns=None) == 24 * HOUR
    never_seen = payout(witnessed_from_ns=None)
    assert unwitnessed(never_seen, counted_ns=elapsed_ns(DUE)) == 24 * HOUR
    no_hold = payout(hold_until=row.consented_at, witnessed_from_ns=None)
    assert unwitnessed(no_hold, counted_ns=None) == timedelta()


@pytest.fixture
def stage() -> Stage:
    """A consented payout of which the witness has not heard."""
    stage = Stage()
    stage.desk.put(payout(state=State.CONSENTED, witnessed_from_ns=None))
    return stage


def test_a_beat_begins_the_count_of_new_holds(stage: Stage) -> None:
    """From what is counted then; a second beat leaves it."""
    assert stage.witness.beat()
    begun = stage.desk.payout().witnessed_from_ns
    assert begun == elapsed_ns(DUE)
    stage.clock.move(seconds=30)
    assert stage.witness.beat()
    assert stage.desk.payout().witnessed_from_ns == begun


def test_no_hold_begins_while_a_gap_waits_for_an_outer_clock(stage: Stage) -> None:
    """What the outer clock will add was before it."""
    outer = FakeOuterClock(DUE)
    stage.witness.outer = outer
    stage.witness.beat()
    stage.desk.put(payout(state=State.CONSENTED, witnessed_from_ns=None))
    stage.clock.boot_id, stage.clock.elapsed_ns = "boot-2", 0
    outer.instant = None
    beats_until(stage, taken=True)
    assert stage.desk.payout().witnessed_from_ns is None
    stage.clock.move(minutes=10)
    outer.instant = stage.clock.now()
    stage.witness.beat()
    seen = stage.desk.tables.witnessed
    assert seen is not None
    assert (stage.desk.payout().witnessed_from_ns, seen.gap) == (seen.counted_ns, False)


def test_a_step_of_the_wall_clock_is_told_and_counts_nothing(stage: Stage) -> None:
    alarms = FakeClockAlarms()
    stage.witness.alarms = alarms
    stage.witness.beat()
    stage.clock.step(hours=25)
    stage.clock.move(seconds=1)
    stage.witness.beat()
    seen = stage.desk.tables.witnessed
    assert seen is not None
    assert seen.counted_ns == elapsed_ns(DUE) + NS_PER_S
    assert alarms.steps == [25 * HOUR]
    assert [e.by_s for e in stage.desk.events(ClockStepped)] == [90_000]  # type: ignore[attr-defined]


def test_another_machine_takes_over_only_from_a_silent_one(stage: Stage) -> None:
    """Silent by its own uptime, whatever the wall clocks show."""
    stage.witness.beat()
    stage.clock.boot_id, stage.clock.elapsed_ns = "boot-2", 0
    for _ in range(30):
        stage.clock.move(seconds=1)
        moved = witnessed(DUE + timedelta(seconds=stage.clock.elapsed_ns / NS_PER_S))
        stage.desk.tables.witnessed = moved
        assert not stage.witness.beat()
    beats_until(stage, taken=True)
    seen = stage.desk.tables.witnessed
    assert seen is not None
    assert (seen.gap, seen.last.uptime.boot_id) == (True, "boot-2")


def beats_until(stage: Stage, *, taken: bool) -> None:
    """Beat once a second; the takeover comes after so much silence, not before."""
    for beat in range(11):
        assert stage.witness.beat() is (taken and beat == 10)
        stage.clock.move(seconds=1)


def test_the_first_beat_ever_begins_at_nothing() -> None:
    stage = Stage()
    stage.desk.tables = replace(stage.desk.tables, witnessed=None)
    assert stage.witness.beat()
    seen = stage.desk.tables.witnessed
    assert seen is not None
    assert (seen.counted_ns, seen.gap, seen.anchor) == (0, False, None)
    assert seen.last.wall > SIGNED_AT
