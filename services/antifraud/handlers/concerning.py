"""What a person has to look at becomes a case, in the decision's own commit."""

from typing import Final
from uuid import UUID

from kernel.events.antifraud import CaseOpened
from kernel.money import Money
from services.antifraud.domain.cases import CaseRules, Concern, Priority
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.engine import OUT_OF_TIME
from services.antifraud.domain.occurrences import key_of
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.suspending import STANDING_CODES, Suspension
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Decision, Unit

STOPS: Final = (Outcome.REVIEW, Outcome.SUSPEND)


def concern(decision: Decision, *, unit: Unit, tools: Tools) -> None:
    """A decision to suspend or to look joins the client's case, or opens it.

    Not for what merely ran out of time: it is asked again.  What is stopped by a
    suspension alone opens nothing: whoever suspended it did.
    """
    verdict, inputs = decision.verdict, decision.inputs
    spoke = {e.code for e in verdict.fired if e.outcome in STOPS} - {OUT_OF_TIME}
    by_person = not verdict.fired
    if verdict.outcome not in STOPS or not (spoke or by_person):
        return
    rules = CaseRules.at(tools.policy, decision.decided_at)
    priority = rules.priority(
        outcome=verdict.outcome, score=verdict.score, amount=inputs.amount
    )
    _join(
        Concern(
            case_id=tools.ids.new(),
            about=key_of(Entity.CLIENT, str(inputs.client_id)),
            client_id=inputs.client_id,
            operation=inputs.operation,
            decision_id=decision.decision_id,
            outcome=verdict.outcome,
            priority=priority,
            score=verdict.score,
            amount=inputs.amount,
            due_on=rules.due_on(priority),
            at=decision.decided_at,
            opens=by_person or bool(spoke - STANDING_CODES),
        ),
        unit=unit,
    )


def concern_name(suspension: Suspension, *, unit: Unit, tools: Tools) -> None:
    """A suspended account or device has a case of its own."""
    rules = CaseRules.at(tools.policy, suspension.held_at)
    _join(
        Concern(
            case_id=tools.ids.new(),
            about=suspension.held,
            client_id=None,
            operation=suspension.held,
            decision_id=suspension.hold_id,
            outcome=Outcome.SUSPEND,
            priority=Priority.HIGH,
            score=0,
            amount=Money(0),
            due_on=rules.due_on(Priority.HIGH),
            at=suspension.held_at,
        ),
        unit=unit,
    )


def _join(wanted: Concern, *, unit: Unit) -> None:
    case_id: UUID | None = unit.concern(wanted)
    if case_id == wanted.case_id:
        unit.publish(
            CaseOpened(
                case_id=case_id,
                about=wanted.about,
                client_id=wanted.client_id,
                priority=wanted.priority.word,
                due_on=wanted.due_on,
            )
        )
