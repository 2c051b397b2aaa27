"""A time stamp a day over what was published, and a word about each day without one.

The authority is asked outside every transaction, and never by the writer.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.clock import ALMATY, Clock
from kernel.errors import KernelError
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.note import parse_text
from services.audit.domain.stamping import TimeStamp, missed_days
from services.audit.ports import Noticeboard, Stamper, Units

MISSED = "stamp_missed"
A_DAY = timedelta(days=1)
PAUSE = timedelta(minutes=1)
"""How soon an authority that gave none is asked again."""


@dataclass(slots=True)
class Stamping:
    """What outlives one beat: since when, what was told, when to ask again."""

    began: date | None = None
    told: date | None = None
    not_before: datetime | None = None

    def beat(
        self,
        *,
        stamper: Stamper,
        units: Units,
        board: Noticeboard,
        clock: Clock,
        ids: Ids,
    ) -> TimeStamp | None:
        """Have the newest published checkpoint stamped, if today has no stamp yet.

        What enough witnesses cosigned goes before what they have not seen. Days that
        passed without a stamp are a finding, told once each by a process; the next
        stamp covers what they would have. A log that has not grown needs none.
        Transient, Broken: as the authority was; it is left alone for a while then.
        """
        now = clock.now()
        if self.not_before is not None and now < self.not_before:
            return None
        today = now.astimezone(ALMATY).date()
        self.began = self.began or today
        with units.begin() as unit:
            last = unit.last_stamp()
        note = _newer_than(last, board)
        if note is None or (last is not None and last.day >= today):
            return None
        self._tell(last, today, units=units, ids=ids)
        try:
            stamp = stamper.stamp(note, size=_size(note))
        except KernelError:
            self.not_before = now + PAUSE
            raise
        # Outside the database first: a backup put back does not forget it.
        board.keep_stamp(stamp)
        with units.begin() as unit:
            unit.keep_stamp(stamp)
        return stamp

    def _tell(
        self, last: TimeStamp | None, today: date, *, units: Units, ids: Ids
    ) -> None:
        began = self.began or today
        since = last.day if last is not None else began - A_DAY
        missed = missed_days(since, today)
        if not missed or self.told == missed[-1]:
            return
        self.told = missed[-1]
        with units.begin() as unit:
            unit.publish(
                IntegrityMismatchFound(
                    finding_id=ids.new(),
                    seq=last.size if last is not None else 0,
                    code=MISSED,
                )
            )


def _newer_than(last: TimeStamp | None, board: Noticeboard) -> bytes | None:
    size = last.size if last is not None else 0
    for note in (board.witnessed(), board.published()):
        if note is not None and _size(note) > size:
            return note
    return None


def _size(note: bytes) -> int:
    text, _, _ = note.partition(b"\n\n")
    return parse_text(text + b"\n").size
