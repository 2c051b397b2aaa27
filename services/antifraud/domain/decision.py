"""What a decision rests on, what it says, and both as they are stored.

Whatever a decision rests on is stored with it, so it can be made again (clause 6.1g v).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.money import Money
from services.antifraud.domain.catalogue import Entity, Value, default_of
from services.antifraud.domain.rules import OF_MONEY, Operation, Outcome

MAX_FACTS: Final = 50
MAX_FACT_CHARACTERS: Final = 200
_OPERATION: Final = re.compile(rf"(?:{'|'.join(Operation)}):[0-9a-f-]{{36}}")
_FACT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a decision rests on."""

    operation: str
    client_id: UUID
    amount: Money
    facts: Mapping[str, str | int]
    """What the asker told besides; recorded, and judged where a field says so."""
    values: Mapping[str, Value]
    """Fields and features that are not at their default."""
    cleared: frozenset[str]
    """Rules a person set aside when releasing this operation."""
    keys: Mapping[Entity, str] = field(default_factory=dict)
    """By which keyed names it was looked at."""
    tripped: frozenset[str] = frozenset()
    """Rules the breaker lets ask for no more than a look."""
    judged: int | None = None
    """After so many rules the time was up; None when all were asked."""

    @property
    def kind(self) -> Operation:
        return Operation(self.operation.partition(":")[0])

    def value(self, name: str) -> Value:
        """A field or a feature, by default if nothing is known."""
        return self.values.get(name, default_of(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule or typology that spoke, with what it saw."""

    code: str
    outcome: Outcome
    score: int
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided, and why."""

    outcome: Outcome
    score: int
    fired: tuple[Fired, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.fired)

    @property
    def grounds(self) -> tuple[str, ...]:
        """What spoke for more than being seen."""
        return tuple(
            each.code for each in self.fired if each.outcome is not Outcome.ALLOW
        )


def check_question(operation: str, amount: Money, facts: Mapping[str, object]) -> None:
    """Refuse a question that could not be stored or explained.

    Refused: ``operation_invalid``, ``amount_not_positive``, ``facts_invalid``.
    """
    if not _OPERATION.fullmatch(operation):
        raise Refused(
            "operation_invalid",
            "Nothing of that kind is judged.",
            next_step="Name it as application:<id>, payout:<id> or the like.",
        )
    if Operation(operation.partition(":")[0]) in OF_MONEY:
        amount.positive()
    fit = all(
        _FACT_NAME.fullmatch(name) and len(str(value)) <= MAX_FACT_CHARACTERS
        for name, value in facts.items()
    )
    if not fit or len(facts) > MAX_FACTS:
        raise Refused(
            "facts_invalid",
            "The facts are too many, too long or wrongly named.",
            next_step="Send at most fifty short facts.",
        )


def inputs_to_wire(inputs: Inputs) -> dict[str, Json]:
    """The inputs as they are stored."""
    return {
        "operation": inputs.operation,
        "client_id": str(inputs.client_id),
        "amount": inputs.amount.to_wire(),
        "facts": dict(inputs.facts),
        "features": dict(inputs.values),
        "cleared": list[Json](sorted(inputs.cleared)),
        "keys": {entity.value: key for entity, key in inputs.keys.items()},
        "tripped": list[Json](sorted(inputs.tripped)),
        "judged": inputs.judged,
    }


def inputs_from_wire(wire: Mapping[str, object]) -> Inputs:
    """The inputs of a stored decision, also of one made before the catalogue.

    Raises KeyError, TypeError or ValueError when it is not.
    """
    facts, features, cleared = wire["facts"], wire["features"], wire["cleared"]
    keys, judged = wire.get("keys", {}), wire.get("judged")
    tripped = wire.get("tripped", [])
    if not (
        isinstance(facts, dict)
        and isinstance(features, dict)
        and isinstance(cleared, list)
        and isinstance(keys, dict)
        and isinstance(tripped, list)
        and isinstance(judged, int | None)
    ):
        raise TypeError("not the inputs of a decision")
    values = {
        name: bool(value) if name in _WERE_NUMBERS else value
        for name, value in features.items()
    }
    return Inputs(
        operation=str(wire["operation"]),
        client_id=UUID(str(wire["client_id"])),
        amount=Money.from_wire(str(wire["amount"])),
        facts=facts,
        values=values,
        cleared=frozenset(cleared),
        keys={Entity(entity): str(key) for entity, key in keys.items()},
        tripped=frozenset(tripped),
        judged=judged,
    )


_WERE_NUMBERS: Final = ("operation_held", "client_held")
"""Holds that decisions before the catalogue stored as 0 and 1."""


def fired_to_wire(verdict: Verdict) -> list[Json]:
    """What spoke, with the values it saw, as it is stored."""
    return [
        {
            "code": each.code,
            "outcome": each.outcome.value,
            "score": each.score,
            "values": dict(each.values),
        }
        for each in verdict.fired
    ]
