"""Passwords: how they are compared, and how guessing is stopped (clauses 4.5, 4.7).

The lock counts attempts, not failures: an attempt is reserved before the password is
looked at, so that a thousand guesses at once are three guesses (cases A01, P04, P05).
It is kept by the keyed token of the number, whether anybody has that number or not, so
that the lock tells nobody who is a client (case A04).
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID, uuid5

from kernel.errors import Refused
from kernel.values import Phone

_UNKNOWN_LOGINS: Final = UUID("5b0a5ad8-6d0e-5f5b-9d0b-2f1f3f0f7c11")
"""Name space of the ids under which attempts on unknown numbers are recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A client's way in (логин): the number given at registration (clause 4.4)."""

    login_id: UUID
    client_id: UUID
    phone: Phone
    phone_token: str
    password_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The number a login has left: told for a while of what only a thief would hide."""

    phone: Phone
    phone_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One reserved look at a password.

    `number` counts from 1 within the present run; `locked_until` is set when it is
    the last one; `reopened` says that it is the first after a lock ran out.  `like` is
    a hash whose cost the look has if nobody has the number: that of a neighbour, so
    that strangers and clients cost alike while old hashes are being replaced (A04).
    """

    login_id: UUID
    phone_token: str
    number: int
    locked_until: datetime | None
    reopened: bool
    login: Login | None = None
    like: str | None = None


def unknown_login_id(phone_token: str) -> UUID:
    """The id attempts on a number without a login are recorded under."""
    return uuid5(_UNKNOWN_LOGINS, phone_token)


def normal_form(password: str) -> str:
    """NFKC, as NIST SP 800-63B asks: one password on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def login_refused(*, time_left: timedelta | None = None) -> Refused:
    """The one answer to a wrong password, an unknown number and a locked login.

    They differ in the time left alone (cases A01, A04).
    """
    details = {} if time_left is None else {"seconds_left": _seconds(time_left)}
    return Refused(
        "login_refused",
        "The number or the password is not right, or access is locked for a while.",
        next_step="Check both and try again; after a lock wait for the time left.",
        **details,
    )


def password_already_set() -> Refused:
    """The first password was chosen before; another way leads to a new one."""
    return Refused(
        "password_already_set",
        "The password has been chosen already.",
        next_step="Log in with it.",
    )


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))
