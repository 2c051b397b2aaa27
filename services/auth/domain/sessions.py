"""Sessions of the cabinet: who is in, and since when nobody has moved (clause 4.8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import Refused
from services.auth.domain.rules import Rules

EndReason = Literal[
    "logout",
    "idle",
    "absolute",
    "replaced",
    "revoked",
    "factor_changed",
    "password_recovered",
    "phone_changed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One stay in the cabinet.  Its token is known to the browser only.

    `browser` says in a few words where it was opened, for the client's own eyes.
    """

    session_id: UUID
    login_id: UUID
    client_id: UUID
    opened_at: datetime
    active_at: datetime
    browser: str | None = None

    def expires_at(self, rules: Rules) -> datetime:
        """The last instant at which this session lives if nothing more happens."""
        return min(self.active_at + rules.idle, self.opened_at + rules.absolute)


@dataclass(frozen=True, slots=True)
class Knock:
    """A token that came with a request, and whether the request is activity (4.8)."""

    digest: bytes
    activity: bool


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
    return Limits(now - rules.idle, now - rules.absolute)


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


def session_not_found() -> Refused:
    """No such session, or somebody else's: the answer is the same."""
    return Refused(
        "session_not_found",
        "There is no such session.",
        next_step="Look at the list of sessions again.",
    )
