"""Tables of antifraud, and features counted by SQL.

`signal` and `decision` are only ever added to; the application's role has no right to
change them. `hold` and `centre_report` change by one guarded UPDATE each.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Index,
    Insert,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    Update,
    Uuid,
    and_,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert

from kernel.context import Context
from kernel.crypto import canonical
from kernel.database import Database, Transaction
from kernel.events import Event
from kernel.tables import metadata_for_service
from services.antifraud.domain.decision import fired_to_wire, inputs_to_wire
from services.antifraud.domain.rules import Feature, Windows
from services.antifraud.ports import (
    Decision,
    Hold,
    Question,
    Report,
    Signal,
    SignalKind,
    StoredDecision,
    Unit,
)

metadata = metadata_for_service()

signal = Table(
    "signal",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("client_id", Uuid),
    Column("object_id", Uuid),
    Column("token", Text),
)
Index("signal_of_client", signal.c.client_id, signal.c.kind, signal.c.at)
Index("signal_of_token", signal.c.token, signal.c.kind, signal.c.at)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Column("fired", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("rule_set", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", Text, nullable=False),
)
Index("decision_of_operation", decision.c.operation, decision.c.decided_at)

hold = Table(
    "hold",
    metadata,
    Column("decision_id", Uuid, primary_key=True),
    Column("held", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("held_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    Column("ground", Text),
)
Index(
    "hold_open",
    hold.c.held,
    unique=True,
    postgresql_where=text("released_at IS NULL"),
)

centre_report = Table(
    "centre_report",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("ack_id", Text),
)
Index(
    "centre_report_due",
    centre_report.c.next_at,
    postgresql_where=text("state = 'pending'"),
)


class SqlUnits:
    """Opens units of work in one context. Implements Units."""

    def __init__(self, database: Database, context: Context) -> None:
        self._database = database
        self._context = context

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        with self._database.begin(self._context) as transaction:
            yield SqlUnit(transaction)


class SqlUnit:
    """Implements Unit on an open transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    def features(
        self, *, question: Question, windows: Windows, at: datetime
    ) -> Mapping[Feature, int]:
        return {
            Feature.APPLICATIONS: self._applications(
                question, since=at - windows.applications
            ),
            Feature.REFUSALS: self._count(
                _distinct_objects(
                    question.client_id, SignalKind.REFUSAL, at - windows.refusals
                )
            ),
            Feature.FAILED_LOGINS: self._failed_logins(
                question.client_id, since=at - windows.failed_logins
            ),
            Feature.ACCOUNT_CHANGES: self._beyond_first(
                question.client_id,
                (SignalKind.ACCOUNT_PROVED, SignalKind.ACCOUNT_CHANGED),
                since=at - windows.account_changes,
            ),
            Feature.PHONE_CHANGES: self._beyond_first(
                question.client_id,
                (SignalKind.CLIENT_PHONE,),
                since=at - windows.phone_changes,
            ),
            Feature.ACCOUNTS_LOST: self._accounts_lost(question),
            Feature.CLIENT_HELD: self._held(f"client:{question.client_id}"),
            Feature.OPERATION_HELD: self._held(question.operation),
        }

    def cleared(self, held: str) -> frozenset[str]:
        found = self._connection.execute(
            select(decision.c.fired)
            .join(hold, hold.c.decision_id == decision.c.id)
            .where(hold.c.held == held, hold.c.released_at.is_not(None))
        )
        return frozenset(
            each["code"] for row in found for each in orjson.loads(bytes(row.fired))
        )

    def add_signal(self, signal_: Signal) -> None:
        self._connection.execute(
            signal.insert(),
            {
                "event_id": signal_.event_id,
                "kind": signal_.kind.value,
                "at": signal_.at,
                "client_id": signal_.client_id,
                "object_id": signal_.object_id,
                "token": signal_.token,
            },
        )

    def save_decision(self, made: Decision) -> None:
        self._connection.execute(
            decision.insert(),
            {
                "id": made.decision_id,
                "operation": made.inputs.operation,
                "client_id": made.inputs.client_id,
                "inputs": canonical(inputs_to_wire(made.inputs)),
                "fired": canonical(fired_to_wire(made.verdict)),
                "outcome": made.verdict.outcome.value,
                "score": made.verdict.score,
                "rule_set": made.rule_set,
                "decided_at": made.decided_at,
                "asked_by": made.asked_by,
            },
        )

    def decision(self, decision_id: UUID) -> StoredDecision | None:
        row = self._connection.execute(
            select(
                decision.c.id,
                decision.c.inputs,
                decision.c.fired,
                decision.c.outcome,
                decision.c.score,
                decision.c.rule_set,
                decision.c.decided_at,
                decision.c.asked_by,
            ).where(decision.c.id == decision_id)
        ).one_or_none()
        if row is None:
            return None
        return StoredDecision(
            decision_id=row.id,
            inputs=orjson.loads(bytes(row.inputs)),
            fired=orjson.loads(bytes(row.fired)),
            outcome=row.outcome,
            score=row.score,
            rule_set=row.rule_set,
            decided_at=row.decided_at,
            asked_by=row.asked_by,
        )

    def hold(self, wanted: Hold) -> bool:
        return self._hit(
            insert(hold)
            .values(
                decision_id=wanted.decision_id,
                held=wanted.held,
                client_id=wanted.client_id,
                held_at=wanted.held_at,
            )
            .on_conflict_do_nothing()
        )

    def release(self, held: str, *, at: datetime, by: str, ground: str) -> UUID | None:
        released: UUID | None = self._connection.execute(
            update(hold)
            .where(hold.c.held == held, hold.c.released_at.is_(None))
            .values(released_at=at, released_by=by, ground=ground)
            .returning(hold.c.client_id)
        ).scalar_one_or_none()
        return released

    def add_report(self, report: Report, *, at: datetime) -> None:
        self._connection.execute(
            centre_report.insert(),
            {
                "event_id": report.event_id,
                "body": report.body,
                "state": "pending",
                "attempts": 0,
                "next_at": at,
                "created_at": at,
            },
        )

    def due_reports(self, *, at: datetime, limit: int) -> Sequence[Report]:
        found = self._connection.execute(
            select(
                centre_report.c.event_id, centre_report.c.body, centre_report.c.attempts
            )
            .where(centre_report.c.state == "pending", centre_report.c.next_at <= at)
            .order_by(centre_report.c.next_at)
            .limit(limit)
        )
        return [
            Report(event_id=row.event_id, body=bytes(row.body), attempts=row.attempts)
            for row in found
        ]

    def report_sent(self, event_id: UUID, *, ack_id: str, at: datetime) -> bool:
        return self._hit(
            _pending(event_id).values(state="sent", ack_id=ack_id, settled_at=at)
        )

    def report_failed(
        self, event_id: UUID, *, attempts: int, next_at: datetime
    ) -> bool:
        return self._hit(_pending(event_id).values(attempts=attempts, next_at=next_at))

    def report_parked(self, event_id: UUID, *, at: datetime) -> bool:
        return self._hit(_pending(event_id).values(state="parked", settled_at=at))

    def counts(self) -> Mapping[str, int]:
        return {
            "decisions": self._count(select(func.count()).select_from(decision)),
            "held": self._count(
                select(func.count())
                .select_from(hold)
                .where(hold.c.released_at.is_(None))
            ),
            "reports_pending": self._reports("pending"),
            "reports_parked": self._reports("parked"),
        }

    def publish(self, event: Event) -> UUID:
        return self._transaction.publish(event)

    def _applications(self, question: Question, *, since: datetime) -> int:
        """The one in question counts even before its own event has come."""
        others = _distinct_objects(question.client_id, SignalKind.APPLICATION, since)
        kind, _, own = question.operation.partition(":")
        if kind != "application":
            return self._count(others)
        return 1 + self._count(others.where(signal.c.object_id != UUID(own)))

    def _failed_logins(self, client_id: UUID, *, since: datetime) -> int:
        phones = select(signal.c.token).where(
            signal.c.client_id == client_id,
            signal.c.kind == SignalKind.CLIENT_PHONE.value,
        )
        return self._count(
            select(func.count())
            .select_from(signal)
            .where(
                signal.c.kind == SignalKind.FAILED_LOGIN.value,
                signal.c.token.in_(phones),
                signal.c.at > since,
            )
        )

    def _beyond_first(
        self, client_id: UUID, kinds: Sequence[SignalKind], *, since: datetime
    ) -> int:
        """Accounts, or numbers, new in the window, unless it is the client's first."""
        firsts = (
            select(func.min(signal.c.at).label("at"))
            .where(_of_client(client_id, *kinds))
            .group_by(signal.c.token)
            .subquery()
        )
        known = self._count(select(func.count()).select_from(firsts))
        recent = self._count(
            select(func.count()).select_from(firsts).where(firsts.c.at > since)
        )
        return min(recent, known - 1) if known else 0

    def _accounts_lost(self, question: Question) -> int:
        kinds = (SignalKind.ACCOUNT_PROVED.value, SignalKind.ACCOUNT_LOST.value)
        condition = and_(
            signal.c.client_id == question.client_id, signal.c.kind.in_(kinds)
        )
        if question.account_id is not None:
            condition = and_(condition, signal.c.object_id == question.account_id)
        latest = (
            select(signal.c.kind)
            .where(condition)
            .ext(distinct_on(signal.c.object_id))
            .order_by(signal.c.object_id, signal.c.at.desc(), signal.c.event_id.desc())
            .subquery()
        )
        return self._count(
            select(func.count())
            .select_from(latest)
            .where(latest.c.kind == SignalKind.ACCOUNT_LOST.value)
        )

    def _held(self, held: str) -> int:
        return self._count(
            select(func.count())
            .select_from(hold)
            .where(hold.c.held == held, hold.c.released_at.is_(None))
        )

    def _reports(self, state: str) -> int:
        return self._count(
            select(func.count())
            .select_from(centre_report)
            .where(centre_report.c.state == state)
        )

    def _count(self, counting: Select[int]) -> int:
        return self._connection.execute(counting).scalar_one()

    def _hit(self, statement: Insert | Update) -> bool:
        return self._connection.execute(statement).rowcount == 1


def _of_client(client_id: UUID, *kinds: SignalKind) -> ColumnElement[bool]:
    named = [kind.value for kind in kinds]
    return and_(signal.c.client_id == client_id, signal.c.kind.in_(named))


def _distinct_objects(
    client_id: UUID, kind: SignalKind, since: datetime
) -> Select[int]:
    return select(func.count(signal.c.object_id.distinct())).where(
        _of_client(client_id, kind), signal.c.at > since
    )


def _pending(event_id: UUID) -> Update:
    return update(centre_report).where(
        centre_report.c.event_id == event_id, centre_report.c.state == "pending"
    )
