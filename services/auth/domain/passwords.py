"""Passwords: what may be one, and how guessing is stopped (clauses 4.5, 4.7).

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

PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 128

_UNKNOWN_LOGINS: Final = UUID("5b0a5ad8-6d0e-5f5b-9d0b-2f1f3f0f7c11")
"""Name space of the ids under which attempts on unknown numbers are recorded."""

_CONTEXT_WORDS: Final = frozenset(
    {
        "credit", "creditplus", "creditpluskz", "kredit", "kreditseven", "seven",
        "microcredit", "mfo", "password", "parol", "qwerty", "qwertyuiop", "admin",
        "кредит", "кредитсевен", "микрокредит", "мфо", "пароль", "йцукен", "несие",
        "құпиясөз",
    }
)  # fmt: skip
_FIRST_GUESSES: Final = frozenset(
    {"12345678", "123456789", "1234567890", "87654321", "0123456789", "11223344"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A client's way in (логин): the number given at registration (clause 4.4)."""

    login_id: UUID
    client_id: UUID
    phone: Phone
    phone_token: str
    password_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One reserved look at a password.

    `number` counts from 1 within the present run; `locked_until` is set when it is
    the last one; `reopened` says that it is the first after a lock ran out.
    """

    login_id: UUID
    phone_token: str
    number: int
    locked_until: datetime | None
    reopened: bool
    login: Login | None = None


def unknown_login_id(phone_token: str) -> UUID:
    """The id attempts on a number without a login are recorded under."""
    return uuid5(_UNKNOWN_LOGINS, phone_token)


def normal_form(password: str) -> str:
    """NFKC, as NIST SP 800-63B asks: one password on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def accept_password(password: str, *, phone: Phone) -> str:
    """The normal form of a password that may be set; Refused ``password_weak``.

    Length 8 to 128 characters, not the login, not a word anybody would try first.  No
    rules of composition, no forced change (ASVS 6.2.5, 6.2.10).
    """
    normal = normal_form(password)
    if not PASSWORD_MIN <= len(normal) <= PASSWORD_MAX:
        raise _weak("The password must have 8 to 128 characters.", minimum=PASSWORD_MIN)
    if _digits(normal)[-10:] == _digits(phone.reveal())[-10:]:
        raise _weak("The password must not be the phone number.")
    if normal in _FIRST_GUESSES or len(set(normal)) == 1:
        raise _weak("The password is among the first that are guessed.")
    if _letters(normal) in _CONTEXT_WORDS:
        raise _weak("The password is a word that is guessed first here.")
    return normal


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


def _weak(sentence: str, **details: int) -> Refused:
    return Refused(
        "password_weak",
        sentence,
        next_step="Choose a longer sentence that only you know.",
        **details,
    )


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalpha())


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))
