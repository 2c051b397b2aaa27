"""Sessions of the cabinet: who is in, and since when nobody has moved (clause 4.8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import Refused
from services.auth.domain.rules import SESSION_ABSOLUTE, Rules

EndReason = Literal["logout", "idle", "absolute", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One stay in the cabinet.  Its token is known to the browser only."""

    session_id: UUID
    login_id: UUID
    client_id: UUID
    opened_at: datetime
    active_at: datetime

    def expires_at(self, rules: Rules) -> datetime:
        """The last instant at which this session lives if nothing more happens."""
        return min(self.active_at + rules.idle, self.opened_at + SESSION_ABSOLUTE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Instants before which a session must not have been silent, or opened.

    Exactly `idle` of silence lives, anything more is dead: 10:00 and 10:01 of
    clause 4.8.
    """

    active_since: datetime
    opened_since: datetime


def limits(rules: Rules, *, now: datetime) -> Limits:
    """What a session must satisfy at `now` to be alive."""
    return Limits(now - rules.idle, now - SESSION_ABSOLUTE)


def lives(session: Session, rules: Rules, *, now: datetime) -> bool:
    """Whether a session that nobody ended is alive at `now`."""
    bounds = limits(rules, now=now)
    return (
        session.active_at >= bounds.active_since
        and session.opened_at >= bounds.opened_since
    )


def time_left(session: Session, rules: Rules, *, now: datetime) -> timedelta:
    """How long the client may still be silent."""
    return session.expires_at(rules) - now


def session_required() -> Refused:
    """Nobody is logged in, or no more (clauses 1.3b, 4.8)."""
    return Refused(
        "session_required",
        "You are not logged in, or the session has ended.",
        next_step="Log in.",
    )
