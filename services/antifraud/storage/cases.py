"""Cases with their notes and files; words and files are sealed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from kernel.money import Money
from services.antifraud.domain.cases import (
    Case,
    CaseOutcome,
    Concern,
    Item,
    Note,
    Paper,
    Priority,
)
from services.antifraud.storage.tables import (
    case_file,
    case_item,
    case_note,
    fraud_case,
    hold,
    list_entry,
)

CASE: Final = (
    fraud_case.c.case_id,
    fraud_case.c.about,
    fraud_case.c.client_id,
    fraud_case.c.opened_at,
    fraud_case.c.priority,
    fraud_case.c.amount,
    fraud_case.c.score,
    fraud_case.c.due_on,
    fraud_case.c.assigned_to,
    fraud_case.c.closed_at,
    fraud_case.c.closed_by,
    fraud_case.c.outcome,
)
_PAPER: Final = (
    case_file.c.file_id,
    case_file.c.at,
    case_file.c.by,
    case_file.c.kind,
    case_file.c.size,
    case_file.c.sha256,
    case_file.c.upload_sha256,
)
_OPEN: Final = fraud_case.c.closed_at.is_(None)
_LABEL: Final = text("""
INSERT INTO label (decision_id, at, fraud, by)
SELECT d.id, :at, :fraud, :by FROM decision d
WHERE d.operation IN (SELECT operation FROM case_item WHERE case_id = :case_id)
    AND d.client_id = :client_id AND d.rule_set <> 'person'
    AND (d.decided_at >= :since
        OR d.id IN (SELECT decision_id FROM case_item WHERE case_id = :case_id))
ON CONFLICT DO NOTHING
""")
_KEYS: Final = text("""
SELECT DISTINCT named.value AS key
FROM case_item JOIN decision ON decision.id = case_item.decision_id,
    jsonb_each_text(convert_from(decision.inputs, 'UTF8')::jsonb -> 'keys') AS named
WHERE case_item.case_id = :case_id
""")


def concern(connection: Connection, wanted: Concern) -> UUID | None:
    """See `Unit.concern`."""
    raised = {
        "priority": func.least(fraud_case.c.priority, wanted.priority),
        "amount": func.greatest(fraud_case.c.amount, wanted.amount.amount_minor),
        "score": func.greatest(fraud_case.c.score, wanted.score),
        "due_on": func.least(fraud_case.c.due_on, wanted.due_on),
    }
    if wanted.opens:
        joining = (
            insert(fraud_case)
            .values(
                case_id=wanted.case_id,
                about=wanted.about,
                client_id=wanted.client_id,
                opened_at=wanted.at,
                priority=wanted.priority,
                amount=wanted.amount.amount_minor,
                score=wanted.score,
                due_on=wanted.due_on,
            )
            .on_conflict_do_update(
                index_elements=["about"], index_where=_OPEN, set_=raised
            )
            .returning(fraud_case.c.case_id)
        )
        case_id: UUID | None = connection.execute(joining).scalar_one()
    else:
        case_id = connection.execute(
            update(fraud_case)
            .where(_OPEN, fraud_case.c.about == wanted.about)
            .values(**raised)
            .returning(fraud_case.c.case_id)
        ).scalar_one_or_none()
    if case_id is not None:
        _keep_item(connection, case_id, wanted)
    return case_id


def _keep_item(connection: Connection, case_id: UUID, wanted: Concern) -> None:
    told = {
        "decision_id": wanted.decision_id,
        "outcome": wanted.outcome.value,
        "at": wanted.at,
    }
    connection.execute(
        insert(case_item)
        .values(case_id=case_id, operation=wanted.operation, **told)
        .on_conflict_do_update(index_elements=list(case_item.primary_key), set_=told)
    )


class CaseRows:
    """Implements Cases on an open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def listed(
        self, *, closed: bool, assigned_to: UUID | None, limit: int
    ) -> Sequence[Case]:
        pressing = (fraud_case.c.priority, fraud_case.c.due_on, fraud_case.c.case_id)
        newest = (fraud_case.c.closed_at.desc(),)
        asked = select(*CASE).where(~_OPEN if closed else _OPEN)
        if assigned_to is not None:
            asked = asked.where(fraud_case.c.assigned_to == assigned_to)
        asked = asked.order_by(*(newest if closed else pressing)).limit(limit)
        return [case_of(row) for row in self._connection.execute(asked)]

    def find(self, case_id: UUID) -> Case | None:
        row = self._connection.execute(
            select(*CASE).where(fraud_case.c.case_id == case_id)
        ).one_or_none()
        return None if row is None else case_of(row)

    def lock(self, case_id: UUID) -> Case | None:
        row = self._connection.execute(
            select(*CASE).where(fraud_case.c.case_id == case_id).with_for_update()
        ).one_or_none()
        return None if row is None else case_of(row)

    def items(self, case_id: UUID) -> Sequence[Item]:
        found = self._connection.execute(
            select(
                case_item.c.operation,
                case_item.c.decision_id,
                case_item.c.outcome,
                case_item.c.at,
            )
            .where(case_item.c.case_id == case_id)
            .order_by(case_item.c.at.desc())
        )
        return [
            Item(
                operation=row.operation,
                decision_id=row.decision_id,
                outcome=row.outcome,
                at=row.at,
            )
            for row in found
        ]

    def notes(self, case_id: UUID) -> Sequence[Note]:
        found = self._connection.execute(
            select(
                case_note.c.note_id,
                case_note.c.at,
                case_note.c.by,
                case_note.c.kind,
                case_note.c.text_sealed,
            )
            .where(case_note.c.case_id == case_id)
            .order_by(case_note.c.note_id)
        )
        return [
            Note(
                note_id=row.note_id,
                at=row.at,
                by=row.by,
                kind=row.kind,
                text=self._fields.unseal(
                    bytes(row.text_sealed),
                    table="case_note",
                    column="text_sealed",
                    row=row.note_id,
                ).decode(),
            )
            for row in found
        ]

    def files(self, case_id: UUID) -> Sequence[Paper]:
        found = self._connection.execute(
            select(*_PAPER)
            .where(case_file.c.case_id == case_id)
            .order_by(case_file.c.file_id)
        )
        return [
            Paper(
                file_id=row.file_id,
                at=row.at,
                by=row.by,
                kind=row.kind,
                size=row.size,
                sha256=row.sha256,
                upload_sha256=row.upload_sha256,
            )
            for row in found
        ]

    def content(self, case_id: UUID, file_id: UUID) -> bytes | None:
        sealed: bytes | None = self._connection.execute(
            select(case_file.c.content_sealed).where(
                case_file.c.case_id == case_id, case_file.c.file_id == file_id
            )
        ).scalar_one_or_none()
        if sealed is None:
            return None
        return self._fields.unseal(
            bytes(sealed), table="case_file", column="content_sealed", row=file_id
        )

    def assign(self, case_id: UUID, *, to: UUID, at: datetime) -> None:
        self._connection.execute(
            update(fraud_case)
            .where(_OPEN, fraud_case.c.case_id == case_id)
            .values(assigned_to=to, assigned_at=at)
        )

    def add_note(self, case_id: UUID, note: Note) -> None:
        self._connection.execute(
            case_note.insert(),
            {
                "note_id": note.note_id,
                "case_id": case_id,
                "at": note.at,
                "by": note.by,
                "kind": note.kind,
                "text_sealed": self._fields.seal(
                    note.text.encode(),
                    table="case_note",
                    column="text_sealed",
                    row=note.note_id,
                ),
            },
        )

    def add_file(self, case_id: UUID, paper: Paper, content: bytes) -> None:
        self._connection.execute(
            case_file.insert(),
            {
                "file_id": paper.file_id,
                "case_id": case_id,
                "at": paper.at,
                "by": paper.by,
                "kind": paper.kind,
                "size": paper.size,
                "sha256": paper.sha256,
                "upload_sha256": paper.upload_sha256,
                "content_sealed": self._fields.seal(
                    content,
                    table="case_file",
                    column="content_sealed",
                    row=paper.file_id,
                ),
            },
        )

    def close(
        self, case_id: UUID, *, outcome: CaseOutcome, by: UUID, at: datetime
    ) -> None:
        self._connection.execute(
            update(fraud_case)
            .where(_OPEN, fraud_case.c.case_id == case_id)
            .values(closed_at=at, closed_by=by, outcome=outcome.value)
        )

    def is_held(self, case: Case) -> bool:
        found = self._connection.execute(
            select(hold.c.decision_id).where(*_held_of(case)).limit(1)
        )
        return found.first() is not None

    def confirm_holds(self, case: Case, *, at: datetime) -> None:
        self._connection.execute(
            update(hold).where(*_held_of(case)).values(confirmed_at=at)
        )

    def keys(self, case_id: UUID) -> Sequence[str]:
        found = self._connection.execute(_KEYS, {"case_id": case_id})
        return [row.key for row in found]

    def label(self, case: Case, *, fraud: bool, by: UUID, at: datetime) -> None:
        given = {"case_id": case.case_id, "client_id": case.client_id}
        labelled = {"since": case.opened_at, "at": at, "fraud": fraud, "by": by}
        self._connection.execute(_LABEL, {**given, **labelled})

    def end_lists(self, source: str, *, at: datetime, by: str) -> None:
        self._connection.execute(
            update(list_entry)
            .where(list_entry.c.source == source, list_entry.c.ended_at.is_(None))
            .values(ended_at=at, ended_by=by)
        )

    def count_overdue(self, *, today: date) -> int:
        return self._connection.execute(
            select(func.count())
            .select_from(fraud_case)
            .where(_OPEN, fraud_case.c.due_on < today)
        ).scalar_one()


def _held_of(case: Case) -> tuple[Any, ...]:
    named = hold.c.held == case.about
    whose = (
        named
        if case.client_id is None
        else or_(named, hold.c.client_id == case.client_id)
    )
    return (hold.c.released_at.is_(None), whose)


def case_of(row: Row[*tuple[Any, ...]]) -> Case:
    return Case(
        case_id=row.case_id,
        about=row.about,
        client_id=row.client_id,
        opened_at=row.opened_at,
        priority=Priority(row.priority),
        amount=Money(row.amount),
        score=row.score,
        due_on=row.due_on,
        assigned_to=row.assigned_to,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        outcome=None if row.outcome is None else CaseOutcome(row.outcome),
    )
