"""The decision: a pure function of stored inputs and a named rule set.

Whatever a decision rests on is stored with it, so it can be made again (clause 6.1g v).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.money import Money
from services.antifraud.domain.rules import Feature, Outcome, RuleSet

MAX_SCORE = 100
MAX_FACTS = 50
MAX_FACT_CHARACTERS = 200
_OPERATION = re.compile(r"(application|payout):[0-9a-f-]{36}")
_FACT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a decision rests on."""

    operation: str
    client_id: UUID
    amount: Money
    facts: Mapping[str, str | int]
    """What the asker told besides; recorded, and judged where a feature says so."""
    features: Mapping[Feature, int]
    cleared: frozenset[str]
    """Rules a person set aside when releasing this operation."""


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that spoke, with the value it saw and the limit it had."""

    code: str
    feature: Feature
    value: int
    at_least: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, and why."""

    outcome: Outcome
    score: int
    fired: tuple[Fired, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.fired)


def judge(inputs: Inputs, rule_set: RuleSet) -> Verdict:
    """The heaviest outcome of the rules that fire; allow when none does."""
    speaking = [
        rule
        for rule in rule_set.rules
        if rule.code not in inputs.cleared
        and inputs.features[rule.feature] >= rule.at_least
    ]
    outcomes = [Outcome.ALLOW, *(rule.outcome for rule in speaking)]
    return Verdict(
        outcome=max(outcomes, key=lambda outcome: outcome.weight),
        score=min(MAX_SCORE, sum(rule.score for rule in speaking)),
        fired=tuple(
            Fired(
                rule.code,
                rule.feature,
                inputs.features[rule.feature],
                rule.at_least,
                rule.outcome,
            )
            for rule in speaking
        ),
    )


def check_question(operation: str, amount: Money, facts: Mapping[str, object]) -> None:
    """Refuse a question that could not be stored or explained.

    Refused: ``operation_invalid``, ``amount_not_positive``, ``facts_invalid``.
    """
    if not _OPERATION.fullmatch(operation):
        raise Refused(
            "operation_invalid",
            "The operation is neither an application nor a payout.",
            next_step="Name it as application:<id> or payout:<id>.",
        )
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


def inputs_to_wire(inputs: Inputs) -> Json:
    """The inputs as they are stored."""
    return {
        "operation": inputs.operation,
        "client_id": str(inputs.client_id),
        "amount": inputs.amount.to_wire(),
        "facts": dict(inputs.facts),
        "features": {name.value: value for name, value in inputs.features.items()},
        "cleared": list[Json](sorted(inputs.cleared)),
    }


def inputs_from_wire(wire: Mapping[str, object]) -> Inputs:
    """The inputs of a stored decision. Raises KeyError or ValueError when it is not."""
    facts, features, cleared = wire["facts"], wire["features"], wire["cleared"]
    if not (
        isinstance(facts, dict)
        and isinstance(features, dict)
        and isinstance(cleared, list)
    ):
        raise TypeError("not the inputs of a decision")
    return Inputs(
        operation=str(wire["operation"]),
        client_id=UUID(str(wire["client_id"])),
        amount=Money.from_wire(str(wire["amount"])),
        facts=facts,
        features={Feature(name): int(value) for name, value in features.items()},
        cleared=frozenset(cleared),
    )


def fired_to_wire(verdict: Verdict) -> Json:
    """The rules that spoke, with values and limits, as they are stored."""
    return [
        {
            "code": each.code,
            "feature": each.feature.value,
            "value": each.value,
            "at_least": each.at_least,
            "outcome": each.outcome.value,
        }
        for each in verdict.fired
    ]
