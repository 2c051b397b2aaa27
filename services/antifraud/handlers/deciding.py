"""An operation is judged before it goes on (clause 6.1g i–iii)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import ALMATY
from kernel.errors import Refused
from kernel.money import Money
from services.antifraud.domain.catalogue import KINDS, Entity, Value
from services.antifraud.domain.decision import (
    Inputs,
    check_question,
    inputs_from_wire,
)
from services.antifraud.domain.engine import OUT_OF_TIME, Engine
from services.antifraud.domain.occurrences import Happening, Occurrence, key_of
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.suspending import STANDING_CODES
from services.antifraud.handlers.concerning import concern
from services.antifraud.handlers.holding import BY_PERSON
from services.antifraud.handlers.recording import record, suspend
from services.antifraud.handlers.ruling import rule_set_by, starting_version
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import (
    Decision,
    Explained,
    Question,
    StoredDecision,
    Unit,
    Units,
)

NAMED_BY: Final[Mapping[str, Entity]] = {
    f"{entity}_token": entity for entity in Entity if entity is not Entity.CLIENT
}
"""Facts by which an asker may name who has to do with the operation."""
_MS: Final = 1_000_000


def decide(
    *,
    operation: str,
    client_id: UUID,
    amount: Money,
    facts: Mapping[str, str | int],
    asked_by: str,
    units: Units,
    tools: Tools,
) -> Decision:
    """Judge an operation before it goes on (clause 6.1g i–iii).

    1. Look at what is known, without what belongs to this very operation.
    2. Judge by the rules in force, within the time there is for it.
    3. Save inputs, what spoke and the outcome; say so; hold what is suspended and
       prepare the centre's message: all in one commit.

    Refused: ``operation_invalid``, ``amount_not_positive``, ``facts_invalid``.
    """
    check_question(operation, amount, facts)
    at, began = tools.clock.now(), tools.ticks()
    question = Question(
        operation=operation,
        client_id=client_id,
        names=_names(facts),
        account_id=_account(facts),
    )
    with units.begin() as unit:
        look = unit.look(question, at=at)  # step 1
        engine = _engine(look.live or starting_version(at), unit, tools)
        inputs = Inputs(
            operation=operation,
            client_id=client_id,
            amount=amount,
            facts=facts,
            values={**look.values, **_told(operation, amount, facts, at)},
            # What is suspended ends by its own release, with that of nothing else.
            cleared=look.cleared - STANDING_CODES,
            tripped=frozenset(
                rule
                for version, rule in look.tripped
                if version == engine.rule_set.version
            ),
            keys=look.keys,
        )
        left_ns = tools.policy.integer("antifraud.decide_ms", at) * _MS - (
            tools.ticks() - began
        )
        judged = engine.judge(  # step 2
            inputs, ticks=tools.ticks, budget_us=left_ns // 1_000
        )
        decision = Decision(
            decision_id=tools.ids.new(),
            inputs=judged.inputs,
            verdict=judged.verdict,
            rule_set=engine.rule_set.version,
            decided_at=at,
            asked_by=asked_by,
            took_us=judged.took_us,
        )
        record(decision, unit=unit)  # step 3
        if look.shadow is not None:
            _judge_beside(look.shadow, decision, unit=unit, tools=tools)
        concern(decision, unit=unit, tools=tools)
        if not look.asked:
            unit.remember(_asking(decision))
        if _is_held(decision):
            suspend(decision, unit=unit, tools=tools)
    return decision


def _judge_beside(
    version: str, decision: Decision, *, unit: Unit, tools: Tools
) -> None:
    """Keep what the version in the shadow would have decided; nothing follows of it."""
    inputs = replace(decision.inputs, judged=None, tripped=frozenset())
    judged = _engine(version, unit, tools).judge(inputs)
    unit.save_shadow(decision.decision_id, version=version, verdict=judged.verdict)


def _engine(version: str, unit: Unit, tools: Tools) -> Engine:
    known = tools.engines.known(version)
    return known or tools.engines.of(rule_set_by(version, unit))


def get_decision(decision_id: UUID, *, units: Units) -> StoredDecision:
    """A decision with all it rests on. Refused: ``decision_unknown``."""
    with units.begin() as unit:
        return _found(decision_id, unit)


def explain(decision_id: UUID, *, units: Units, tools: Tools) -> Explained:
    """A decision, made once more from what was stored (clause 6.1g v).

    Refused: ``decision_unknown``.
    """
    with units.begin() as unit:
        stored = _found(decision_id, unit)
        if stored.rule_set == BY_PERSON:
            return Explained(stored=stored, again=None, rules={})
        rule_set = rule_set_by(stored.rule_set, unit)
    again = tools.engines.of(rule_set).judge(inputs_from_wire(stored.inputs)).verdict
    return Explained(
        stored=stored,
        again=again,
        rules={code: why for code, why in rule_set.reasons if code in again.codes},
    )


def _found(decision_id: UUID, unit: Unit) -> StoredDecision:
    found = unit.decision(decision_id)
    if found is None:
        raise Refused(
            "decision_unknown", "No such decision.", next_step="Check its number."
        )
    return found


def _told(
    operation: str, amount: Money, facts: Mapping[str, str | int], at: datetime
) -> dict[str, Value]:
    """The fields that come with the question."""
    term = facts.get("term_days")
    return {
        "operation": operation.partition(":")[0],
        "amount_minor": amount.amount_minor,
        "hour": at.astimezone(ALMATY).hour,
        **({"term_days": term} if isinstance(term, int) else {}),
    }


def _asking(decision: Decision) -> Happening:
    """That it was asked about, under the names it was asked with."""
    inputs = decision.inputs
    kind, _, object_id = inputs.operation.partition(":")
    client = str(inputs.client_id)
    names = {Entity.CLIENT: key_of(Entity.CLIENT, client), **_names(inputs.facts)}
    kept = KINDS[f"asked_{kind}"].entities
    device = names.get(Entity.DEVICE, "").partition(":")[2]
    return Happening(
        occurrences=tuple(
            Occurrence(
                key=key,
                kind=f"asked_{kind}",
                at=decision.decided_at,
                event_id=decision.decision_id,
                other=(device or None) if entity is Entity.CLIENT else client,
                object=object_id,
            )
            for entity, key in names.items()
            if entity in kept
        )
    )


def _is_held(decision: Decision) -> bool:
    """Whether it stays held until a person lets it go.

    Who merely ran out of time is asked again, and judged anew.
    """
    return any(
        each.outcome is Outcome.SUSPEND and each.code != OUT_OF_TIME
        for each in decision.verdict.fired
    )


def _names(facts: Mapping[str, str | int]) -> dict[Entity, str]:
    return {
        entity: key_of(entity, str(facts[fact]))
        for fact, entity in NAMED_BY.items()
        if facts.get(fact)
    }


def _account(facts: Mapping[str, str | int]) -> str | None:
    """The account of the payout, when the asker names it as fact `account_id`."""
    named = facts.get("account_id")
    if named is None:
        return None
    try:
        return str(UUID(str(named)))
    except ValueError as cause:
        raise Refused(
            "facts_invalid",
            "The account is not named by its id.",
            next_step="Send account_id as a UUID.",
        ) from cause
