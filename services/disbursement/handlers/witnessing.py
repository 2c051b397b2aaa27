"""Counting the time that really passes: the beat of process `disbursement-witness`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.clock import Clock, Uptime, UptimeReading
from kernel.events.disbursement import ClockStepped
from kernel.ids import Ids
from services.disbursement.domain.witness import (
    Beat,
    Witnessed,
    WitnessRules,
    passed,
)
from services.disbursement.ports import ClockAlarms, Desk, OuterClock, Work


@dataclass(slots=True, kw_only=True)
class Witness:
    """One process that counts, or stands by while another machine does."""

    desk: Desk
    outer: OuterClock
    alarms: ClockAlarms
    clock: Clock
    uptime: Uptime
    ids: Ids
    rules: WitnessRules
    _others: Beat | None = field(default=None, init=False)
    _others_seen: UptimeReading | None = field(default=None, init=False)
    _asked: UptimeReading | None = field(default=None, init=False)

    def beat(self) -> bool:
        """Count up to now; False while another machine does.

        Raises Transient when the database is away: what passes meanwhile is counted by
        the next beat, as long as the machine runs.
        """
        # Before the transaction: nobody waits for a row while somebody outside is slow.
        outer = self._outer_time()
        with self.desk.open() as work:
            before = work.witness.lock()
            waiting = work.witness.waiting()
            # After the look at who waits: what began later is not counted for them.
            beat = Beat(uptime=self.uptime.read(), wall=self.clock.now())
            if before is None:
                work.witness.write(Witnessed.begun(beat))
                return True
            if self._counted_elsewhere(before.last, beat.uptime):
                return False
            self._tell_step(before.step(beat), work=work)
            after = before.after(beat)
            if outer is not None:
                after = after.confirmed(outer, doubt=self.rules.doubt)
            work.witness.write(after)
            if not after.gap:
                work.witness.begin(waiting, counted_ns=after.counted_ns)
        self.alarms.counted(after)
        return True

    def _tell_step(self, step: timedelta, *, work: Work) -> None:
        if abs(step) <= self.rules.step:
            return
        work.publish(
            ClockStepped(clock_id=self.ids.new(), by_s=round(step.total_seconds()))
        )
        self.alarms.stepped(step)

    def _counted_elsewhere(self, last: Beat, now: UptimeReading) -> bool:
        """Whether another machine's count still moves, by our own uptime."""
        if last.uptime.boot_id == now.boot_id:
            return False
        if last != self._others or self._others_seen is None:
            self._others, self._others_seen = last, now
        return not _longer(self._others_seen, now, than=self.rules.takeover)

    def _outer_time(self) -> datetime | None:
        """The outer clock, every so often; None between, and when it says nothing."""
        now = self.uptime.read()
        if self._asked and not _longer(self._asked, now, than=self.rules.outer_every):
            return None
        self._asked = now
        return self.outer.now()


def _longer(before: UptimeReading, after: UptimeReading, *, than: timedelta) -> bool:
    """Whether more time passed; a machine started anew counts as longer."""
    between = passed(before, after)
    return between is None or between >= than
