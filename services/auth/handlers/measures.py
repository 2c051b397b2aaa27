"""First measures of incidents, which audit orders and a person may undo (clause 7.2).

A client logs in again; a member of the staff is invited again by an administrator.
"""

from uuid import UUID

from kernel.context import StaffMember
from kernel.errors import Refused
from kernel.events.audit import MeasureOrdered
from kernel.events.auth import SessionEnded
from services.auth.handlers import staff_affairs
from services.auth.handlers.staff_office import Office
from services.auth.ports.sessions import Sessions


def when_measure_ordered(
    event: MeasureOrdered, *, sessions: Sessions, at: Office
) -> None:
    """End a client's sessions, or keep a member of the staff out.

    What somebody else has done before changes nothing.
    """
    kind, _, thing = (event.about or "").partition(":")
    match (event.measure, kind):
        case ("end_sessions", "client"):
            for session in sessions.end_all(UUID(thing), "revoked", now=at.now):
                at.publish(
                    SessionEnded(
                        client_id=session.client_id,
                        session_id=session.session_id,
                        reason="revoked",
                        ground=f"incident {event.incident_id}",
                    )
                )
        case ("suspend_staff", "staff"):
            _suspend(UUID(thing), event, at)


def _suspend(staff_id: UUID, event: MeasureOrdered, at: Office) -> None:
    """On record the incident stands where a person would, who asked for it."""
    by = StaffMember(id=event.incident_id, permissions=frozenset())
    try:
        staff_affairs.suspend(staff_id, by=by, at=at)
    except Refused:
        return
