"""Outboxes beside the log, hour by hour: what was sent, and what arrived."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kernel.clock import Clock
from kernel.errors import Transient
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.index import counted
from services.audit.domain.question import Question
from services.audit.domain.reconciling import COUNTED, Account, newest
from services.audit.domain.scope import Scope
from services.audit.domain.sequences import Tally
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.handlers.reading import entry_of
from services.audit.handlers.searching import everything
from services.audit.ports import LogReader, Units

REST: Final = timedelta(hours=1)
MOST_OPEN: Final = 64
"""Tiles read leaf by leaf where the index is behind; more, and it waits."""
TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Every producer at one size of the log, and what does not agree."""

    size: int
    accounts: Sequence[Account]
    differences: Sequence[tuple[str, str]]
    """Producer and code."""


def reconcile(unit: LogReader, *, now: datetime, silence: timedelta) -> Reconciled:
    """Count the leaves of each producer anew, beside its numbers and its own count.

    Raises Transient: the index is behind, or the log never rests between two batches.
    Raises MismatchError: a leaf that was counted is not what its hash says.
    """
    size, tallies = _standing(unit)
    indexed = min(unit.indexed_tiles(), size // TILE_WIDTH)
    if size // TILE_WIDTH - indexed > MOST_OPEN:
        raise Transient("the index is behind the log", retry_after_s=REST.seconds)
    leaves = Counter(unit.events_of_tiles(indexed))
    rows = unit.rows(start=indexed * TILE_WIDTH, stop=size)
    leaves.update(counted(map(entry_of, rows)))
    counts = newest(everything(_counts(now - 2 * silence), unit, size=size))
    heard = newest(everything(_counts(now - silence), unit, size=size))
    accounts = [
        Account(
            tally=tally,
            leaves=leaves[tally.producer],
            count=counts.get(tally.producer),
            silent=tally.producer in counts.keys() - heard.keys(),
        )
        for tally in tallies
    ]
    differences = [
        (account.tally.producer, code)
        for account in accounts
        for code in account.differences(nameless=leaves[""])
    ]
    return Reconciled(size, accounts, differences)


def _standing(unit: LogReader) -> tuple[int, Sequence[Tally]]:
    """Numbers as they were at one checkpoint: both change in the writer's commit."""
    for _ in range(TRIES):
        before = unit.last_checkpoint()
        tallies = [*unit.sequences()]
        after = unit.last_checkpoint()
        if before == after:
            return (before.size if before else 0), tallies
    raise Transient("the log does not rest", retry_after_s=1)


def _counts(since: datetime) -> Question:
    return Question(Scope(kinds=(COUNTED,), begins_at=since), None)


@dataclass(slots=True)
class Reconciliation:
    """When it was looked at last, and what was told; one per process."""

    ended_at: datetime | None = None
    told: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Differences are told once each while they last."""

    def beat(
        self, *, silence: timedelta, units: Units, clock: Clock, ids: Ids
    ) -> Sequence[tuple[str, str]]:
        """Look again after an hour; what differs and was not told yet."""
        now = clock.now()
        if self.ended_at is not None and self.ended_at <= now < self.ended_at + REST:
            return ()
        with units.begin() as unit:
            found = reconcile(unit, now=now, silence=silence)
            news = sorted(set(found.differences) - self.told)
            for producer, code in news:
                unit.publish(
                    IntegrityMismatchFound(
                        finding_id=ids.new(),
                        seq=found.size,
                        code=code,
                        producer=producer,
                    )
                )
        self.ended_at, self.told = now, frozenset(found.differences)
        return news
