"""The registration (регистрация) of clause 4.1: its states and who may move it on.

::

    draft → phone_confirmed ──→ data_complete ──→ photo_accepted → identified → active
       │          │       ↓       ↑ │↑ ↓              ↑│              │
       │          │  data_in_review ││ photo_in_review ┤              │
       │          │       │         │ ↘               ││              │
       │          │       │         │  photo_held ─────┘│              │
       └──────────┴───────┴─────────┴──────┴───────────┴──────────────┴──→ refused

A number whose owner no operator knows waits for a person (`domain.review`); so does a
photo in doubt, and the client may send a better one meanwhile; a photo on which ЦОИД
does not find the person is held, and no other is taken.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.crypto import constant_time_equal, sha256
from kernel.errors import Refused
from kernel.values import Phone

LIFETIME: Final = timedelta(hours=24)
"""How long an unfinished registration may be continued, waiting apart."""

MAX_PERSON_TRIES: Final = 5
"""How often one registration may be held against the state's record."""

TOKEN_BYTES: Final = 32


LOG_IN: Final = "Log in with the phone number of your account."
REGISTER_AGAIN: Final = "Register again."


class RegistrationState(StrEnum):
    """Where a registration stands."""

    DRAFT = "draft"
    PHONE_CONFIRMED = "phone_confirmed"
    DATA_IN_REVIEW = "data_in_review"
    DATA_COMPLETE = "data_complete"
    PHOTO_IN_REVIEW = "photo_in_review"
    PHOTO_HELD = "photo_held"
    PHOTO_ACCEPTED = "photo_accepted"
    IDENTIFIED = "identified"
    ACTIVE = "active"
    REFUSED = "refused"


NEXT_STEP: Final = {
    RegistrationState.DRAFT: "confirm_phone",
    RegistrationState.PHONE_CONFIRMED: "put_person",
    RegistrationState.DATA_IN_REVIEW: "wait",
    RegistrationState.DATA_COMPLETE: "put_photo",
    RegistrationState.PHOTO_IN_REVIEW: "wait_or_put_photo",
    RegistrationState.PHOTO_HELD: "wait",
    RegistrationState.PHOTO_ACCEPTED: "identify",
    RegistrationState.IDENTIFIED: "wait",
    RegistrationState.ACTIVE: "set_password",
    RegistrationState.REFUSED: "none",
}
"""What the person is to do next, as a word for the front door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One person's way into the cabinet. The bearer token is kept as its SHA-256."""

    registration_id: UUID
    client_id: UUID
    state: RegistrationState
    token_sha256: bytes
    phone: Phone
    challenge_id: UUID
    started_at: datetime
    expires_at: datetime
    refused_code: str | None = None

    def is_held_by(self, token: str) -> bool:
        """Whether the token is this registration's."""
        return constant_time_equal(token_digest(token), self.token_sha256)

    def refuse_unless(self, *states: RegistrationState, at: datetime) -> None:
        """Refused unless it stands in one of `states` and has not run out."""
        if self.state is RegistrationState.REFUSED:
            raise over(self.refused_code)
        if at >= self.expires_at:
            raise Refused(
                "registration_expired",
                "The registration was not finished in time.",
                next_step="Register again.",
            )
        if self.state not in states:
            raise wrong_step(self.state)


def token_digest(token: str) -> bytes:
    """The only form of the bearer token that is stored."""
    return sha256(token.encode())


def unknown() -> Refused:
    """No such registration, or not yours: one answer for both."""
    return Refused(
        "registration_unknown",
        "There is no such registration.",
        next_step="Register again.",
    )


def wrong_step(state: RegistrationState) -> Refused:
    """Another step is due; once given, the data of a person stay (clause 4.11)."""
    return Refused(
        "registration_step_wrong",
        "Another step of the registration is due.",
        next_step="Go on with the step named.",
        state=state.value,
        step=NEXT_STEP[state],
    )


def over(code: str | None) -> Refused:
    """The registration ended without an account."""
    return Refused(
        code or "registration_refused",
        "This registration was refused.",
        next_step=(
            LOG_IN if code in {ALREADY_REGISTERED, PHONE_REGISTERED} else REGISTER_AGAIN
        ),
        outcome="final",
    )


ALREADY_REGISTERED: Final = "already_registered"
"""The person has an account. Told only after the person has proved who they are."""

PHONE_REGISTERED: Final = "phone_already_registered"
"""The number is a login already. Told only to who holds the phone in hand."""

PHONE_QUARANTINED: Final = "phone_quarantined"
"""The number was another client's login until lately; told to its holder only."""

BIOMETRICS_NEGATIVE: Final = "biometrics_negative"
"""Three failed attempts: the result is negative and the registration ends."""


def too_many_photos() -> Refused:
    """Photos were judged often enough for one registration."""
    return Refused(
        "photo_tries_exhausted",
        "Too many photos were sent.",
        next_step="Register again, before a plain light wall and in good light.",
    )
