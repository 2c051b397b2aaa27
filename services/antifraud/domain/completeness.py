"""Whether the centre has all it has to have: one report a day (clause 6.1g iv).

Three counts of one Almaty day are held against one another: what was suspended, what
was reported of it, and what the centre says it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json
from services.antifraud.domain.centre import Status
from services.antifraud.domain.lists import end_of

NAMED_AT_MOST: Final = 100
"""Ids a report names of each difference; it counts all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of ours as we know it."""

    event_id: UUID
    state: str
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What one day left here."""

    suspended: int
    unreported: Sequence[str]
    """Operations that were suspended and are in no message."""
    messages: Sequence[Message]


def bounds(day: date) -> tuple[datetime, datetime]:
    """From when until when an Almaty day lasts."""
    return end_of(day - timedelta(days=1)), end_of(day)


def day_due(at: datetime, *, hour: int) -> date:
    """The newest day a report has to be there of: yesterday, from an hour on."""
    return almaty_date(at - timedelta(hours=hour)) - timedelta(days=1)


def compared(ours: Ours, theirs: Mapping[UUID, str]) -> dict[str, Json]:
    """The report: counts, and every way in which the two sides differ.

    ``theirs`` are the statuses by event id.  A message still on its way is no
    difference; it is one once it was acknowledged and is not there.
    """
    known = {each.event_id: each for each in ours.messages}
    taken = [each for each in ours.messages if each.state == "sent"]
    differences = {
        "unreported": sorted(ours.unreported),
        "missing_there": _ids(
            each.event_id for each in taken if each.event_id not in theirs
        ),
        "unknown_here": _ids(each for each in theirs if each not in known),
        "rejected": _ids(
            event_id for event_id, status in theirs.items() if status == Status.REJECTED
        ),
        "parked": _ids(
            each.event_id for each in ours.messages if each.state == "parked"
        ),
    }
    return {
        "suspended": ours.suspended,
        "reported": len(ours.messages),
        "acknowledged": len(taken),
        "pending": sum(each.state == "pending" for each in ours.messages),
        "there": len(theirs),
        "differences": {
            name: {"count": len(ids), "ids": list[Json](ids[:NAMED_AT_MOST])}
            for name, ids in differences.items()
            if ids
        },
    }


def _ids(ids: Iterable[UUID]) -> list[str]:
    return sorted(str(each) for each in ids)


def differs(report: Mapping[str, Json]) -> bool:
    """Whether a report says that something is missing somewhere."""
    return bool(report["differences"])
