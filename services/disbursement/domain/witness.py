"""The second witness of time (P10): how long something really lasted.

The wall clock can be set, and one wrong step of it would end every hold at once. So a
process of its own counts the time that passes by a clock nobody can set (the machine's
uptime, sleep included), and a hold is over only when both say so.

Time that nobody counted, because the machine was started anew or another one took
over, counts as zero until an outer clock confirms it, and then never as more than our
own wall clock saw pass: two clocks would have to err alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from kernel.clock import UptimeReading
from services.disbursement.domain.payout import Payout, State

_HOLDING: Final = frozenset({State.CONSENTED, State.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRules:
    """When to ask, when to call somebody.  All values come from settings.

    ``takeover``: a machine whose beats have not changed for so long counts no more;
    ``outer_every``: how often the outer clock is asked;
    ``doubt``: so much less than an outer clock says is believed: it speaks in whole
    seconds, and its answer took its time;
    ``step``: a wall clock that moved by more than this was set;
    ``fresh``: a count whose last beat is older is not carried on;
    ``patience``: a hold that lacks more than this when the wall clock ends it is told.
    """

    takeover: timedelta
    outer_every: timedelta
    doubt: timedelta
    step: timedelta
    fresh: timedelta
    patience: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One look at both clocks of the machine."""

    uptime: UptimeReading
    wall: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What an outer clock showed, and what was counted and shown here then."""

    outer: datetime
    wall: datetime
    counted_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """The count so far: nanoseconds since the first beat ever, never fewer than before.

    ``gap``: since the anchor some time has passed uncounted.
    """

    counted_ns: int
    last: Beat
    anchor: Anchor | None = None
    gap: bool = False

    @classmethod
    def begun(cls, beat: Beat) -> "Witnessed":
        """The first beat: nothing is counted yet."""
        return cls(counted_ns=0, last=beat)

    def after(self, beat: Beat) -> "Witnessed":
        """Count up to ``beat``; on another boot nothing, but keep the gap in mind."""
        between = passed(self.last.uptime, beat.uptime)
        if between is None:
            return replace(self, last=beat, gap=True)
        return replace(self, counted_ns=self.counted_ns + _ns(between), last=beat)

    def step(self, beat: Beat) -> timedelta:
        """By how much the wall clock moved more (or less) than time has passed.

        Zero across a start of the machine: nobody knows how long it was off.
        """
        between = passed(self.last.uptime, beat.uptime)
        return timedelta() if between is None else beat.wall - self.last.wall - between

    def confirmed(self, outer: datetime, *, doubt: timedelta) -> "Witnessed":
        """Take an outer clock's word, read at the last beat.

        It fills a gap, with ``doubt`` less than it says; otherwise it changes no count.
        Without an earlier word of an outer clock nothing can be filled.
        """
        counted_ns = self.counted_ns
        if self.gap and self.anchor is not None:
            outside = outer - self.anchor.outer
            here = self.last.wall - self.anchor.wall
            believed_ns = self.anchor.counted_ns + _ns(min(outside, here) - doubt)
            counted_ns = max(counted_ns, believed_ns)
        return replace(
            self,
            counted_ns=counted_ns,
            gap=False,
            anchor=Anchor(outer=outer, wall=self.last.wall, counted_ns=counted_ns),
        )

    def counted_here(self, now: UptimeReading) -> int | None:
        """The count at ``now`` on the machine that counts: what a beat now would write.

        None on another machine, and while a gap is open: what fills it was before.
        """
        between = passed(self.last.uptime, now)
        if between is None or self.gap:
            return None
        return self.counted_ns + _ns(between)

    def counted_at(self, now: UptimeReading, *, fresh: timedelta) -> int:
        """The count at ``now``, on the machine that counts; else at its last beat."""
        between = passed(self.last.uptime, now)
        if between is None or between > fresh:
            return self.counted_ns
        return self.counted_ns + _ns(between)


def passed(before: UptimeReading, after: UptimeReading) -> timedelta | None:
    """Between two readings of one boot; None when they are of two.  Never negative."""
    if before.boot_id != after.boot_id:
        return None
    between_ns = max(after.elapsed_ns - before.elapsed_ns, 0)
    return timedelta(microseconds=between_ns // 1000)


def unwitnessed(payout: Payout, *, counted_ns: int | None) -> timedelta:
    """How much of the payout's hold nobody has witnessed yet; zero when all of it is.

    The count begins when the consent was heard here, so a little after it.
    """
    hold = payout.hold()
    if counted_ns is None or payout.witnessed_from_ns is None:
        return hold
    witnessed = timedelta(microseconds=(counted_ns - payout.witnessed_from_ns) // 1000)
    return max(hold - witnessed, timedelta())


def seconds_left(
    payout: Payout, *, counted_ns: int | None, now: datetime
) -> int | None:
    """Whole seconds until the hold is over, rounded up; None when none is counted.

    By the clock and, where it counts here, by the witness: both have to agree.
    """
    if payout.state not in _HOLDING or payout.hold_until is None:
        return None
    left = payout.hold_until - now
    if counted_ns is not None and payout.witnessed_from_ns is not None:
        left = max(left, unwitnessed(payout, counted_ns=counted_ns))
    return max(0, -(-left // timedelta(seconds=1)))


def _ns(between: timedelta) -> int:
    return between // timedelta(microseconds=1) * 1000
