"""In-memory twins of antifraud's ports."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.errors import KernelError
from kernel.events import Event
from services.antifraud.domain.decision import fired_to_wire, inputs_to_wire
from services.antifraud.domain.rules import Feature, Windows
from services.antifraud.ports import (
    Decision,
    Hold,
    Question,
    Report,
    Signal,
    StoredDecision,
)

NOON = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


class FakeClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FakeIds:
    """1, 2, 3 …"""

    def __init__(self) -> None:
        self.last = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


@dataclass
class ReportRow:
    """A message on its way, as the table holds it."""

    report: Report
    next_at: datetime
    state: str = "pending"
    ack_id: str | None = None


@dataclass
class FakeStore:
    """Unit and Units in one; `known` is what the features will be."""

    known: dict[Feature, int] = field(default_factory=dict)
    decisions: dict[UUID, Decision] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    released: list[Hold] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    reports: dict[UUID, ReportRow] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    open: bool = False

    @contextmanager
    def begin(self) -> Iterator["FakeStore"]:
        self.open = True
        try:
            yield self
        finally:
            self.open = False

    def features(
        self,
        *,
        question: Question,
        windows: Windows,
        at: datetime,
    ) -> Mapping[Feature, int]:
        self.asked.append(question)
        held = {
            Feature.OPERATION_HELD: int(question.operation in self.holds),
            Feature.CLIENT_HELD: int(f"client:{question.client_id}" in self.holds),
        }
        return {**dict.fromkeys(Feature, 0), **self.known, **held}

    def cleared(self, held: str) -> frozenset[str]:
        return frozenset(
            code
            for hold in self.released
            if hold.held == held
            for code in self.decisions[hold.decision_id].verdict.codes
        )

    def add_signal(self, signal: Signal) -> None:
        self.signals.append(signal)

    def save_decision(self, decision: Decision) -> None:
        self.decisions[decision.decision_id] = decision

    def decision(self, decision_id: UUID) -> StoredDecision | None:
        made = self.decisions.get(decision_id)
        if made is None:
            return None
        inputs, fired = inputs_to_wire(made.inputs), fired_to_wire(made.verdict)
        assert isinstance(inputs, dict)
        assert isinstance(fired, list)
        return StoredDecision(
            decision_id=made.decision_id,
            inputs=inputs,
            fired=fired,
            outcome=made.verdict.outcome,
            score=made.verdict.score,
            rule_set=made.rule_set,
            decided_at=made.decided_at,
            asked_by=made.asked_by,
        )

    def hold(self, hold: Hold) -> bool:
        return self.holds.setdefault(hold.held, hold) is hold

    def release(
        self,
        held: str,
        *,
        at: datetime,
        by: str,
        ground: str,
    ) -> UUID | None:
        hold = self.holds.pop(held, None)
        if hold is None:
            return None
        self.released.append(hold)
        return hold.client_id

    def add_report(self, report: Report, *, at: datetime) -> None:
        self.reports[report.event_id] = ReportRow(report, at)

    def due_reports(self, *, at: datetime, limit: int) -> Sequence[Report]:
        due = [
            row.report
            for row in self.reports.values()
            if row.state == "pending" and row.next_at <= at
        ]
        return due[:limit]

    def report_sent(
        self,
        event_id: UUID,
        *,
        ack_id: str,
        at: datetime,
    ) -> bool:
        row = self.reports[event_id]
        row.state, row.ack_id = "sent", ack_id
        return True

    def report_failed(
        self, event_id: UUID, *, attempts: int, next_at: datetime
    ) -> bool:
        row = self.reports[event_id]
        row.next_at = next_at
        row.report = Report(event_id=event_id, body=row.report.body, attempts=attempts)
        return True

    def report_parked(self, event_id: UUID, *, at: datetime) -> bool:
        self.reports[event_id].state = "parked"
        return True

    def counts(self) -> Mapping[str, int]:
        return {"decisions": len(self.decisions)}

    def publish(self, event: Event) -> UUID:
        self.events.append(event)
        return UUID(int=len(self.events))


@dataclass
class FakeCentre:
    """Answers with an acknowledgement, or raises what it was told to."""

    store: FakeStore
    failures: list[KernelError] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    def post(self, body: bytes) -> str:
        assert not self.store.open, "no transaction across a network call"
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(body)
        return f"ack-{len(self.taken)}"
