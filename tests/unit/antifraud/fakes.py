"""In-memory twins of antifraud's ports."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import KernelError
from kernel.events import Event
from kernel.ids import Ids
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.domain.cases import Concern
from services.antifraud.domain.catalogue import Entity, Value
from services.antifraud.domain.centre import Page
from services.antifraud.domain.decision import Verdict, fired_to_wire, inputs_to_wire
from services.antifraud.domain.engine import Engines
from services.antifraud.domain.history import Past
from services.antifraud.domain.lists import Entry, Listed, day_of
from services.antifraud.domain.occurrences import Happening
from services.antifraud.domain.versions import Entry as RuleEntry
from services.antifraud.domain.versions import live_of, shadow_of
from services.antifraud.handlers import Tools
from services.antifraud.ports import (
    Decision,
    Hold,
    Look,
    Question,
    Report,
    StoredDecision,
)
from services.antifraud.ports.centre import Told

ENGINES = Engines()
NOON = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


class FakeClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def fake_tools(clock: FakeClock, ids: Ids) -> Tools:
    """The tools of a use case; no time passes while it judges."""
    return Tools(
        clock=clock,
        ids=ids,
        policy=STARTING_POLICY,
        engines=ENGINES,
        ticks=lambda: 0,
        token=lambda kind, value: f"{kind}-{value}",
    )


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
    """Unit and Units in one; `known` is what will be seen."""

    known: dict[str, Value] = field(default_factory=dict)
    decisions: dict[UUID, Decision] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    released: list[Hold] = field(default_factory=list)
    remembered: list[Happening] = field(default_factory=list)
    entry: dict[tuple[str, str], Entry] = field(default_factory=dict)
    rule_sets: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    rule_entries: list[RuleEntry] = field(default_factory=list)
    labels: dict[UUID, bool] = field(default_factory=dict)
    shadows: dict[UUID, tuple[str, Verdict]] = field(default_factory=dict)
    reports: dict[UUID, ReportRow] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    concerned: list[Concern] = field(default_factory=list)
    open: bool = False

    @contextmanager
    def begin(self) -> Iterator["FakeStore"]:
        self.open = True
        try:
            yield self
        finally:
            self.open = False

    def look(self, question: Question, *, at: datetime) -> Look:
        self.asked.append(question)
        held = {
            name: True
            for name, what in (
                ("operation_held", question.operation),
                ("client_held", f"client:{question.client_id}"),
            )
            if what in self.holds
        }
        return Look(
            keys={Entity.CLIENT: f"client:{question.client_id}", **question.names},
            values={**self.known, **held},
            cleared=frozenset(
                code
                for hold in self.released
                if hold.held == question.operation
                for code in self.decisions[hold.decision_id].verdict.codes
            ),
            asked=any(
                made.inputs.operation == question.operation
                for made in self.decisions.values()
            ),
            live=live_of(self.rule_entries, starting="") or None,
            shadow=shadow_of(self.rule_entries),
        )

    def concern(self, wanted: Concern) -> UUID | None:
        """The first of a client's opens a case."""
        first = {each.about: each.case_id for each in reversed(self.concerned)}
        self.concerned.append(wanted)
        return first.get(wanted.about, wanted.case_id)

    def remember(self, happening: Happening) -> None:
        self.remembered.append(happening)

    def account_of(self, client_id: UUID, account_id: str) -> str | None:
        links = (link for one in self.remembered for link in one.links)
        keys = [
            link.key
            for link in links
            if (link.client_id, link.object) == (client_id, account_id)
        ]
        return keys[-1] if keys else None

    def add_entries(self, entries: Sequence[Entry]) -> int:
        fresh = [each for each in entries if (each.of, each.key) not in self.entry]
        self.entry.update({(each.of, each.key): each for each in entries})
        return len(fresh)

    def end_entries(
        self, *, of: str, keys: Sequence[str], at: datetime, by: str
    ) -> int:
        return sum(self.entry.pop((of, key), None) is not None for key in keys)

    def entries(self, *, of: str, at: datetime, limit: int) -> Sequence[Listed]:
        return [
            Listed(
                entity=each.entity,
                value=each.key,
                expires_on=day_of(each.expires_at),
                reason=each.reason,
                source=each.source,
                added_at=each.added_at,
                added_by=each.added_by,
            )
            for each in self.entry.values()
            if each.of == of and each.expires_at > at
        ][:limit]

    def save_decision(self, decision: Decision) -> None:
        self.decisions[decision.decision_id] = decision

    def decision(self, decision_id: UUID) -> StoredDecision | None:
        made = self.decisions.get(decision_id)
        if made is None:
            return None
        inputs, fired = inputs_to_wire(made.inputs), fired_to_wire(made.verdict)
        return StoredDecision(
            decision_id=made.decision_id,
            inputs=inputs,
            fired=fired,
            outcome=made.verdict.outcome,
            score=made.verdict.score,
            rule_set=made.rule_set,
            decided_at=made.decided_at,
            asked_by=made.asked_by,
            took_us=made.took_us,
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
        line = [row for row in self.reports.values() if row.state == "pending"]
        if not line or line[0].next_at > at:
            return []
        return [row.report for row in line[:limit]]

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

    def rule_set(self, version: str) -> Mapping[str, Json] | None:
        return self.rule_sets.get(version)

    def add_rule_set(self, version: str, wire: Mapping[str, Json]) -> bool:
        return self.rule_sets.setdefault(version, wire) is wire

    def register(self) -> Sequence[RuleEntry]:
        return self.rule_entries

    def add_entry(self, entry: RuleEntry) -> None:
        self.rule_entries.append(entry)

    def history(self, *, since: datetime, limit: int) -> Sequence[Past]:
        by_rules = [
            made
            for made in self.decisions.values()
            if made.rule_set != "person" and made.decided_at >= since
        ]
        return [
            Past(made.inputs, made.verdict.outcome, self.labels.get(made.decision_id))
            for made in by_rules[-limit:]
        ]

    def first_decided_at(self) -> datetime | None:
        return min((made.decided_at for made in self.decisions.values()), default=None)

    def add_label(
        self, decision_id: UUID, *, fraud: bool, by: UUID, at: datetime
    ) -> None:
        self.labels[decision_id] = fraud

    def save_shadow(self, decision_id: UUID, *, version: str, verdict: Verdict) -> None:
        self.shadows[decision_id] = (version, verdict)

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

    def status_of(self, event_id: UUID) -> Told | None:
        raise AssertionError(event_id)

    def messages(self, since: datetime, until: datetime) -> Mapping[UUID, str]:
        raise AssertionError(since, until)

    def changes(self, *, after: int, limit: int) -> Page:
        raise AssertionError(after, limit)

    def post(self, body: bytes) -> str:
        assert not self.store.open, "no transaction across a network call"
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(body)
        return f"ack-{len(self.taken)}"
