"""Random histories of what happened, and an oracle that counts them by definition.

The oracle knows nothing of days, tallies or edges: it looks at every occurrence for
every feature.  What it says of a history must be what the database says, whatever came
late, twice or in another order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from services.antifraud.domain.catalogue import (
    KINDS,
    WINDOWS,
    Entity,
    Feature,
    Measure,
    features,
)
from services.antifraud.domain.occurrences import Occurrence

NOW: Final = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
_HAIR: Final = timedelta(microseconds=1)
_KINDS: Final = ("application", "contract_signed", "device_admitted", "payout")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was told, in the order it came, and when one asks about what."""

    names: Mapping[Entity, str]
    told: Sequence[Occurrence]
    """Some of it twice."""
    current: str
    at: datetime

    @property
    def client_id(self) -> UUID:
        return UUID(self.names[Entity.CLIENT].partition(":")[2])


def history(random: Random, *, most: int = 14) -> History:
    """One of them; its names are no other's."""
    names = {
        Entity.CLIENT: f"client:{UUID(int=random.getrandbits(128))}",
        Entity.DEVICE: f"device:{random.getrandbits(64):x}",
        Entity.ACCOUNT: f"account:{random.getrandbits(64):x}",
    }
    at = NOW + timedelta(microseconds=random.randrange(86_400_000_000))
    current = str(UUID(int=random.getrandbits(128)))
    happened = [
        each
        for _ in range(random.randint(0, most))
        for each in _happened(random, names, current, at)
    ]
    told = happened + random.sample(happened, k=random.randint(0, len(happened)))
    random.shuffle(told)
    return History(names=names, told=told, current=current, at=at)


def _happened(
    random: Random, names: Mapping[Entity, str], current: str, at: datetime
) -> Iterator[Occurrence]:
    name = random.choice(_KINDS)
    kind = KINDS[name]
    event_id = UUID(int=random.getrandbits(128))
    when = _when(random, at)
    belongs = random.choice([None, None, current, "another"])
    amount = random.choice([0, 1, random.randrange(10**9)]) if kind.amount else None
    other = f"side{random.randrange(4)}"
    for entity in kind.entities & names.keys():
        yield Occurrence(
            key=names[entity],
            kind=name,
            at=when,
            event_id=event_id,
            other=other if entity in kind.paired else None,
            object=belongs,
            amount=amount,
        )


def _when(random: Random, at: datetime) -> datetime:
    """Often where a window or a day begins or ends; sometimes after the question."""
    length = random.choice(list(WINDOWS.values()))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    place = random.choice(
        [
            at - length,
            at,
            midnight - timedelta(days=random.choice([0, 1, 2, 7, 8, 30, 179, 180])),
            at - length * random.random() * 1.1,
            at + timedelta(seconds=random.random() * 60),
        ]
    )
    return place + random.choice([-1, 0, 1]) * _HAIR


def counted(
    happened: Iterable[Occurrence],
    names: Mapping[Entity, str],
    *,
    current: str,
    at: datetime,
) -> dict[str, int]:
    """Every feature that is not at its default, by definition."""
    once = {(each.key, each.kind, each.event_id): each for each in happened}
    found: dict[str, int] = {}
    entities = {key: entity for entity, key in names.items()}
    inside: dict[tuple[Entity, str, str], list[Occurrence]] = {}
    for each in once.values():
        if each.key in entities and each.object != current:
            for window, length in WINDOWS.items():
                if at - length < each.at <= at:
                    where = (entities[each.key], each.kind, window)
                    inside.setdefault(where, []).append(each)
    known = features()
    for (entity, kind, window), those in inside.items():
        for measure, value in measures(those, at).items():
            feature = Feature(entity, kind, measure, window)
            if feature.name in known and value is not None:
                found[feature.name] = value
    return found


def measures(those: list[Occurrence], at: datetime) -> dict[Measure, int | None]:
    """What a window comes to that holds just these, by definition."""
    amounts = [each.amount for each in those if each.amount is not None]
    ages = [int((at - each.at).total_seconds()) for each in those]
    others = {each.other for each in those if each.other is not None}
    return {
        Measure.COUNT: len(those),
        Measure.SUM: sum(amounts) if amounts else None,
        Measure.MIN: min(amounts, default=None),
        Measure.MAX: max(amounts, default=None),
        Measure.DISTINCT: len(others) or None,
        Measure.FIRST: max(ages),
        Measure.LAST: min(ages),
    }
