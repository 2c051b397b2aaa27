"""Each producer numbers its events without gaps; here the missing ones are noticed.

A number above the next one opens a hole. A hole older than the grace time is reported
once; a number that arrives later closes its part of the hole.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers `first` to `last` that have not come."""

    first: int
    last: int
    noticed_at: datetime
    reported: bool = False

    def without(self, number: int) -> tuple["Hole", ...]:
        """What stays missing when `number` has come."""
        pieces = (
            replace(self, last=number - 1),
            replace(self, first=number + 1),
        )
        return tuple(piece for piece in pieces if piece.first <= piece.last)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a producer's numbers have come; `last` is the highest seen."""

    producer: str
    last: int = 0
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """A tally after one event, and what the number meant.

    `closes`: it fills a hole already reported. `repeated`: another event had it.
    """

    tally: Tally
    closes: bool = False
    repeated: bool = False


def count(tally: Tally, number: int, *, at: datetime) -> Counted:
    """Enter one number of a producer. Late is not wrong; twice is."""
    if number > tally.last:
        holes = tally.holes
        if number > tally.last + 1:
            holes = (*holes, Hole(tally.last + 1, number - 1, at))
        return Counted(Tally(tally.producer, number, holes))
    for index, hole in enumerate(tally.holes):
        if hole.first <= number <= hole.last:
            rest = (
                *tally.holes[:index],
                *hole.without(number),
                *tally.holes[index + 1 :],
            )
            return Counted(replace(tally, holes=rest), closes=hole.reported)
    return Counted(tally, repeated=True)


def due(tally: Tally, *, at: datetime, grace: timedelta) -> tuple[Hole, ...]:
    """Holes that have been open for the grace time and are not reported yet."""
    return tuple(
        hole
        for hole in tally.holes
        if not hole.reported and at - hole.noticed_at >= grace
    )


def reported(tally: Tally, holes: tuple[Hole, ...]) -> Tally:
    """The tally after these holes were reported."""
    marked = tuple(
        replace(hole, reported=True) if hole in holes else hole for hole in tally.holes
    )
    return replace(tally, holes=marked)
