"""Investigations: heads, entries with sealed content, ends; all only added."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Table, func, select

from kernel.context import Context
from kernel.crypto import FieldKeys
from kernel.database import Database, Transaction
from services.antifraud.domain.investigations import (
    End,
    Entry,
    Finding,
    Investigation,
    Kind,
)
from services.antifraud.storage.indicator_tables import indicator_item
from services.antifraud.storage.investigation_tables import (
    investigation,
    investigation_end,
    investigation_entry,
)
from services.antifraud.storage.risk_desk import SqlRiskUnit
from services.antifraud.storage.risk_tables import risk
from services.antifraud.storage.tables import appeal, fraud_case

_REGISTER: Final = 0x494E5645
"""The lock of whoever changes an investigation: there are few, and fewer at once."""
_ENTRY: Final = [c for c in investigation_entry.c if c.name != "content_sealed"]
_GROUNDS: Final[Mapping[str, tuple[Table, str]]] = {
    "case": (fraud_case, "case_id"),
    "appeal": (appeal, "appeal_id"),
    "indicator": (indicator_item, "item_id"),
    "risk": (risk, "risk_id"),
}


class SqlInvestigationUnits:
    """Opens such units in one context.  Implements InvestigationUnits."""

    def __init__(self, database: Database, context: Context, fields: FieldKeys) -> None:
        self._database = database
        self._context = context
        self._fields = fields

    @contextmanager
    def begin(self) -> Iterator["SqlInvestigationUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlInvestigationUnit(transaction, self._fields)


class SqlInvestigationUnit(SqlRiskUnit):
    """Implements InvestigationUnit on an open transaction."""

    def __init__(self, transaction: Transaction, fields: FieldKeys) -> None:
        super().__init__(transaction)
        self._fields = fields

    @property
    def investigations(self) -> "InvestigationRows":
        return InvestigationRows(self._connection, self._fields)


class InvestigationRows:
    """Implements Investigations on an open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def lock(self) -> None:
        self._connection.execute(select(func.pg_advisory_xact_lock(_REGISTER)))

    def next_number(self) -> int:
        last: int | None = self._connection.execute(
            select(func.max(investigation.c.number))
        ).scalar_one()
        return (last or 0) + 1

    def add(self, one: Investigation) -> None:
        self._connection.execute(
            investigation.insert(),
            {
                "investigation_id": one.investigation_id,
                "number": one.number,
                "ground": one.ground,
                "opened_at": one.opened_at,
                "opened_by": one.opened_by,
            },
        )

    def enter(self, investigation_id: UUID, entry: Entry, content: bytes) -> None:
        self._connection.execute(
            investigation_entry.insert(),
            {
                "entry_id": entry.entry_id,
                "investigation_id": investigation_id,
                "at": entry.at,
                "by": entry.by,
                "kind": entry.kind.value,
                "size": entry.size,
                "sha256": entry.sha256,
                "of": entry.of,
                "who": entry.who,
                "due_on": entry.due_on,
                "risk_id": entry.risk_id,
                "content_sealed": self._fields.seal(
                    content,
                    table="investigation_entry",
                    column="content_sealed",
                    row=entry.entry_id,
                ),
            },
        )

    def close(self, investigation_id: UUID, end: End) -> None:
        self._connection.execute(
            investigation_end.insert(),
            {
                "investigation_id": investigation_id,
                "at": end.at,
                "conclusion_id": end.conclusion_id,
                "finding": end.finding.value,
                "asked_by": end.asked_by,
                "approved_by": end.approved_by,
            },
        )

    def find(self, investigation_id: UUID) -> Investigation | None:
        mine = investigation.c.investigation_id == investigation_id
        return next(iter(self._found(mine)), None)

    def listed(self) -> Sequence[Investigation]:
        return self._found()

    def content(self, investigation_id: UUID, entry_id: UUID) -> bytes | None:
        sealed: bytes | None = self._connection.execute(
            select(investigation_entry.c.content_sealed)
            .where(investigation_entry.c.investigation_id == investigation_id)
            .where(investigation_entry.c.entry_id == entry_id)
        ).scalar_one_or_none()
        if sealed is None:
            return None
        return self._fields.unseal(
            bytes(sealed),
            table="investigation_entry",
            column="content_sealed",
            row=entry_id,
        )

    def is_there(self, kind: str, named: UUID) -> bool:
        if kind not in _GROUNDS:
            return True
        table, column = _GROUNDS[kind]
        found = self._connection.execute(
            select(table.c[column]).where(table.c[column] == named)
        )
        return found.first() is not None

    def _found(self, *wanted: Any) -> list[Investigation]:  # noqa: ANN401 - conditions of SQL
        heads = self._connection.execute(
            select(investigation).where(*wanted).order_by(investigation.c.number.desc())
        ).all()
        ids = [row.investigation_id for row in heads]
        entries: dict[UUID, list[Entry]] = defaultdict(list)
        for row in self._connection.execute(
            select(*_ENTRY)
            .where(investigation_entry.c.investigation_id.in_(ids))
            .order_by(investigation_entry.c.entry_id)
        ):
            entries[row.investigation_id].append(_entry(row))
        ends = {
            row.investigation_id: _end(row)
            for row in self._connection.execute(
                select(investigation_end).where(
                    investigation_end.c.investigation_id.in_(ids)
                )
            )
        }
        return [
            Investigation(
                investigation_id=row.investigation_id,
                number=row.number,
                ground=row.ground,
                opened_at=row.opened_at,
                opened_by=row.opened_by,
                entries=entries[row.investigation_id],
                end=ends.get(row.investigation_id),
            )
            for row in heads
        ]


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        at=row.at,
        by=row.by,
        kind=Kind(row.kind),
        size=row.size,
        sha256=row.sha256,
        of=row.of,
        who=row.who,
        due_on=row.due_on,
        risk_id=row.risk_id,
    )


def _end(row: Row[Any]) -> End:
    return End(
        at=row.at,
        conclusion_id=row.conclusion_id,
        finding=Finding(row.finding),
        asked_by=row.asked_by,
        approved_by=row.approved_by,
    )
