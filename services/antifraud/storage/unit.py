"""The unit of work: what it keeps and what it says leave in one commit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import Insert, Select, Update, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from kernel.context import Context
from kernel.crypto import Json, as_object, canonical, parse_canonical
from kernel.database import Database, Fixed, Transaction
from kernel.events import Event
from kernel.given import as_rows, given
from services.antifraud.domain.cases import Concern
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.decision import (
    Verdict,
    fired_to_wire,
    inputs_from_wire,
    inputs_to_wire,
)
from services.antifraud.domain.history import Past
from services.antifraud.domain.lists import Entry, Listed, day_of
from services.antifraud.domain.occurrences import Happening
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.versions import Entry as RuleEntry
from services.antifraud.domain.versions import Stage
from services.antifraud.ports import (
    Decision,
    Hold,
    Look,
    Question,
    Report,
    StoredDecision,
)
from services.antifraud.storage.cases import concern
from services.antifraud.storage.looking import look
from services.antifraud.storage.suspensions import SuspensionRows
from services.antifraud.storage.tables import (
    centre_report,
    decision,
    hold,
    label,
    link,
    list_entry,
    occurrence,
    rule_entry,
    rule_set,
    shadow_verdict,
)
from services.antifraud.storage.trips import TripRows

_REMEMBER: Final = Fixed.of(
    insert(occurrence)
    .from_select([one.name for one in occurrence.c], select(given(*occurrence.c)))
    .on_conflict_do_nothing()
)
_SAVE: Final = Fixed.of(decision.insert())


class SqlUnits:
    """Opens units of work in one context. Implements Units."""

    def __init__(self, database: Database, context: Context) -> None:
        self._database = database
        self._context = context

    @contextmanager
    def begin(self) -> Iterator["SqlUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlUnit(transaction)


class SqlUnit:
    """Implements Unit on an open transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    @property
    def suspensions(self) -> SuspensionRows:
        return SuspensionRows(self._connection)

    @property
    def trips(self) -> TripRows:
        return TripRows(self._connection)

    def look(self, question: Question, *, at: datetime) -> Look:
        return look(self._connection, question, at=at)

    def remember(self, happening: Happening) -> None:
        if happening.occurrences:
            rows = [
                {
                    "key": each.key,
                    "at": each.at,
                    "kind": each.kind,
                    "event_id": each.event_id,
                    "other": each.other,
                    "object": each.object,
                    "amount": each.amount,
                }
                for each in happening.occurrences
            ]
            _REMEMBER.on(self._connection, rows=as_rows(rows))
        for each in happening.links:
            adding = insert(link).values(
                client_id=each.client_id,
                entity=each.entity.value,
                key=each.key,
                object=each.object,
                at=each.at,
            )
            self._connection.execute(
                adding.on_conflict_do_update(
                    index_elements=list(link.primary_key),
                    set_={"at": func.greatest(link.c.at, adding.excluded.at)},
                )
            )

    def account_of(self, client_id: UUID, account_id: str) -> str | None:
        found: str | None = self._connection.execute(
            select(link.c.key)
            .where(link.c.client_id == client_id, link.c.object == account_id)
            .where(link.c.entity == Entity.ACCOUNT.value)
            .order_by(link.c.at.desc())
            .limit(1)
        ).scalar_one_or_none()
        return found

    def add_entries(self, entries: Sequence[Entry]) -> int:
        added = 0
        for each in entries:
            adding = insert(list_entry).values(
                entry_id=each.entry_id,
                of=each.of,
                entity=each.entity.value,
                key=each.key,
                expires_at=each.expires_at,
                reason=each.reason,
                source=each.source,
                added_at=each.added_at,
                added_by=each.added_by,
            )
            # One that stands there is ended and put anew: what was is not rewritten.
            renewed = self.end_entries(
                of=each.of, keys=[each.key], at=each.added_at, by=each.added_by
            )
            self._connection.execute(adding)
            added += not renewed
        return added

    def end_entries(
        self, *, of: str, keys: Sequence[str], at: datetime, by: str
    ) -> int:
        return self._connection.execute(
            update(list_entry)
            .where(list_entry.c.of == of, list_entry.c.key.in_(keys))
            .where(list_entry.c.ended_at.is_(None))
            .values(ended_at=at, ended_by=by)
        ).rowcount

    def entries(self, *, of: str, at: datetime, limit: int) -> Sequence[Listed]:
        found = self._connection.execute(
            select(
                list_entry.c.entity,
                list_entry.c.key,
                list_entry.c.expires_at,
                list_entry.c.reason,
                list_entry.c.source,
                list_entry.c.added_at,
                list_entry.c.added_by,
            )
            .where(list_entry.c.of == of, list_entry.c.ended_at.is_(None))
            .where(list_entry.c.expires_at > at)
            .order_by(list_entry.c.added_at.desc(), list_entry.c.key)
            .limit(limit)
        )
        return [
            Listed(
                entity=row.entity,
                value=row.key,
                expires_on=day_of(row.expires_at),
                reason=row.reason,
                source=row.source,
                added_at=row.added_at,
                added_by=row.added_by,
            )
            for row in found
        ]

    def save_decision(self, made: Decision) -> None:
        _SAVE.on(
            self._connection,
            id=str(made.decision_id),
            operation=made.inputs.operation,
            client_id=str(made.inputs.client_id),
            inputs=canonical(inputs_to_wire(made.inputs)),
            fired=canonical(fired_to_wire(made.verdict)),
            outcome=made.verdict.outcome.value,
            score=made.verdict.score,
            rule_set=made.rule_set,
            decided_at=made.decided_at,
            asked_by=made.asked_by,
            took_us=canonical(dict(made.took_us)),
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
                decision.c.took_us,
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
            took_us=orjson.loads(bytes(row.took_us or b"{}")),
        )

    def hold(self, wanted: Hold) -> bool:
        return self._hit(
            insert(hold)
            .values(
                decision_id=wanted.decision_id,
                held=wanted.held,
                client_id=wanted.client_id,
                held_at=wanted.held_at,
                until_on=wanted.until_on,
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
                centre_report.c.event_id,
                centre_report.c.body,
                centre_report.c.attempts,
                centre_report.c.next_at,
            )
            .where(centre_report.c.state == "pending")
            .order_by(centre_report.c.created_at, centre_report.c.event_id)
            .limit(limit)
        ).all()
        # While the first of the line rests nobody goes past it: the order is kept.
        if not found or found[0].next_at > at:
            return []
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

    def rule_set(self, version: str) -> Mapping[str, Json] | None:
        says: bytes | None = self._connection.execute(
            select(rule_set.c.says).where(rule_set.c.version == version)
        ).scalar_one_or_none()
        return None if says is None else as_object(parse_canonical(bytes(says)))

    def add_rule_set(self, version: str, wire: Mapping[str, Json]) -> bool:
        return self._hit(
            insert(rule_set)
            .values(version=version, says=canonical(wire))
            .on_conflict_do_nothing()
        )

    def register(self) -> Sequence[RuleEntry]:
        found = self._connection.execute(
            select(rule_entry).order_by(rule_entry.c.at, rule_entry.c.entry_id)
        )
        return [
            RuleEntry(
                entry_id=row.entry_id,
                version=row.version,
                stage=Stage(row.stage),
                at=row.at,
                by=row.by,
                approved_by=row.approved_by,
                report=None
                if row.report is None
                else as_object(parse_canonical(bytes(row.report))),
                note=row.note,
            )
            for row in found
        ]

    def add_entry(self, entry: RuleEntry) -> None:
        self._connection.execute(
            rule_entry.insert(),
            {
                "entry_id": entry.entry_id,
                "version": entry.version,
                "stage": entry.stage.value,
                "at": entry.at,
                "by": entry.by,
                "approved_by": entry.approved_by,
                "report": None if entry.report is None else canonical(entry.report),
                "note": entry.note,
            },
        )

    def history(self, *, since: datetime, limit: int) -> Sequence[Past]:
        labels = (
            select(label.c.decision_id, label.c.fraud)
            .ext(distinct_on(label.c.decision_id))
            .order_by(label.c.decision_id, label.c.at.desc())
            .subquery()
        )
        found = self._connection.execute(
            select(decision.c.inputs, decision.c.outcome, labels.c.fraud)
            .outerjoin(labels, labels.c.decision_id == decision.c.id)
            # Those of a person, and those of before the catalogue, are none of rules.
            .where(decision.c.decided_at >= since, decision.c.took_us.is_not(None))
            .where(decision.c.rule_set != "person")
            .order_by(decision.c.id.desc())
            .limit(limit)
        )
        return [
            Past(
                inputs=inputs_from_wire(orjson.loads(bytes(row.inputs))),
                outcome=Outcome(row.outcome),
                fraud=row.fraud,
            )
            for row in found
        ]

    def first_decided_at(self) -> datetime | None:
        found: datetime | None = self._connection.execute(
            select(decision.c.decided_at).order_by(decision.c.id).limit(1)
        ).scalar_one_or_none()
        return found

    def add_label(
        self, decision_id: UUID, *, fraud: bool, by: UUID, at: datetime
    ) -> None:
        self._connection.execute(
            label.insert(),
            {"decision_id": decision_id, "fraud": fraud, "by": by, "at": at},
        )

    def save_shadow(self, decision_id: UUID, *, version: str, verdict: Verdict) -> None:
        self._connection.execute(
            shadow_verdict.insert(),
            {
                "decision_id": decision_id,
                "version": version,
                "outcome": verdict.outcome.value,
                "score": verdict.score,
                "fired": canonical(fired_to_wire(verdict)),
            },
        )

    def concern(self, wanted: Concern) -> UUID | None:
        return concern(self._connection, wanted)

    def publish(self, event: Event) -> UUID:
        return self._transaction.publish(event)

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


def _pending(event_id: UUID) -> Update:
    return update(centre_report).where(
        centre_report.c.event_id == event_id, centre_report.c.state == "pending"
    )
