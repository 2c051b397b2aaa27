"""The Procedure's road: evidence counted beside the writer, versions, reviews."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.database import Database, Transaction
from kernel.events import Event
from services.audit.domain.leaf import Kind
from services.audit.domain.matrix import Count
from services.audit.domain.procedure import Cause, Outcome, Review, Version
from services.audit.ports.governing import Governing
from services.audit.storage import rows
from services.audit.storage.tables import (
    audit_evidence,
    audit_procedure,
    audit_procedure_text,
    audit_review,
)

COUNT_KEY: Final = 0x65766964656E6365
"""Of pg_advisory_xact_lock: one counts at a time ("evidence")."""
# Each leaf is of some kind, so the greatest number is where counting goes on.
_COUNT: Final = text(
    "INSERT INTO audit_evidence AS known (kind, leaves, last_seq, last_at)"
    " SELECT CASE WHEN kind = :event"
    " THEN convert_from(leaf, 'UTF8')::json -> 'event' ->> 'type'"
    " ELSE CAST(kind AS text) END, count(*), max(seq), max(received_at)"
    " FROM audit_log WHERE seq >= :start AND seq < :stop GROUP BY 1"
    " ON CONFLICT (kind) DO UPDATE SET leaves = known.leaves + EXCLUDED.leaves,"
    " last_seq = EXCLUDED.last_seq, last_at = EXCLUDED.last_at"
)


class GovernedUnits:
    """Opens units of work for one request. Implements GoverningUnits."""

    def __init__(self, database: Database, context: Context) -> None:
        self._database = database
        self._context = context

    @contextmanager
    def begin(self) -> Iterator[Governing]:
        with self._database.begin(self._context) as transaction:
            yield SqlGoverning(transaction)


class SqlGoverning:
    """Implements Governing on one open transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    def count_leaves(self, *, most: int) -> int:
        self._connection.execute(select(func.pg_advisory_xact_lock(COUNT_KEY)))
        last = self._connection.execute(
            select(func.max(audit_evidence.c.last_seq))
        ).scalar()
        start = 0 if last is None else int(last) + 1
        signed = rows.last_checkpoint(self._connection)
        size = signed.size if signed else 0
        stop = min(size, start + most)
        if start < stop:
            values = {"event": int(Kind.EVENT), "start": start, "stop": stop}
            self._connection.execute(_COUNT, values)
        return max(0, size - stop)

    def counts(self) -> Sequence[Count]:
        found = self._connection.execute(
            select(
                audit_evidence.c.kind,
                audit_evidence.c.leaves,
                audit_evidence.c.last_at,
            )
        )
        return [Count(_wire(row.kind), row.leaves, row.last_at) for row in found]

    def keep_text(self, sha256: bytes, text: bytes) -> None:
        self._connection.execute(
            insert(audit_procedure_text)
            .values(sha256=sha256, text=text)
            .on_conflict_do_nothing()
        )

    def text(self, sha256: bytes) -> bytes | None:
        found = self._connection.execute(
            select(audit_procedure_text.c.text).where(
                audit_procedure_text.c.sha256 == sha256
            )
        ).scalar()
        return None if found is None else bytes(found)

    def versions(self) -> Sequence[Version]:
        found = self._connection.execute(
            select(
                audit_procedure.c.version_id,
                audit_procedure.c.sha256,
                audit_procedure.c.minutes,
                audit_procedure.c.approved_on,
                audit_procedure.c.effective_on,
            ).order_by(audit_procedure.c.effective_on, audit_procedure.c.approved_on)
        )
        return [
            Version(
                version_id=row.version_id,
                sha256=bytes(row.sha256),
                minutes=row.minutes,
                approved_on=row.approved_on,
                effective_on=row.effective_on,
            )
            for row in found
        ]

    def add_version(
        self, version: Version, *, asked_by: UUID | None, approved_by: UUID | None
    ) -> bool:
        added = self._connection.execute(
            insert(audit_procedure)
            .values(
                version_id=version.version_id,
                sha256=version.sha256,
                minutes=version.minutes,
                approved_on=version.approved_on,
                effective_on=version.effective_on,
                asked_by=asked_by,
                approved_by=approved_by,
                recorded_at=self._transaction.now,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def reviews(self) -> Sequence[Review]:
        found = self._connection.execute(
            select(
                audit_review.c.review_id,
                audit_review.c.cause,
                audit_review.c.subject,
                audit_review.c.opened_on,
                audit_review.c.due_on,
                audit_review.c.held_on,
                audit_review.c.outcome,
                audit_review.c.result,
                audit_review.c.held_by,
                audit_review.c.warned,
                audit_review.c.overdue_told_on,
            ).order_by(
                audit_review.c.held_on.is_not(None),
                audit_review.c.due_on,
                audit_review.c.review_id,
            )
        )
        return [
            Review(
                review_id=row.review_id,
                cause=Cause(row.cause),
                subject=row.subject,
                opened_on=row.opened_on,
                due_on=row.due_on,
                held_on=row.held_on,
                outcome=None if row.outcome is None else Outcome(row.outcome),
                result=row.result,
                held_by=row.held_by,
                warned=row.warned,
                overdue_told_on=row.overdue_told_on,
            )
            for row in found
        ]

    def add_review(self, review: Review, *, opened_by: UUID | None) -> None:
        self._connection.execute(
            insert(audit_review).values(
                review_id=review.review_id,
                cause=review.cause.value,
                subject=review.subject,
                opened_on=review.opened_on,
                opened_by=opened_by,
                due_on=review.due_on,
                warned=False,
            )
        )

    def hold_review(self, review: Review) -> None:
        self._connection.execute(
            audit_review.update()
            .where(audit_review.c.review_id == review.review_id)
            .values(
                held_on=review.held_on,
                outcome=None if review.outcome is None else review.outcome.value,
                result=review.result,
                held_by=review.held_by,
            )
        )

    def tell_review(
        self, review_id: UUID, *, warned: bool, overdue_on: date | None
    ) -> None:
        self._connection.execute(
            audit_review.update()
            .where(audit_review.c.review_id == review_id)
            .values(warned=warned, overdue_told_on=overdue_on)
        )

    def publish(self, event: Event) -> UUID:
        return self._transaction.publish(event)


def _wire(kind: str) -> str:
    """A leaf's own kind stands by its number, an event's by its type."""
    return Kind(int(kind)).wire if kind.isdecimal() else kind
