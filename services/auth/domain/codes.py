"""One-time codes: proof that a phone is in somebody's hand at this moment.

A code belongs to one challenge, and the challenge to one purpose and one reference
(a registration, a login, a contract), so that a code asked for one act opens no other
(ASVS 6.6.2).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from kernel.crypto import constant_time_equal
from kernel.errors import Refused
from kernel.values import Phone

CODE_DIGITS: Final = 6

Purpose = Literal[
    "registration",
    "login",
    "consent",
    "release",
    "step_up",
    "recovery",
    "phone_change",
]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

NumberPurpose = Literal["registration", "phone_change"]
"""Codes that prove a number which is nobody's login yet."""

ActPurpose = Literal["consent", "release"]
"""Acts of a client who is logged in that need a fresh second factor (clause 5.5)."""

ChallengeState = Literal["open", "confirmed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A code that was sent, and how often it has been tried.

    `code_token` is the keyed hash of the code: the code itself is nowhere but in the
    message. `used_for` names the one request a confirmed code may repeat.
    """

    challenge_id: UUID
    purpose: Purpose
    reference: UUID
    client_id: UUID | None
    phone: Phone
    phone_token: str
    code_token: str
    issued_at: datetime
    expires_at: datetime
    state: ChallengeState = "open"
    tries: int = 0
    confirmed_at: datetime | None = None
    used_for: str | None = None

    def opened_by(self, code_token: str) -> bool:
        """Whether a code with this keyed hash is the one that was sent."""
        return constant_time_equal(self.code_token.encode(), code_token.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a code is presented for; every field given must be the challenge's own.

    `used_for` is the keyed hash of the request's Idempotency-Key and code: the same
    request sent twice finds its code confirmed, any other finds it spent.
    """

    challenge_id: UUID
    purpose: Purpose
    reference: UUID | None = None
    client_id: UUID | None = None
    used_for: str | None = None

    def fits(self, challenge: Challenge) -> bool:
        """Whether the challenge was sent for this act of this person."""
        return (
            challenge.purpose == self.purpose
            and self.reference in (None, challenge.reference)
            and self.client_id in (None, challenge.client_id)
        )

    def repeats(self, challenge: Challenge) -> bool:
        """Whether this very request has confirmed the challenge before."""
        return (
            challenge.state == "confirmed"
            and self.used_for is not None
            and self.used_for == challenge.used_for
        )


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a client: what it is, and on which contract."""

    purpose: ActPurpose
    contract_id: UUID


def why_not(challenge: Challenge | None, claim: Claim, *, now: datetime) -> Refused:
    """Why no try could be reserved on a challenge."""
    if challenge is None or not claim.fits(challenge):
        return code_not_found()
    if challenge.expires_at <= now:
        return Refused(
            "code_expired",
            "The code is too old.",
            next_step="Ask for a new code.",
        )
    return Refused(
        "code_spent",
        "The code can no longer be used.",
        next_step="Ask for a new code.",
    )


def code_not_found() -> Refused:
    """No such challenge, or somebody else's: the answer is the same."""
    return Refused(
        "challenge_not_found",
        "There is no such code to confirm.",
        next_step="Ask for a new code.",
    )


def code_wrong(*, tries_left: int) -> Refused:
    """The digits are not those that were sent."""
    return Refused(
        "code_wrong",
        "The code is not right.",
        next_step="Enter the code from the last message, or ask for a new one.",
        tries_left=tries_left,
    )


def code_too_often(*, seconds_left: int) -> Refused:
    """The number has been sent enough codes for now (ASVS 6.6.3)."""
    return Refused(
        "code_too_often",
        "Too many codes were asked for.",
        next_step="Use the last code, or wait and ask again.",
        seconds_left=seconds_left,
    )
