"""Members of the staff: their logins, their stays, the roles they hold.

A login is a plain word, given by who invites, never a telephone number and never an
address: staff and clients are two realms, with no login in common.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Self
from uuid import UUID, uuid5

from kernel.errors import Refused
from kernel.policy import Policy
from services.auth.domain.factors import PasskeyProof
from services.auth.domain.passwords import Attempt
from services.auth.domain.roles import Role

State = Literal["invited", "active", "suspended"]
StayEnd = Literal["logout", "idle", "absolute", "suspended"]
StaffProof = str | PasskeyProof
"""A code of the authenticator or of the paper; or a security key's answer."""

_LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_TOTP_CODE: Final = re.compile(r"[0-9]{6}")
_UNKNOWN: Final = UUID("8c1f7d0a-0f3e-5a53-9d4f-6e2b1f2a9c33")
"""Name space of the ids under which attempts on unknown logins are recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRules:
    """What the dated settings say of staff; the lock is that of clients."""

    invitation: timedelta
    recertify: timedelta
    conduct: str

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The rules in force at `now`.  Broken when a setting is missing."""
        return cls(
            invitation=timedelta(hours=policy.integer("staff.invitation_hours", now)),
            recertify=timedelta(days=policy.integer("staff.recertify_days", now)),
            conduct=policy.text("staff.rules", now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of the staff; `name` is for colleagues' eyes and in no event."""

    staff_id: UUID
    login: str
    name: str = field(repr=False)
    state: State
    invited_at: datetime
    invited_by: UUID | None
    password_hash: str | None = field(default=None, repr=False)
    activated_at: datetime | None = None
    last_login_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A role somebody holds: by whose yes, and since when it was last confirmed."""

    staff_id: UUID
    role: Role
    granted_at: datetime
    granted_by: UUID | None
    approved_by: UUID | None
    confirmed_at: datetime

    def is_due(self, rules: StaffRules, *, now: datetime) -> bool:
        """Whether it must be confirmed anew by four eyes (clause 6.1f)."""
        return now - self.confirmed_at > rules.recertify


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An open session of a member of the staff."""

    session_id: UUID
    staff_id: UUID
    opened_at: datetime
    active_at: datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that stands: of a login's password, or of one of its second factors."""

    login_id: UUID
    what: str
    until: datetime


@dataclass(frozen=True, slots=True)
class StaffAttempt:
    """A reserved look at password and second factor, and whose they would be.

    ``challenge`` is what a security key was asked for this attempt, if it was.
    """

    attempt: Attempt
    member: Member | None
    challenge: bytes | None = field(default=None, repr=False)


def login_of(typed: str) -> str | None:
    """The one form of a login; None when nobody can have it."""
    login = typed.strip().lower()
    return login if _LOGIN.fullmatch(login) else None


def unknown_staff_id(login_token: str) -> UUID:
    """The id attempts on a login without a member are recorded under."""
    return uuid5(_UNKNOWN, login_token)


def is_totp_code(code: str) -> bool:
    """Whether it has the form of an authenticator's code, not of a recovery code."""
    return _TOTP_CODE.fullmatch(code) is not None


def staff_session_required() -> Refused:
    """Nobody is logged in, or no more."""
    return Refused(
        "staff_session_required",
        "You are not logged in, or the session has ended.",
        next_step="Log in.",
    )


def staff_not_found() -> Refused:
    """No such member of the staff."""
    return Refused(
        "staff_not_found",
        "There is no such member of the staff.",
        next_step="List the staff.",
    )


def login_unfit() -> Refused:
    """The login has a form nobody's can have."""
    return Refused(
        "login_unfit",
        "A login is 3 to 32 lower-case Latin letters, digits and . _ -, letter first.",
        next_step="Choose another login.",
    )


def login_taken() -> Refused:
    """Somebody works under this login."""
    return Refused(
        "login_taken",
        "Somebody of the staff has this login.",
        next_step="Choose another login.",
    )


def invitation_invalid() -> Refused:
    """No such invitation, used up or run out: the answer is the same."""
    return Refused(
        "invitation_invalid",
        "The invitation is not valid, or not any more.",
        next_step="Ask whoever invited you for a new one.",
    )


def factor_code_wrong() -> Refused:
    """The first code of a new authenticator is not right."""
    return Refused(
        "code_wrong",
        "The code is not right.",
        next_step="Look at the authenticator again; is the clock of the phone right?",
    )


def staff_exists() -> Refused:
    """The first administrators have come in: others are invited by them."""
    return Refused(
        "staff_exists",
        "There is staff already.",
        next_step="Ask an administrator for an invitation.",
    )


def concerns_yourself() -> Refused:
    """Nobody decides on themselves (clause 6.1f)."""
    return Refused(
        "concerns_yourself",
        "Nobody decides on themselves.",
        next_step="Let another person ask for it.",
    )


def asker_suspended() -> Refused:
    """What a person kept out meanwhile has asked for is not carried out."""
    return Refused(
        "asker_suspended",
        "Whoever asked for it is not at work here any more.",
        next_step="If it is needed, ask for it yourself and let another decide.",
    )


def client_not_found() -> Refused:
    """The staff named somebody who has no login."""
    return Refused(
        "client_not_found",
        "No client has this id.",
        next_step="Look at the id again.",
    )


def login_not_fresh() -> Refused:
    """A change of factors takes both factors, given a moment ago."""
    return Refused(
        "login_not_fresh",
        "A security key is added within five minutes of a login.",
        next_step="Log in anew, then add it.",
    )


def passkey_not_found() -> Refused:
    """The member has no such security key."""
    return Refused(
        "passkey_not_found",
        "The member of the staff has no such security key.",
        next_step="Look at the security keys they have.",
    )


def role_not_held() -> Refused:
    """The member does not hold the role."""
    return Refused(
        "role_not_held",
        "The member of the staff does not hold this role.",
        next_step="Look at the roles they hold.",
    )
