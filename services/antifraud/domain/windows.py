"""The mathematics of features: what parts of a window come to.

The database keeps occurrences one by one and, for each whole day (UTC), their tally.
Asked at an instant it answers with *parts*, each the sum of some occurrences, and says
of each to which windows it belongs:

- what is recent (since the beginning of the day before yesterday's rest) and whole
  days before it belong to every window from `reach` on;
- of the day in which a long window begins only what is inside belongs to it, and to
  no other: an `edge`.

Putting parts together is all that is done here; it is exact, whatever came late, twice
or in any order (ADR 0045).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from services.antifraud.domain.catalogue import (
    WINDOWS,
    Entity,
    Feature,
    Measure,
    features,
)

LARGEST: Final = 2**53 - 1
"""No sum is kept larger: it is what a stored decision can hold."""
_NAMES: Final = tuple(WINDOWS)
_DAY: Final = timedelta(days=1)
LONG: Final = tuple(name for name, length in WINDOWS.items() if length > _DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some occurrences of one kind under one name, and the windows they belong to.

    ``reach`` counts the windows from the shortest, beginning with 0.
    """

    entity: Entity
    kind: str
    reach: int
    edge: bool
    count: int
    total: int | None = None
    smallest: int | None = None
    largest: int | None = None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Others:
    """How many different other sides one kind had, in each window from the shortest."""

    entity: Entity
    kind: str
    in_window: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """The part of a day in which a long window begins: ``since < at < until``."""

    reach: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where windows that end at one instant begin."""

    at: datetime

    @property
    def recent(self) -> datetime:
        """What is not before is read one by one: the beginning of a day."""
        return _midnight(self.at - _DAY)

    @property
    def begins(self) -> tuple[datetime, ...]:
        """Each window's beginning, itself outside, from the shortest."""
        return tuple(self.at - length for length in WINDOWS.values())

    @property
    def edges(self) -> tuple[Edge, ...]:
        every = [
            (reach, self.at - WINDOWS[name])
            for reach, name in enumerate(_NAMES)
            if name in LONG
        ]
        return tuple(
            Edge(reach, since, _midnight(since) + _DAY) for reach, since in every
        )


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), time(0), tzinfo=UTC)


def measured(
    parts: Iterable[Part], others: Iterable[Others], *, at: datetime
) -> dict[str, int]:
    """Every feature that is not at its default, by name."""
    found: dict[str, int] = {}
    for (entity, kind), those in _grouped(parts).items():
        for reach, window in enumerate(_NAMES):
            inside = [each for each in those if _belongs(each, reach)]
            if inside:
                found.update(_measures(entity, kind, window, inside, at))
    for other in others:
        for window, number in zip(_NAMES, other.in_window, strict=True):
            if number:
                name = _name(other.entity, other.kind, Measure.DISTINCT, window)
                found[name] = number
    known = features()
    return {name: value for name, value in found.items() if name in known}


def _grouped(parts: Iterable[Part]) -> Mapping[tuple[Entity, str], list[Part]]:
    groups: dict[tuple[Entity, str], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.entity, part.kind), []).append(part)
    return groups


def _belongs(part: Part, reach: int) -> bool:
    return part.reach == reach if part.edge else part.reach <= reach


def _measures(
    entity: Entity, kind: str, window: str, inside: list[Part], at: datetime
) -> Iterator[tuple[str, int]]:
    first = min(each.first_at for each in inside)
    last = max(each.last_at for each in inside)
    yield _name(entity, kind, Measure.COUNT, window), sum(e.count for e in inside)
    yield _name(entity, kind, Measure.FIRST, window), _seconds(at - first)
    yield _name(entity, kind, Measure.LAST, window), _seconds(at - last)
    amounts = [each for each in inside if each.total is not None]
    if amounts:
        total = sum(each.total or 0 for each in amounts)
        yield _name(entity, kind, Measure.SUM, window), min(total, LARGEST)
        smallest = min(each.smallest or 0 for each in amounts)
        yield _name(entity, kind, Measure.MIN, window), smallest
        largest = max(each.largest or 0 for each in amounts)
        yield _name(entity, kind, Measure.MAX, window), largest


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())


def _name(entity: Entity, kind: str, measure: Measure, window: str) -> str:
    return Feature(entity, kind, measure, window).name
