"""Halting all sending at once, by whoever sees a reason; resuming it by two."""

from datetime import datetime
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.audit import MeasureOrdered
from kernel.events.disbursement import (
    ReconciliationCaseResolved,
    SendingHalted,
    SendingResumed,
)
from kernel.ids import Ids
from kernel.values import refuse_unfit_reason
from services.disbursement.domain.gate import Sending
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.reconciliation import (
    BankEntry,
    Case,
    Finding,
    Halt,
    Resumption,
    caught_up,
)
from services.disbursement.ports import Halts, Publish, Reconciliation, Till, Work

BY_HAND = "by_hand"
BY_INCIDENT = "incident"
RESUME = "resume_sending"
"""The operation of four eyes, and the door's method that carries it out."""


def halt_for(finding: Finding, *, work: Work, till: Till) -> None:
    """Let nothing leave because of what was found; told once as long as it stands."""
    halt = Halt(halt_id=till.ids.new(), code=finding.value, halted_at=till.clock.now())
    if work.halts.begin(halt):
        work.publish(SendingHalted(halt_id=halt.halt_id, code=halt.code))
        till.alarms.sending_halted(halt.code)


def when_measure_ordered(
    event: MeasureOrdered, *, halts: Halts, publish: Publish, ids: Ids, now: datetime
) -> None:
    """An incident's first measure: nothing leaves (7.2); two persons resume as ever."""
    halt = Halt(halt_id=ids.new(), code=BY_INCIDENT, halted_at=now)
    if event.measure == "halt_sending" and halts.begin(halt):
        publish(SendingHalted(halt_id=halt.halt_id, code=BY_INCIDENT))


def halt_by_hand(
    reason: str,
    *,
    by: UUID,
    halts: Halts,
    publish: Publish,
    ids: Ids,
    now: datetime,
) -> Json:
    """Let nothing leave because a person says so.

    Refused ``reason_unfit``, ``sending_halted`` when it is halted already.
    """
    refuse_unfit_reason(reason)
    halt = Halt(
        halt_id=ids.new(), code=BY_HAND, halted_at=now, halted_by=by, reason=reason
    )
    if not halts.begin(halt):
        raise Refused(
            "sending_halted",
            "Sending is halted already.",
            next_step="See why: `sending show`.",
        )
    publish(SendingHalted(halt_id=halt.halt_id, code=BY_HAND))
    return {"halt_id": str(halt.halt_id)}


def resume_request(
    reason: str, *, halts: Halts, reconciliation: Reconciliation
) -> tuple[dict[str, Json], str]:
    """Arguments and effect of asking that sending go on; another person decides.

    Refused ``reason_unfit``, ``sending_not_halted``, ``cases_open``.
    """
    refuse_unfit_reason(reason)
    halt = halts.standing()
    if halt is None:
        raise _not_halted()
    _refuse_open_cases(reconciliation)
    arguments: dict[str, Json] = {"halt_id": str(halt.halt_id), "reason": reason}
    return arguments, f"Payouts leave again: the halt {halt.code} is lifted."


def resume(
    resumption: Resumption,
    *,
    halts: Halts,
    reconciliation: Reconciliation,
    publish: Publish,
    now: datetime,
) -> None:
    """What two agree on: payouts may leave again, through the gate.

    Refused ``cases_open`` when one came up since, ``sending_not_halted`` when this very
    halt does not stand any more.
    """
    _refuse_open_cases(reconciliation)
    if not halts.end(resumption, at=now):
        raise _not_halted()
    publish(
        SendingResumed(
            halt_id=resumption.halt_id,
            asked_by=resumption.asked_by,
            resumed_by=resumption.resumed_by,
        )
    )


def resolve_case(
    case_id: UUID,
    resolution: str,
    *,
    by: UUID,
    reconciliation: Reconciliation,
    publish: Publish,
    now: datetime,
) -> Json:
    """Say what a case came to; sending stays halted until two resume it.

    Refused ``reason_unfit``, ``case_not_found``, ``case_resolved``.
    """
    refuse_unfit_reason(resolution)
    case = reconciliation.case(case_id)
    if case is None:
        raise _no_case()
    if case.resolved_at is not None:
        raise Refused(
            "case_resolved",
            "The case is resolved already.",
            next_step="See how: `cases show`.",
        )
    reconciliation.resolve(case_id, by=by, resolution=resolution, at=now)
    publish(ReconciliationCaseResolved(case_id=case_id, resolved_by=by))
    return {"case_id": str(case_id), "still_open": reconciliation.severe_open()}


def list_cases(reconciliation: Reconciliation) -> Json:
    """The open cases first."""
    return {"cases": [_shown(case) for case in reconciliation.cases()]}


def show_case(case_id: UUID, *, reconciliation: Reconciliation) -> Json:
    """One case, and the entry it is about.  Refused ``case_not_found``."""
    case = reconciliation.case(case_id)
    if case is None:
        raise _no_case()
    entry = None if case.reference is None else reconciliation.entry(case.reference)
    return {**_shown(case), "entry": None if entry is None else _told(entry)}


def show_sending(halts: Halts, reconciliation: Reconciliation) -> Json:
    """Whether payouts may leave: the halt, the open cases, how far the bank is read."""
    positions = reconciliation.positions()
    reached = caught_up(positions, database=reconciliation.database())
    halt = halts.standing()
    return jsonable(
        {
            "halted": halt is not None,
            "halt": halt
            and {
                "halt_id": halt.halt_id,
                "code": halt.code,
                "halted_at": halt.halted_at,
                "halted_by": halt.halted_by,
                "reason": halt.reason,
            },
            "severe_cases_open": reconciliation.severe_open(),
            "caught_up_at": reached,
            "messages": [
                {
                    "message": one.message,
                    "upto": one.upto,
                    "caught_up_at": one.caught_up_at,
                }
                for one in positions
            ],
        }
    )


def sending_of(payout: Payout, *, work: Work) -> Sending:
    """What the gate is told about sending as a whole and about this payout."""
    halt = work.halts.standing()
    return Sending(
        halt_id=halt.halt_id if halt else None,
        case_id=work.reconciliation.open_case_of(payout.payout_id, None),
        caught_up_at=caught_up(
            work.reconciliation.positions(), database=work.reconciliation.database()
        ),
    )


def _refuse_open_cases(reconciliation: Reconciliation) -> None:
    still_open = reconciliation.severe_open()
    if still_open:
        raise Refused(
            "cases_open",
            "Cases are open for which sending was halted.",
            next_step="Resolve them first: `cases list`.",
            cases=still_open,
        )


def _shown(case: Case) -> dict[str, Json]:
    return {
        "case_id": str(case.case_id),
        "finding": case.finding.value,
        "severe": case.severe,
        "payout_id": jsonable(case.payout_id),
        "bank_reference": case.reference,
        "opened_at": jsonable(case.opened_at),
        "state": "open" if case.resolved_at is None else "resolved",
        "resolved_at": jsonable(case.resolved_at),
        "resolved_by": jsonable(case.resolved_by),
        "resolution": case.resolution,
    }


def _told(entry: BankEntry) -> Json:
    return jsonable(
        {
            "direction": entry.direction,
            "reversal": entry.reversal,
            "amount": entry.amount,
            "booked_at": entry.booked_at,
            "end_to_end_id": entry.end_to_end_id,
        }
    )


def _not_halted() -> Refused:
    return Refused(
        "sending_not_halted",
        "That halt does not stand.",
        next_step="See whether another does: `sending show`.",
    )


def _no_case() -> Refused:
    return Refused(
        "case_not_found",
        "There is no such case.",
        next_step="List the cases: `cases list`.",
    )
