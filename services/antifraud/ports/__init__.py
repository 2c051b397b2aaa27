"""What antifraud needs from outside, in its own words."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from services.antifraud.domain.cases import Concern
from services.antifraud.domain.catalogue import Entity, Value
from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.history import Past
from services.antifraud.domain.lists import Entry as ListEntry
from services.antifraud.domain.lists import Listed
from services.antifraud.domain.occurrences import Happening
from services.antifraud.domain.versions import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision as it is kept for ever."""

    decision_id: UUID
    inputs: Inputs
    verdict: Verdict
    rule_set: str
    decided_at: datetime
    asked_by: str
    took_us: Mapping[str, int]
    """Microseconds each rule took; no part of what the decision rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision read back, for explaining and replaying."""

    decision_id: UUID
    inputs: Mapping[str, object]
    fired: Sequence[object]
    outcome: str
    score: int
    rule_set: str
    decided_at: datetime
    asked_by: str
    took_us: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A stored decision, what it comes to when made again, and why its rules spoke.

    ``again`` is None for what a person decided: no rule can do that once more.
    """

    stored: StoredDecision
    again: Verdict | None
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Something that does not move until a person releases it.

    `held`: an operation as it was asked about, or ``client:<id>``.
    """

    held: str
    decision_id: UUID
    client_id: UUID
    held_at: datetime
    until_on: date
    """The last day of its term; the day's end releases nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A message on its way to the centre; its bytes never change."""

    event_id: UUID
    body: bytes
    attempts: int = 0


class Unit(Protocol):
    """One unit of work: what it saves and what it says leave together."""

    def look(self, question: "Question", *, at: datetime) -> "Look":
        """What is known at an instant, without what belongs to the question itself."""
        ...

    def remember(self, happening: Happening) -> None:
        """Keep what happened; what is kept already is not kept twice."""
        ...

    def account_of(self, client_id: UUID, account_id: str) -> str | None:
        """The key of a client's account by its id; None when we were never told."""
        ...

    def add_entries(self, entries: Sequence[ListEntry]) -> int:
        """Put on lists; how many were not there already.  An entry is renewed."""
        ...

    def end_entries(
        self, *, of: str, keys: Sequence[str], at: datetime, by: str
    ) -> int:
        """Take from a list; how many stood there."""
        ...

    def entries(self, *, of: str, at: datetime, limit: int) -> Sequence[Listed]:
        """What stands on a list, the newest first."""
        ...

    def save_decision(self, decision: Decision) -> None: ...

    def decision(self, decision_id: UUID) -> StoredDecision | None: ...

    def hold(self, hold: Hold) -> bool:
        """False when it is held already."""
        ...

    def release(self, held: str, *, at: datetime, by: str, ground: str) -> UUID | None:
        """The client whose hold ended; None when nothing was held."""
        ...

    def add_report(self, report: Report, *, at: datetime) -> None: ...

    def due_reports(self, *, at: datetime, limit: int) -> Sequence[Report]:
        """Whose turn it is, the oldest first; nobody while the first of them rests."""
        ...

    def report_sent(self, event_id: UUID, *, ack_id: str, at: datetime) -> bool: ...

    def report_failed(
        self, event_id: UUID, *, attempts: int, next_at: datetime
    ) -> bool: ...

    def report_parked(self, event_id: UUID, *, at: datetime) -> bool: ...

    def counts(self) -> Mapping[str, int]: ...

    def rule_set(self, version: str) -> Mapping[str, Json] | None:
        """What a drafted version says; None for one that was not."""
        ...

    def add_rule_set(self, version: str, wire: Mapping[str, Json]) -> bool:
        """False when there is one of that version."""
        ...

    def register(self) -> Sequence[Entry]:
        """What was done with every version, the oldest first."""
        ...

    def add_entry(self, entry: Entry) -> None: ...

    def history(self, *, since: datetime, limit: int) -> Sequence[Past]:
        """Decisions that rules of the catalogue made, the newest of them."""
        ...

    def first_decided_at(self) -> datetime | None: ...

    def add_label(
        self, decision_id: UUID, *, fraud: bool, by: UUID, at: datetime
    ) -> None:
        """The newest label of a decision counts."""
        ...

    def save_shadow(self, decision_id: UUID, *, version: str, verdict: Verdict) -> None:
        """What the version in the shadow would have decided."""
        ...

    def concern(self, wanted: Concern) -> UUID | None:
        """Join the open case about this, or open it; None if none is to be opened.

        The id of the case: the one that was wanted if it was opened now.
        """
        ...

    def publish(self, event: Event) -> UUID: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about, before anything is known of it."""

    operation: str
    client_id: UUID
    names: Mapping[Entity, str]
    """Keys of what the asker names; they go before what we know of the client."""
    account_id: str | None = None
    """The account the money would go to, when the asker names it by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of an operation and of whoever has to do with it."""

    keys: Mapping[Entity, str]
    values: Mapping[str, Value]
    """Of the catalogue, but for defaults."""
    cleared: frozenset[str]
    """Rules that fired in decisions whose hold a person has released."""
    asked: bool
    """Whether it was asked about before."""
    live: str | None = None
    """The version that was made live last; None while the starting one judges."""
    shadow: str | None = None
    """The version that judges beside it."""
    tripped: frozenset[tuple[str, str]] = frozenset()
    """Versions and their rules that ask for a look only."""


class Units(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[Unit]: ...


class Alarms(Protocol):
    """Telling the operators."""

    def analysis_overdue(self, *, days: int) -> None:
        """The regular analysis of the rules is overdue since so many days; 0: not."""
        ...
