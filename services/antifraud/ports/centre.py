"""What antifraud needs of the National Bank's centre, and of what it keeps of it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Transient
from services.antifraud.domain.centre import Change, Feed, Page, Standing, Status
from services.antifraud.domain.completeness import Ours
from services.antifraud.ports import Unit


class UnreadableError(Transient):
    """The centre's answer is too long or of no form: one with less in it may do."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the centre says of a message; ``reason`` is a code of its own."""

    status: Status
    reason: str | None = None


class Centre(Protocol):
    """The National Bank's anti-fraud centre.

    Raises Transient when it is away or its answer is none.
    """

    def post(self, body: bytes) -> str:
        """Send a message; its acknowledgement's id.  Broken when it is refused."""
        ...

    def status_of(self, event_id: UUID) -> Told | None:
        """What became of a message; None when the centre knows none of that id."""
        ...

    def messages(self, since: datetime, until: datetime) -> Mapping[UUID, str]:
        """Statuses of our messages about what was detected within, by event id."""
        ...

    def changes(self, *, after: int, limit: int) -> Page:
        """What the centre tells beyond a number.  Also raises `UnreadableError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A change as it is kept."""

    number: int
    item_id: UUID | None
    kind: str
    state: str
    why: str | None
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message to the centre, as the staff see it."""

    event_id: UUID
    kind: str
    state: str
    status: str | None
    reason: str | None
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How things stand between the centre and us."""

    feed: Feed
    reports: Mapping[str, int]
    """Messages by state; `rejected` are those the centre does not take."""
    items: Mapping[str, int]
    oldest_pending_at: datetime | None
    rests_until: datetime | None
    differing: Sequence[date] = field(default=())
    """Days whose newest report of completeness says that something is missing."""
    complete_until: date | None = None
    """The newest day there is a report of."""


class CentreUnit(Unit, Protocol):
    """A unit of work that also keeps what is between the centre and us."""

    def feed(self) -> Feed: ...

    def feed_heard(self, before: Feed, heard: Feed) -> bool:
        """False when another process has moved on meanwhile."""
        ...

    def feed_failed(self, before: Feed, *, next_at: datetime) -> None: ...

    def digest_of(self, item_id: UUID) -> str | None:
        """Of the change that was told and applied under this id."""
        ...

    def save_item(
        self, change: Change, *, state: str, why: str | None, at: datetime
    ) -> None:
        """Keep what became of a change; one that was parked is judged anew."""
        ...

    def item(self, number: int) -> Item | None: ...

    def items(self, *, state: str | None, limit: int) -> Sequence[Item]: ...

    def add_standings(self, standings: Sequence[Standing], *, at: datetime) -> None: ...

    def end_standings(self, listing_id: UUID, *, at: datetime) -> Sequence[str]:
        """A listing claims nothing any more; the names it claimed."""
        ...

    def standing_of(self, key: str, *, at: datetime) -> Standing | None:
        """The claim on a name that lasts longest."""
        ...

    def clients_of(self, keys: Sequence[str], *, limit: int) -> Sequence[UUID]:
        """Whose person or number it is now, or whose account it is or was."""
        ...

    def unsettled(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """Acknowledged messages of which it is time to ask what became of them."""
        ...

    def report_told(
        self,
        event_id: UUID,
        *,
        status: str | None,
        reason: str | None,
        ask_at: datetime,
    ) -> bool: ...

    def report_again(self, event_id: UUID, *, at: datetime) -> bool:
        """Parked, rejected, or not known there any more: the same bytes go again."""
        ...

    def close(self, name: UUID | int, *, by: str, ground: str, at: datetime) -> bool:
        """A person has looked; False when nothing of that name waits for one."""
        ...

    def sent(self, *, state: str | None, limit: int) -> Sequence[Sent]: ...

    def ours(self, since: datetime, until: datetime) -> Ours: ...

    def last_day(self) -> date | None:
        """The newest day with a report of completeness."""
        ...

    def save_day(
        self, day: date, report: Mapping[str, Json], *, differs: bool, at: datetime
    ) -> None: ...

    def days(
        self, *, limit: int
    ) -> Sequence[tuple[date, datetime, Mapping[str, Json]]]:
        """Reports of completeness, the newest day first, of each the newest."""
        ...

    def line(self) -> Line: ...


class CentreUnits(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[CentreUnit]: ...


class CentreAlarms(Protocol):
    """Telling the operators."""

    def line(self, found: Mapping[str, int]) -> None:
        """What needs a person, by code; 0 while it does not."""
        ...
