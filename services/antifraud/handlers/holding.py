"""Persons hold and let go, each time on a recorded ground (clause 6.1g iii)."""

from typing import Final
from uuid import UUID

from kernel.events.antifraud import OperationReleased
from kernel.events.audit import MeasureOrdered
from kernel.money import Money
from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.suspending import (
    already_suspended,
    not_suspended,
    refuse_unfit_ground,
)
from services.antifraud.handlers.concerning import concern
from services.antifraud.handlers.recording import hold_of, record, suspended
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Decision, Unit, Units

BY_PERSON: Final = "person"
"""The rule set named by a decision a person made."""


def suspend_client(
    client_id: UUID, *, ground: str, by: str, units: Units, tools: Tools
) -> UUID:
    """Hold every operation of a client until released (clause 6.1g iii).

    Returns the decision's id. Refused: ``already_suspended``, ``ground_missing``.
    """
    refuse_unfit_ground(ground)
    with units.begin() as unit:
        made = hold_client(client_id, ground=ground, by=by, unit=unit, tools=tools)
    if made is None:
        raise already_suspended()
    return made


def when_measure_ordered(event: MeasureOrdered, *, unit: Unit, tools: Tools) -> None:
    """An incident's first measure: the client's operations wait for a person (7.2).

    Who is suspended already stays so; a release ends it as any other suspension.
    """
    kind, _, thing = (event.about or "").partition(":")
    if (event.measure, kind) == ("suspend_client", "client"):
        hold_client(
            UUID(thing),
            ground=f"incident {event.incident_id}",
            by="audit",
            unit=unit,
            tools=tools,
        )


def hold_client(
    client_id: UUID, *, ground: str, by: str, unit: Unit, tools: Tools
) -> UUID | None:
    """`suspend_client`, within a unit of work; None when it is suspended already."""
    decision = _by_person(
        f"client:{client_id}",
        client_id=client_id,
        ground=ground,
        verdict=Verdict(outcome=Outcome.SUSPEND, score=100, fired=()),
        by=by,
        tools=tools,
    )
    if not unit.hold(hold_of(decision, tools=tools)):
        return None
    record(decision, unit=unit)
    concern(decision, unit=unit, tools=tools)
    unit.publish(suspended(decision))
    return decision.decision_id


def release(held: str, *, ground: str, by: str, units: Units, tools: Tools) -> UUID:
    """Let a held operation or client move again, on a recorded ground.

    The rules that held the operation are set aside for it from now on. Returns the
    decision's id. Refused: ``not_suspended``, ``ground_missing``.
    """
    refuse_unfit_ground(ground)
    with units.begin() as unit:
        return let_go(held, ground=ground, by=by, unit=unit, tools=tools)


def let_go(held: str, *, ground: str, by: str, unit: Unit, tools: Tools) -> UUID:
    """`release`, within a unit of work.  Refused: ``not_suspended``."""
    client_id = unit.release(held, at=tools.clock.now(), by=by, ground=ground)
    if client_id is None:
        raise not_suspended()
    decision = _by_person(
        held,
        client_id=client_id,
        ground=ground,
        verdict=Verdict(outcome=Outcome.ALLOW, score=0, fired=()),
        by=by,
        tools=tools,
    )
    record(decision, unit=unit)
    unit.publish(
        OperationReleased(
            decision_id=decision.decision_id, operation=held, client_id=client_id
        )
    )
    return decision.decision_id


def _by_person(
    operation: str,
    *,
    client_id: UUID,
    ground: str,
    verdict: Verdict,
    by: str,
    tools: Tools,
) -> Decision:
    return Decision(
        decision_id=tools.ids.new(),
        inputs=Inputs(
            operation=operation,
            client_id=client_id,
            amount=Money(0),
            facts={"ground": ground},
            values={},
            cleared=frozenset(),
        ),
        verdict=verdict,
        rule_set=BY_PERSON,
        decided_at=tools.clock.now(),
        asked_by=by,
        took_us={},
    )
