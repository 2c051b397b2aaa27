"""A rule set over a population: what it catches, and whom it bothers."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import ALMATY
from kernel.events import Envelope, Event
from services.antifraud.domain.catalogue import (
    KINDS,
    WINDOWS,
    Entity,
    Measure,
    Value,
    features,
)
from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.engine import Engine
from services.antifraud.domain.occurrences import (
    Occurrence,
    account_named_by,
    happening,
    key_of,
)
from services.antifraud.domain.rules import Outcome
from tests.histories import measures
from tests.population.people import FRAUDS, HONEST, Asked, Step, Told

_NAMED: Final = {
    "device_token": Entity.DEVICE,
    "network_token": Entity.NETWORK,
    "account_token": Entity.ACCOUNT,
}


@dataclass(slots=True)
class Memory:
    """What the tables of antifraud hold, without a database."""

    happened: dict[tuple[str, str], list[Occurrence]] = field(
        default_factory=lambda: defaultdict(list)
    )
    links: dict[UUID, dict[Entity, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    accounts: dict[tuple[UUID, str], str] = field(default_factory=dict)
    number: int = 0

    def tell(self, at: datetime, event: Event) -> None:
        client: UUID | None = getattr(event, "client_id", None)
        by_id = account_named_by(event)
        account = self.accounts.get((client, by_id)) if client and by_id else None
        kept = happening(
            event,
            self._envelope(at, event),
            account=account and account.partition(":")[2],
        )
        for each in kept.occurrences:
            self.happened[each.key, each.kind].append(each)
        for link in kept.links:
            self.links[link.client_id][link.entity] = link.key
            if link.object:
                self.accounts[link.client_id, link.object] = link.key

    def asked(self, asked: Asked, names: Mapping[Entity, str]) -> None:
        kind, _, object_id = asked.operation.partition(":")
        self.number += 1
        for entity in KINDS[f"asked_{kind}"].entities & names.keys():
            device = str(asked.facts.get("device_token", ""))
            occurrence = Occurrence(
                key=names[entity],
                kind=f"asked_{kind}",
                at=asked.at,
                event_id=UUID(int=self.number),
                other=device if entity is Entity.CLIENT else str(asked.client_id),
                object=object_id,
            )
            self.happened[occurrence.key, occurrence.kind].append(occurrence)

    def names(self, asked: Asked) -> dict[Entity, str]:
        told = {
            entity: key_of(entity, str(asked.facts[fact]))
            for fact, entity in _NAMED.items()
            if fact in asked.facts
        }
        known = dict(self.links[asked.client_id])
        account = self.accounts.get((asked.client_id, str(asked.facts["account_id"])))
        known.pop(Entity.ACCOUNT, None)
        return {
            **known,
            **({Entity.ACCOUNT: account} if account else {}),
            **told,
            Entity.CLIENT: key_of(Entity.CLIENT, str(asked.client_id)),
        }

    def values(
        self, asked: Asked, names: Mapping[Entity, str], wanted: Iterable[str]
    ) -> dict[str, Value]:
        current = asked.operation.partition(":")[2]
        known, found = features(), dict[str, Value]()
        measured = dict[tuple[Entity, str, str], Mapping[Measure, int | None]]()
        for name in wanted:
            feature = known.get(name)
            if feature is None or feature.entity not in names:
                continue
            where = (feature.entity, feature.kind, feature.window)
            if where not in measured:
                every = self.happened.get((names[feature.entity], feature.kind), [])
                since = asked.at - WINDOWS[feature.window]
                first = bisect_right(every, since, key=_when)
                those = [o for o in every[first:] if o.object != current]
                measured[where] = measures(those, asked.at) if those else {}
            value = measured[where].get(feature.measure)
            if value is not None:
                found[name] = value
        return found

    def _envelope(self, at: datetime, event: Event) -> Envelope:
        self.number += 1
        return Envelope(
            id=UUID(int=self.number),
            source="",
            type=event.TYPE,
            time=at,
            subject=event.subject,
            subjectversion=1,
            sequence=1,
            traceparent="",
            correlation_id=UUID(int=1),
            causation_id=None,
            keyid="",
            data={},
        )


def _when(occurrence: Occurrence) -> datetime:
    return occurrence.at


@dataclass(frozen=True, slots=True)
class Figures:
    """Persons of each kind: how many there were, and how many were stopped."""

    there: Mapping[str, int]
    stopped: Mapping[str, int]

    @property
    def precision(self) -> float:
        """Of those stopped, the share that were fraud."""
        every = sum(self.stopped.values())
        return self._caught / every if every else 0.0

    @property
    def recall(self) -> float:
        """Of the fraud, the share that was stopped."""
        return self._caught / sum(self.there[kind] for kind in FRAUDS)

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def bothered(self) -> float:
        """Of the honest, the share that a person had to look at."""
        return self.stopped.get(HONEST, 0) / self.there[HONEST]

    @property
    def _caught(self) -> int:
        return sum(self.stopped.get(kind, 0) for kind in FRAUDS)


def judged(
    steps: Iterable[Step],
    engine: Engine,
    *,
    seen: Callable[[Asked, Inputs, Verdict], None] = lambda *_: None,
) -> Figures:
    """Judge every question as it would have been at its time."""
    memory = Memory()
    there, stopped = set[tuple[str, UUID, UUID]](), set[tuple[str, UUID, UUID]]()
    for step in steps:
        if isinstance(step, Told):
            memory.tell(step.at, step.event)
            continue
        names = memory.names(step)
        told: dict[str, Value] = {
            "operation": step.operation.partition(":")[0],
            "amount_minor": step.amount.amount_minor,
            **{f"{entity}_named": True for entity in names},
            "hour": step.at.astimezone(ALMATY).hour,
        }
        inputs = Inputs(
            operation=step.operation,
            client_id=step.client_id,
            amount=step.amount,
            facts=step.facts,
            values={**memory.values(step, names, engine.names), **told},
            cleared=frozenset(),
        )
        verdict = engine.judge(inputs).verdict
        seen(step, inputs, verdict)
        one = (step.who, step.case, step.client_id)
        there.add(one)
        if verdict.outcome is not Outcome.ALLOW:
            stopped.add(one)
        memory.asked(step, names)
    return Figures(_by_kind(there), _by_kind(stopped))


def added(figures: Iterable[Figures]) -> Figures:
    """Those of several populations together."""
    there, stopped = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in figures:
        for kind, number in one.there.items():
            there[kind] += number
        for kind, number in one.stopped.items():
            stopped[kind] += number
    return Figures(there, stopped)


def _by_kind(those: Iterable[tuple[str, UUID, UUID]]) -> dict[str, int]:
    found = defaultdict[str, int](int)
    for who, _, _ in those:
        found[who] += 1
    return found
