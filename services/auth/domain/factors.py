"""Second factors: the code by message, TOTP and recovery codes (clause 4.3).

Each is judged like a password: an attempt is reserved before anything is compared,
counted per login and kind, apart from the passwords' count, and after the last one
that kind is locked as clause 4.7 locks a password.
The code by message cannot be removed: the phone is the login (clause 4.4), so an
account is never without a second factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final, Literal
from urllib.parse import quote
from uuid import UUID

from kernel.crypto import Json, b32, constant_time_equal, hotp
from kernel.errors import Refused

CodeMethod = Literal["sms", "totp", "recovery_code"]
CountedMethod = CodeMethod | Literal["recovery_sms"]
"""What is counted by itself: guesses at a recovery lock no factor of a login."""
Method = Literal["sms", "totp", "recovery_code", "passkey"]

TOTP_SECRET_BYTES: Final = 20
"""RFC 4226 recommends 160 bits."""
TOTP_STEP_S: Final = 30
TOTP_DRIFT: Final = 1
"""Steps a phone's clock may be early or late (RFC 6238, section 5.2)."""
ENROLMENT_LASTS: Final = timedelta(minutes=15)
"""A secret that was shown and not confirmed by then is worth nothing."""

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
"""80 random bits; as text, `RECOVERY_LETTERS` letters of base32."""
RECOVERY_LETTERS: Final = 16
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class CodeProof:
    """Digits or letters given as a second factor."""

    method: CodeMethod
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyProof:
    """The answer of an authenticator, as the browser gives it."""

    credential: Mapping[str, Json] = field(repr=False)


Proof = CodeProof | PasskeyProof


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """The secret a client's authenticator shares with us.

    `last_step` is the newest time step a code was taken of: it and all before it are
    used up (RFC 6238, section 5.2).
    """

    login_id: UUID
    secret: bytes = field(repr=False)
    begun_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0

    def step_of(self, code: str, *, now: datetime) -> int | None:
        """The step, within the drift, whose code this is; None when there is none."""
        present = int(now.timestamp()) // TOTP_STEP_S
        found = None
        for step in range(present - TOTP_DRIFT, present + TOTP_DRIFT + 1):
            right = hotp(self.secret, step)
            if constant_time_equal(right.encode(), code.encode()):
                found = step
        return found

    def uri(self, *, site: str) -> str:
        """What an authenticator reads from a picture; names the site and nobody."""
        label = quote(f"{site}:{site}", safe="")
        issuer = quote(site, safe="")
        return (
            f"otpauth://totp/{label}?secret={b32(self.secret)}&issuer={issuer}"
            f"&algorithm=SHA1&digits=6&period={TOTP_STEP_S}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAttempt:
    """One reserved look at a second factor, the `number`-th of the present run.

    `reopened` says that it is the first after a lock ran out.
    """

    login_id: UUID
    method: CountedMethod
    number: int
    locked_until: datetime | None
    reopened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which second factors a login has; the code by message is always one."""

    totp_since: datetime | None
    recovery_left: int
    passkeys: int

    @property
    def methods(self) -> tuple[Method, ...]:
        """In the order in which they are offered: what cannot be phished first."""
        return (
            *(("passkey",) if self.passkeys else ()),
            *(("totp",) if self.totp_since else ()),
            "sms",
            *(("recovery_code",) if self.recovery_left else ()),
        )

    @property
    def needs_message(self) -> bool:
        """Whether a code is sent unasked: nobody waits for one who has better."""
        return not (self.passkeys or self.totp_since)


def recovery_text(raw: bytes) -> str:
    """A recovery code as it is shown, in groups of four."""
    letters = b32(raw)
    groups = range(0, len(letters), _GROUP)
    return "-".join(letters[at : at + _GROUP] for at in groups)


def recovery_letters(typed: str) -> str:
    """The letters of a code as somebody typed it: case and separators do not count."""
    return "".join(char for char in typed.upper() if char.isalnum())


def factor_locked(*, time_left: timedelta) -> Refused:
    """This kind of second factor is locked for a while; another may be used."""
    return Refused(
        "factor_locked",
        "Too many wrong codes: this way of proving who you are is locked for a while.",
        next_step="Use another second factor, or wait for the time left.",
        seconds_left=max(1, ceil(time_left.total_seconds())),
    )


def factor_exists() -> Refused:
    """An authenticator is enrolled already; one at a time."""
    return Refused(
        "factor_exists",
        "An authenticator is enrolled already.",
        next_step="Remove it first, then enrol the new one.",
    )


def factor_not_found() -> Refused:
    """No such second factor, or somebody else's: the answer is the same."""
    return Refused(
        "factor_not_found",
        "There is no such second factor.",
        next_step="Look at the list of second factors again.",
    )


def step_up_required() -> Refused:
    """The act needs a second factor given just now (ASVS 7.5.1)."""
    return Refused(
        "step_up_required",
        "This needs a second factor given again just now.",
        next_step="Give a second factor again, then repeat the request.",
    )
