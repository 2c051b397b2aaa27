"""What auth needs from outside, in its own words."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.events import Event
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, Purpose
from services.auth.domain.messages import Message
from services.auth.domain.passwords import Attempt, Login
from services.auth.domain.rules import Rules
from services.auth.domain.sessions import EndReason, Limits, Session

Publish = Callable[[Event], UUID]
"""Let an event leave with the commit of the work at hand; returns its id."""

PhoneToken = Callable[[Phone], str]
"""The keyed token of a number, the same in every service that may make it."""


class Codes(Protocol):
    """One-time codes and their keyed hashes."""

    def new(self) -> str:
        """Digits nobody can foretell."""
        ...

    def token(self, challenge_id: UUID, code: str) -> str:
        """The keyed hash of a code, good for this challenge only."""
        ...


class SessionTokens(Protocol):
    """The secrets of sessions: the browser has the token, we have its digest."""

    def new(self) -> str: ...

    def digest(self, token: str) -> bytes: ...


class Passwords(Protocol):
    """The slow hash.  Each `matches` costs the same, whatever it is given."""

    def hash(self, password: str) -> str: ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether they belong together; None stands for nobody and never does."""
        ...


class SmsGateway(Protocol):
    """Delivers texts to phones; the same `message_id` is delivered once."""

    def send(self, message: Message) -> None:
        """Hand a message over.  Raises Transient or Broken."""
        ...


class Challenges(Protocol):
    """Codes that were sent."""

    def reserve_send(
        self, phone_token: str, purpose: Purpose, *, now: datetime
    ) -> bool:
        """Take one of the sendings allowed in the window, atomically."""
        ...

    def sends_again_at(self, phone_token: str, purpose: Purpose) -> datetime:
        """When the window of sendings ends."""
        ...

    def add(self, challenge: Challenge) -> None: ...

    def reserve_try(
        self, claim: Claim, *, now: datetime, tries: int
    ) -> Challenge | None:
        """Count one try on an open, fitting, living challenge, atomically."""
        ...

    def find(self, challenge_id: UUID) -> Challenge | None: ...

    def confirm(self, claim: Claim, *, now: datetime) -> bool:
        """Close an open challenge as confirmed; False when it was not open."""
        ...

    def confirmed_phone(self, registration_id: UUID, phone_token: str) -> Phone | None:
        """The number a registration has proved to hold."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove what expired before an instant; returns how many."""
        ...


class Logins(Protocol):
    """Who may come in."""

    def add(self, login: Login) -> bool:
        """Keep a new login; False when the client or the number has one."""
        ...

    def by_phone(self, phone_token: str) -> Login | None: ...

    def by_client(self, client_id: UUID) -> Login | None: ...

    def set_first_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> bool:
        """Set the password of a login that has none; False when it has one."""
        ...


class Attempts(Protocol):
    """The count of password attempts per number, known or not."""

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        """Take one attempt, by one statement; None when the number is locked."""
        ...

    def locked_until(self, phone_token: str) -> datetime | None: ...

    def clear(self, attempt: Attempt) -> bool:
        """Forget the run that ends with `attempt`; False when others came after."""
        ...

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        """End the locks that have run out; ids of their logins."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove counts untouched since an instant; returns how many."""
        ...


class Sessions(Protocol):
    """Who is in."""

    def add(self, session: Session, digest: bytes) -> None: ...

    def touch(self, digest: bytes, *, limits: Limits, now: datetime) -> Session | None:
        """Note activity of a living session, by one statement; None when dead."""
        ...

    def look(self, digest: bytes, *, limits: Limits) -> Session | None:
        """A living session, without counting as activity."""
        ...

    def end(self, session_id: UUID, reason: EndReason, *, now: datetime) -> bool: ...

    def end_others(self, session: Session, *, now: datetime) -> Sequence[Session]:
        """End the client's other sessions as replaced; which they were."""
        ...

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Session, EndReason]]:
        """End every session beyond its limits; which, and why."""
        ...


class Messages(Protocol):
    """Texts on their way out: written with the state that causes them."""

    def queue(self, message: Message) -> None: ...

    def take_due(self, *, now: datetime, until: datetime) -> Sequence[Message]:
        """Lease the messages that are due until an instant; each counts an attempt."""
        ...

    def sent(self, message_id: UUID, *, now: datetime) -> bool:
        """Mark as sent and forget the text; False when it was marked before."""
        ...

    def postpone(self, message_id: UUID, *, until: datetime) -> None: ...

    def drop_expired(self, *, now: datetime) -> int:
        """Give up what is too old to be useful; returns how many."""
        ...
