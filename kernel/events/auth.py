"""The facts auth publishes: who came in, who was kept out, what was told to whom."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, Word


class LoginSucceeded(Event):
    """A client entered the cabinet with both factors (clause 4.5)."""

    TYPE = "auth.login_succeeded.v1"
    SUBJECT = "client"

    client_id: UUID
    session_id: UUID


class LoginFailed(Event):
    """A login attempt was refused (clauses 4.5, 4.7, 6.1e).

    ``login_token`` is the keyed token of the number; ``attempts`` counts this one.
    """

    TYPE = "auth.login_failed.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str
    reason: Word[Literal["wrong_password", "locked", "wrong_code", "unknown"]]
    attempts: int


class AccessLocked(Event):
    """Three wrong passwords: the login is locked (clause 4.7)."""

    TYPE = "auth.access_locked.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str
    until: Instant


class AccessUnlocked(Event):
    """The lock of a login has run out (clause 4.7)."""

    TYPE = "auth.access_unlocked.v1"
    SUBJECT = "login"

    login_id: UUID


class SessionEnded(Event):
    """A session ended, by the client or by the clock (clause 4.8)."""

    TYPE = "auth.session_ended.v1"
    SUBJECT = "client"

    client_id: UUID
    session_id: UUID
    reason: Word[Literal["logout", "idle", "absolute", "replaced"]]


class PasswordChanged(Event):
    """The client has a new password."""

    TYPE = "auth.password_changed.v1"
    SUBJECT = "client"

    client_id: UUID


class AccessRefused(Event):
    """A request without the right to what it asked for (clauses 1.3b, 6.1b)."""

    TYPE = "auth.access_refused.v1"
    SUBJECT = "request"

    request_id: UUID
    what: str
    code: str


class MessageSent(Event):
    """A message left for the client's phone; the text stays with auth."""

    TYPE = "auth.message_sent.v1"
    SUBJECT = "message"

    message_id: UUID
    client_id: UUID | None
    template: str
