"""What antifraud needs from outside, in its own words."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from kernel.events import Event
from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.rules import Feature, Windows


class SignalKind(StrEnum):
    """Facts of other services that features are counted from."""

    APPLICATION = "application"
    REFUSAL = "refusal"
    FAILED_LOGIN = "failed_login"
    ACCOUNT_PROVED = "account_proved"
    ACCOUNT_LOST = "account_lost"
    ACCOUNT_CHANGED = "account_changed"
    CLIENT_PHONE = "client_phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Our own small copy of one event: ids and keyed tokens, never a clear value."""

    event_id: UUID
    kind: SignalKind
    at: datetime
    client_id: UUID | None = None
    object_id: UUID | None = None
    """The application or the account it speaks of."""
    token: str | None = None
    """The keyed token of a phone or an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision as it is kept for ever."""

    decision_id: UUID
    inputs: Inputs
    verdict: Verdict
    rule_set: str
    decided_at: datetime
    asked_by: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Something that does not move until a person releases it.

    `held`: ``application:<id>``, ``payout:<id>`` or ``client:<id>``.
    """

    held: str
    decision_id: UUID
    client_id: UUID
    held_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A message on its way to the centre; its bytes never change."""

    event_id: UUID
    body: bytes
    attempts: int = 0


class Unit(Protocol):
    """One unit of work: what it saves and what it says leave together."""

    def features(
        self, *, question: "Question", windows: Windows, at: datetime
    ) -> Mapping[Feature, int]: ...

    def cleared(self, held: str) -> frozenset[str]:
        """Rules that fired in decisions whose hold a person has released."""
        ...

    def add_signal(self, signal: Signal) -> None: ...

    def save_decision(self, decision: Decision) -> None: ...

    def decision(self, decision_id: UUID) -> StoredDecision | None: ...

    def hold(self, hold: Hold) -> bool:
        """False when it is held already."""
        ...

    def release(self, held: str, *, at: datetime, by: str, ground: str) -> UUID | None:
        """The client whose hold ended; None when nothing was held."""
        ...

    def add_report(self, report: Report, *, at: datetime) -> None: ...

    def due_reports(self, *, at: datetime, limit: int) -> Sequence[Report]: ...

    def report_sent(self, event_id: UUID, *, ack_id: str, at: datetime) -> bool: ...

    def report_failed(
        self, event_id: UUID, *, attempts: int, next_at: datetime
    ) -> bool: ...

    def report_parked(self, event_id: UUID, *, at: datetime) -> bool: ...

    def counts(self) -> Mapping[str, int]: ...

    def publish(self, event: Event) -> UUID: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about, before anything is known of it."""

    operation: str
    client_id: UUID
    account_id: UUID | None = None
    """The account the money would go to, when the asker names it."""


class Units(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[Unit]: ...


class Centre(Protocol):
    """The National Bank's anti-fraud centre."""

    def post(self, body: bytes) -> str:
        """Send a message; its acknowledgement's id.

        Raises Transient when the centre is away, Broken when it refuses the message.
        """
        ...
