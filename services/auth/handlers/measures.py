"""First measures of incidents, which audit orders and two persons undo (clause 7.2).

What somebody else has done before changes nothing.  Ended sessions stay ended: a client
logs in again.
"""

from uuid import UUID

from kernel.events.audit import MeasureLifted, MeasureOrdered
from kernel.events.auth import AccessBlocked, AccessUnblocked, SessionEnded
from services.auth.handlers import staff_affairs
from services.auth.handlers.staff_office import Office
from services.auth.ports import Logins
from services.auth.ports.sessions import Sessions


def when_measure_ordered(
    event: MeasureOrdered, *, logins: Logins, sessions: Sessions, at: Office
) -> None:
    """End a client's sessions, block their login, or keep a member of the staff out."""
    match event.measure:
        case "end_sessions":
            client_id = _client(event.about, logins)
            if client_id is not None:
                _end_sessions(client_id, event.incident_id, sessions=sessions, at=at)
        case "block_login":
            client_id = _client(event.about, logins)
            if client_id is not None:
                _block(client_id, event.incident_id, logins=logins, at=at)
                _end_sessions(client_id, event.incident_id, sessions=sessions, at=at)
        case "suspend_staff":
            staff_id = _staff(event.about)
            if staff_id is not None:
                staff_affairs.hold(staff_id, event.incident_id, at=at)


def when_measure_lifted(event: MeasureLifted, *, logins: Logins, at: Office) -> None:
    """Undo it; what another incident has ordered stays."""
    match event.measure:
        case "block_login":
            client_id = _client(event.about, logins)
            if client_id is not None:
                _unblock(client_id, event.incident_id, at=at)
        case "suspend_staff":
            staff_id = _staff(event.about)
            if staff_id is not None:
                staff_affairs.let_go(staff_id, event.incident_id, at=at)


def _client(about: str | None, logins: Logins) -> UUID | None:
    kind, _, thing = (about or "").partition(":")
    if kind == "client":
        return UUID(thing)
    login = logins.by_id(UUID(thing)) if kind == "login" else None
    return None if login is None else login.client_id


def _staff(about: str | None) -> UUID | None:
    kind, _, thing = (about or "").partition(":")
    return UUID(thing) if kind == "staff" else None


def _end_sessions(
    client_id: UUID, incident_id: UUID, *, sessions: Sessions, at: Office
) -> None:
    for session in sessions.end_all(client_id, "revoked", now=at.now):
        at.publish(
            SessionEnded(
                client_id=session.client_id,
                session_id=session.session_id,
                reason="revoked",
                ground=f"incident {incident_id}",
            )
        )


def _block(client_id: UUID, incident_id: UUID, *, logins: Logins, at: Office) -> None:
    """Whoever comes in just now holds the login's row: they come before, or not."""
    if logins.lock(client_id) is None:
        return
    if at.blocks.add(f"client:{client_id}", incident_id, now=at.now):
        at.publish(AccessBlocked(client_id=client_id, incident_id=incident_id))


def _unblock(client_id: UUID, incident_id: UUID, *, at: Office) -> None:
    subject = f"client:{client_id}"
    if at.blocks.lift(subject, incident_id) and not at.blocks.stands(subject):
        at.publish(AccessUnblocked(client_id=client_id, incident_id=incident_id))
