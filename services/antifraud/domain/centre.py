"""What the National Bank's centre tells us, and how its line is treated (6.1g iv).

The centre speaks in clear numbers; behind the adapter's door there are keyed names
alone, so all that is here may be kept.  Every change has a number, without gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from kernel.clock import rfc3339
from kernel.crypto import Json, canonical, sha256
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.lists import MAX_DAYS, end_of

LIST: Final = "centre"
"""The list on which rules look for what the centre told."""
WATCHED: Final = "watched"
BY: Final = "centre"
"""Who acts when the centre's word does."""
FIRST_REST_S: Final = 5


class ItemState(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    REPEATED = "repeated"
    """Told before under another number, word by word."""
    PARKED = "parked"
    """Not understood, or against what was told before: a person looks."""
    CLOSED = "closed"
    """A person has looked and said why nothing is to be done."""


class Status(StrEnum):
    """What the centre says of a message of ours."""

    ACCEPTED = "accepted"
    PROCESSING = "processing"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A person, number or account in the centre's base, under keyed names."""

    item_id: UUID
    keys: tuple[tuple[Entity, str], ...]
    category: str
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delisting:
    """A listing counts no more."""

    item_id: UUID
    listing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The operations of whoever is named are to be suspended."""

    item_id: UUID
    keys: tuple[tuple[Entity, str], ...]
    category: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """No change we understand; ``why`` is a code of ours and repeats nothing of it."""

    why: str


Says: TypeAlias = Listing | Delisting | Notice | Unfit


@dataclass(frozen=True, slots=True)
class Change:
    """One numbered entry of the centre's feed."""

    number: int
    says: Says

    @property
    def item_id(self) -> UUID | None:
        """The centre's own id of it; None for what is not understood."""
        return None if isinstance(self.says, Unfit) else self.says.item_id

    @property
    def kind(self) -> str:
        return type(self.says).__name__.lower()

    @property
    def digest(self) -> str:
        """Of what it says, by its keyed form: tells a repetition from a conflict."""
        return sha256(canonical([self.kind, *_words(self.says)])).hex()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the feed, in order, and the number of the last change there is."""

    changes: tuple[Change, ...]
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One listing's claim on one keyed name."""

    item_id: UUID
    entity: Entity
    key: str
    category: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How far the feed has been heard, and until when it rests."""

    after: int = 0
    last: int = 0
    heard_at: datetime | None = None
    failures: int = 0
    next_at: datetime | None = None

    def rests(self, at: datetime) -> bool:
        """Whether it is too early to ask again."""
        return self.next_at is not None and at < self.next_at


def _words(says: Says) -> Sequence[Json]:
    match says:
        case Listing():
            day = None if says.expires_on is None else says.expires_on.isoformat()
            return [*(key for _, key in says.keys), says.category, day]
        case Delisting():
            return [str(says.listing_id)]
        case Notice():
            return [*(key for _, key in says.keys), says.category]
        case Unfit():
            return [says.why]


def without_gaps(page: Page, *, after: int) -> tuple[Change, ...]:
    """The page's changes; a number that was passed over is there as unfit.

    Nothing is lost by being left out: whoever looks asks the centre for that number.
    """
    told = {change.number: change for change in page.changes}
    highest = max(told, default=after)
    return tuple(
        told.get(number, Change(number, Unfit("number_missing")))
        for number in range(after + 1, highest + 1)
    )


def standing(listing: Listing, *, today: date, days: int) -> tuple[Standing, ...]:
    """What a listing claims; for ``days`` when it names no day or one too far."""
    longest = today + timedelta(days=min(days, MAX_DAYS))
    until = min(listing.expires_on or longest, longest)
    return tuple(
        Standing(
            item_id=listing.item_id,
            entity=entity,
            key=key,
            category=listing.category,
            expires_at=end_of(until),
        )
        for entity, key in listing.keys
    )


def rest_after(failures: int, *, longest_s: int) -> timedelta:
    """How long the line rests after so many failures in a row: doubling, bounded."""
    doubled: int = FIRST_REST_S * 2 ** min(failures, 10)
    return timedelta(seconds=min(doubled, longest_s))


def answer_to(
    notice: Notice, *, event_id: UUID, clients: Sequence[UUID], at: datetime
) -> Json:
    """The message that answers a notice: whom we suspended, by our ids."""
    return {
        "event_id": str(event_id),
        "kind": "notice",
        "detected_at": rfc3339(at),
        "status": "suspended" if clients else "rejected",
        "initiator": {"client_ids": [str(client) for client in clients]},
        "grounds": notice.category if clients else "no_client",
        "correlation_id": str(notice.item_id),
    }
