"""What producers counted in their outboxes, beside what the log holds of them.

A missing number is told by itself as a `gap`. Here is found what numbers alone cannot
show: rows taken from an outbox, leaves that the record of numbers knows and the log has
not, and a producer from whom nothing comes any more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.audit.domain.scope import Entry
from services.audit.domain.sequences import Tally

COUNTED: Final = "platform.outbox_counted.v1"
COUNT_DIFFERS: Final = "count_differs"
OUTBOX_DIFFERS: Final = "outbox_differs"
PRODUCER_SILENT: Final = "producer_silent"
_FIELDS: Final = ("first", "last", "events", "waiting")


@dataclass(frozen=True, slots=True)
class Count:
    """What a producer said of its outbox, and the leaf that says so."""

    seq: int
    received_at: str
    first: int
    last: int
    events: int
    waiting: int

    @classmethod
    def of(cls, entry: Entry) -> "Count":
        said = (int(str(entry.data[name])) for name in _FIELDS)
        return cls(entry.seq, entry.received_at, *said)


@dataclass(frozen=True, slots=True)
class Account:
    """One producer: its numbers, its leaves counted one by one, its newest count.

    `silent`: it has counted before, and not for as long as the policy allows.
    """

    tally: Tally
    leaves: int
    count: Count | None
    silent: bool = False

    @property
    def missing(self) -> int:
        return sum(hole.last - hole.first + 1 for hole in self.tally.holes)

    def differences(self, *, nameless: int) -> Iterator[str]:
        """Codes of what does not agree.

        `nameless` leaves stand for events too long for a leaf, whose producer only the
        numbers know.
        """
        lacking = self.tally.last - self.missing - self.leaves
        if not 0 <= lacking <= nameless:
            yield COUNT_DIFFERS
        if self.count is not None:
            numbers = self.count.last - self.count.first + (self.count.last > 0)
            if self.count.events != numbers or self.count.last > self.tally.last:
                yield OUTBOX_DIFFERS
        if self.silent:
            yield PRODUCER_SILENT


def newest(entries: Iterable[Entry]) -> Mapping[str, Count]:
    """The last count of each producer; `entries` are such events, the newest first."""
    found: dict[str, Count] = {}
    for entry in entries:
        found.setdefault(str(entry.event["source"]), Count.of(entry))
    return found
