"""What waits for a person of the staff, for how long, and who may let it through.

A machine that is not sure asks a person.  A person alone settles a doubt; what a
machine found to be wrong, and where money goes without the bank's word, is let through
by two (clause 6.1f).  While a registration waits its time does not run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.errors import Refused


class ReviewKind(StrEnum):
    """Why a person has to look."""

    PHOTO_IN_DOUBT = "photo_in_doubt"
    """A measure between good and bad, or none."""
    PHOTO_HELD = "photo_held"
    """ЦОИД does not find the person on the photo."""
    PHONE_OWNER = "phone_owner"
    """The person is the state's; whose the number is, no operator knows."""
    ACCOUNT_OWNER = "account_owner"
    """The bank neither says that the account is the client's nor that it is not."""
    ANTIFRAUD = "antifraud"
    """Antifraud has not let a registration, or a change, go on in any round."""


OVERRIDES: Final = frozenset({ReviewKind.PHOTO_HELD, ReviewKind.ACCOUNT_OWNER})
"""Kinds that only two persons may let through."""


class Settlement(StrEnum):
    """How a waiting ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    """The client, or the bank, gave something better."""
    RUN_OUT = "run_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    """How long a registration may wait, and how long before that it is an alarm."""

    most: timedelta
    warning: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something that waits.

    `subject_id` is the photo, the registration, the account or the change. `until` is
    the end of the waiting of a registration or a change, `term_left` what was left of
    the registration's own time; an account waits as long as it takes.
    """

    review_id: UUID
    kind: ReviewKind
    client_id: UUID
    registration_id: UUID | None
    subject_id: UUID
    opened_at: datetime
    until: datetime | None = None
    term_left: timedelta | None = None

    def needs_two(self, *, approves: bool) -> bool:
        """Whether another person has to agree."""
        return approves and self.kind in OVERRIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a member of the staff says, and why; `agreed_by` is the second person."""

    approves: bool
    reason: str
    by: UUID
    agreed_by: UUID | None = None

    @property
    def settles_as(self) -> Settlement:
        return Settlement.APPROVED if self.approves else Settlement.REJECTED


def unknown_review() -> Refused:
    """Nothing of this id waits."""
    return Refused(
        "review_unknown",
        "Nothing of this id waits for anybody.",
        next_step="Look at the list again: it may have been decided.",
    )
