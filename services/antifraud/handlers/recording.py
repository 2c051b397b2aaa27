"""A decision kept for ever, said to everybody, and what follows from it."""

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.crypto import canonical
from kernel.events.antifraud import DecisionMade, OperationSuspended
from services.antifraud.domain.reporting import suspension_notice
from services.antifraud.domain.suspending import Term
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Decision, Hold, Report, Unit


def record(decision: Decision, *, unit: Unit) -> None:
    """Keep it and say so."""
    unit.save_decision(decision)
    unit.publish(
        DecisionMade(
            decision_id=decision.decision_id,
            operation=decision.inputs.operation,
            client_id=decision.inputs.client_id,
            outcome=decision.verdict.outcome.value,
            score=decision.verdict.score,
            rules=decision.verdict.codes,
        )
    )


def suspend(decision: Decision, *, unit: Unit, tools: Tools) -> None:
    """Hold the operation once, tell everybody and, through the outbox, the centre."""
    if not unit.hold(hold_of(decision, tools=tools)):
        return
    unit.publish(suspended(decision))
    event_id = tools.ids.new()
    at = decision.decided_at
    overrides = overrides_of(tools.policy.texts("calendar.overrides", at))
    notice = suspension_notice(
        event_id,
        inputs=decision.inputs,
        verdict=decision.verdict,
        at=at,
        calendar=WorkingCalendar(overrides),
        working_days=tools.policy.integer("antifraud.suspend_working_days", at),
    )
    unit.add_report(Report(event_id=event_id, body=canonical(notice)), at=at)


def hold_of(decision: Decision, *, tools: Tools) -> Hold:
    """What a decision to suspend holds, and until when a person has to look."""
    return Hold(
        held=decision.inputs.operation,
        decision_id=decision.decision_id,
        client_id=decision.inputs.client_id,
        held_at=decision.decided_at,
        until_on=Term.at(tools.policy, decision.decided_at).until(),
    )


def suspended(decision: Decision) -> OperationSuspended:
    """How it is said that something does not move."""
    return OperationSuspended(
        decision_id=decision.decision_id,
        operation=decision.inputs.operation,
        client_id=decision.inputs.client_id,
    )
