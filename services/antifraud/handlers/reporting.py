"""Messages on their way to the National Bank's centre, and after (clause 6.1g iv)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken, Transient
from services.antifraud.domain.centre import Status, rest_after
from services.antifraud.domain.suspending import refuse_unfit_ground
from services.antifraud.handlers.hearing import hear_again, not_parked
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Report, Units
from services.antifraud.ports.centre import Centre, CentreUnits

STATUSES_AT_ONCE: Final = 20


def send_reports(*, centre: Centre, units: Units, tools: Tools) -> int:
    """Send what is due to the centre; how many were acknowledged (clause 6.1g iv).

    In the order in which it came about, so many a beat and no more: after an outage
    the centre is not run over.  When the centre is away the whole line rests.  No
    transaction is open while the centre is asked.  The same bytes go again after a
    failure, so a message is taken once however often it is sent.
    """
    at = tools.clock.now()
    limit = tools.policy.integer("antifraud.centre_batch", at)
    with units.begin() as unit:
        due = unit.due_reports(at=at, limit=limit)
    sent = 0
    for report in due:
        try:
            ack_id = centre.post(report.body)
        except Transient:
            _rest(report, units=units, tools=tools)
            break
        except Broken:
            with units.begin() as unit:
                unit.report_parked(report.event_id, at=tools.clock.now())
            raise
        with units.begin() as unit:
            sent += unit.report_sent(
                report.event_id, ack_id=ack_id, at=tools.clock.now()
            )
    return sent


def _rest(report: Report, *, units: Units, tools: Tools) -> None:
    """The first of the line holds all that are behind it."""
    at = tools.clock.now()
    longest = tools.policy.integer("antifraud.centre_rest_s", at)
    attempts = report.attempts + 1
    with units.begin() as unit:
        unit.report_failed(
            report.event_id,
            attempts=attempts,
            next_at=at + rest_after(attempts, longest_s=longest),
        )


def follow(*, centre: Centre, units: CentreUnits, tools: Tools) -> int:
    """Ask what became of acknowledged messages; how many are settled.

    One the centre rejects, or knows nothing of, waits for a person.
    """
    at = tools.clock.now()
    rest = timedelta(seconds=tools.policy.integer("antifraud.centre_status_s", at))
    with units.begin() as unit:
        due = unit.unsettled(at=at, limit=STATUSES_AT_ONCE)
    settled = 0
    for event_id in due:
        told = centre.status_of(event_id)
        with units.begin() as unit:
            unit.report_told(
                event_id,
                status=None if told is None else told.status.value,
                reason=None if told is None else told.reason,
                ask_at=at + rest,
            )
        settled += told is not None and told.status is Status.ACCEPTED
    return settled


def replay(
    name: UUID | int, *, centre: Centre, units: CentreUnits, tools: Tools
) -> str:
    """Once more: the same bytes to the centre, or a change heard anew; its state.

    Refused: ``not_parked``.
    """
    if isinstance(name, int):
        return hear_again(name, centre=centre, units=units, tools=tools).value
    with units.begin() as unit:
        if not unit.report_again(name, at=tools.clock.now()):
            raise not_parked()
    return "pending"


def close(
    name: UUID | int, *, ground: str, by: str, units: CentreUnits, tools: Tools
) -> None:
    """A person has looked, and nothing is to be done.

    Refused: ``not_parked``, ``ground_missing``.
    """
    refuse_unfit_ground(ground)
    with units.begin() as unit:
        if not unit.close(name, by=by, ground=ground, at=tools.clock.now()):
            raise not_parked()
