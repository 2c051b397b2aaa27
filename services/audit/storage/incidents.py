"""Incidents with their timelines and evidence; words and bytes are sealed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.crypto import FieldKeys, as_object, canonical, parse_canonical
from kernel.database import Database
from services.audit.domain.incidents.incident import (
    Conclusion,
    Custody,
    Entry,
    Evidence,
    Incident,
    Kind,
    Severity,
)
from services.audit.storage.incident_tables import (
    incident,
    incident_client,
    incident_custody,
    incident_entry,
    incident_evidence,
    log_reader,
)
from services.audit.storage.measures import MeasureRows
from services.audit.storage.notices import NoticeRows
from services.audit.storage.reading import Reader

_INCIDENT: Final = (
    incident.c.incident_id,
    incident.c.kind,
    incident.c.severity,
    incident.c.about,
    incident.c.detected_at,
    incident.c.opened_at,
    incident.c.opened_by,
    incident.c.owner,
    incident.c.reportable,
    incident.c.contained_at,
    incident.c.closed_at,
    incident.c.closed_by,
)
_OPEN: Final = incident.c.closed_at.is_(None)


class SqlIncidentUnits:
    """Opens such units of work in one context.  Implements MeasureUnits."""

    def __init__(self, database: Database, context: Context, fields: FieldKeys) -> None:
        self._database = database
        self._context = context
        self._fields = fields

    @contextmanager
    def begin(self) -> Iterator["SqlIncidentUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlIncidentUnit(transaction, self._fields)


class SqlIncidentUnit(Reader):
    """Implements MeasureUnit on an open transaction."""

    @property
    def incidents(self) -> "IncidentRows":
        return IncidentRows(self._connection, self._fields)

    @property
    def notices(self) -> NoticeRows:
        return NoticeRows(self._connection, self._fields)

    @property
    def measures(self) -> MeasureRows:
        return MeasureRows(self._connection)

    def cursor(self, name: str) -> int | None:
        found: int | None = self._connection.execute(
            select(log_reader.c.next_seq)
            .where(log_reader.c.name == name)
            .with_for_update()
        ).scalar_one_or_none()
        return found

    def set_cursor(self, name: str, seq: int) -> None:
        self._connection.execute(
            insert(log_reader)
            .values(name=name, next_seq=seq)
            .on_conflict_do_update(index_elements=["name"], set_={"next_seq": seq})
        )


class IncidentRows:
    """Implements Incidents on an open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def add(self, new: Incident) -> None:
        self._connection.execute(
            incident.insert(),
            {
                **asdict(new),
                "kind": new.kind.value,
                "severity": new.severity.value,
            },
        )

    def listed(self, *, closed: bool, limit: int) -> Sequence[Incident]:
        asked = select(*_INCIDENT).where(~_OPEN if closed else _OPEN)
        order = incident.c.closed_at.desc() if closed else incident.c.detected_at
        asked = asked.order_by(order, incident.c.incident_id).limit(limit)
        return [_incident(row) for row in self._connection.execute(asked)]

    def find(self, incident_id: UUID) -> Incident | None:
        row = self._connection.execute(
            select(*_INCIDENT).where(incident.c.incident_id == incident_id)
        ).one_or_none()
        return None if row is None else _incident(row)

    def lock(self, incident_id: UUID) -> Incident | None:
        row = self._connection.execute(
            select(*_INCIDENT)
            .where(incident.c.incident_id == incident_id)
            .with_for_update()
        ).one_or_none()
        return None if row is None else _incident(row)

    def entries(self, incident_id: UUID) -> Sequence[Entry]:
        found = self._connection.execute(
            select(
                incident_entry.c.entry_id,
                incident_entry.c.at,
                incident_entry.c.noted_at,
                incident_entry.c.by,
                incident_entry.c.kind,
                incident_entry.c.text_sealed,
            )
            .where(incident_entry.c.incident_id == incident_id)
            .order_by(incident_entry.c.at, incident_entry.c.entry_id)
        )
        return [
            Entry(
                entry_id=row.entry_id,
                at=row.at,
                noted_at=row.noted_at,
                by=row.by,
                kind=row.kind,
                text=self._fields.unseal(
                    bytes(row.text_sealed),
                    table="incident_entry",
                    column="text_sealed",
                    row=row.entry_id,
                ).decode(),
            )
            for row in found
        ]

    def evidence(self, incident_id: UUID) -> Sequence[Evidence]:
        found = self._connection.execute(
            select(
                incident_evidence.c.evidence_id,
                incident_evidence.c.leaf,
                incident_evidence.c.size,
                incident_evidence.c.sha256,
            )
            .where(incident_evidence.c.incident_id == incident_id)
            .order_by(incident_evidence.c.evidence_id)
        ).all()
        return [
            Evidence(
                evidence_id=row.evidence_id,
                leaf=row.leaf,
                size=row.size,
                sha256=row.sha256,
                custody=self._custody(row.evidence_id),
            )
            for row in found
        ]

    def _custody(self, evidence_id: UUID) -> Sequence[Custody]:
        found = self._connection.execute(
            select(incident_custody.c.at, incident_custody.c.by, incident_custody.c.act)
            .where(incident_custody.c.evidence_id == evidence_id)
            .order_by(incident_custody.c.number)
        )
        return [Custody(at=row.at, by=row.by, act=row.act) for row in found]

    def content(self, incident_id: UUID, evidence_id: UUID) -> bytes | None:
        sealed: bytes | None = self._connection.execute(
            select(incident_evidence.c.content_sealed).where(
                incident_evidence.c.incident_id == incident_id,
                incident_evidence.c.evidence_id == evidence_id,
            )
        ).scalar_one_or_none()
        if sealed is None:
            return None
        return self._fields.unseal(
            bytes(sealed),
            table="incident_evidence",
            column="content_sealed",
            row=evidence_id,
        )

    def clients(self, incident_id: UUID) -> Sequence[UUID]:
        found = self._connection.execute(
            select(incident_client.c.client_id)
            .where(incident_client.c.incident_id == incident_id)
            .order_by(incident_client.c.named_at, incident_client.c.client_id)
        )
        return [row.client_id for row in found]

    def conclusion(self, incident_id: UUID) -> Conclusion | None:
        sealed: bytes | None = self._connection.execute(
            select(incident.c.conclusion_sealed).where(
                incident.c.incident_id == incident_id
            )
        ).scalar_one_or_none()
        if sealed is None:
            return None
        said = as_object(
            parse_canonical(
                self._fields.unseal(
                    bytes(sealed),
                    table="incident",
                    column="conclusion_sealed",
                    row=incident_id,
                )
            )
        )
        return Conclusion(**{name: str(text) for name, text in said.items()})

    def add_entry(self, incident_id: UUID, entry: Entry) -> None:
        self._connection.execute(
            incident_entry.insert(),
            {
                "entry_id": entry.entry_id,
                "incident_id": incident_id,
                "at": entry.at,
                "noted_at": entry.noted_at,
                "by": entry.by,
                "kind": entry.kind,
                "text_sealed": self._fields.seal(
                    entry.text.encode(),
                    table="incident_entry",
                    column="text_sealed",
                    row=entry.entry_id,
                ),
            },
        )

    def add_evidence(
        self, incident_id: UUID, evidence: Evidence, content: bytes
    ) -> None:
        self._connection.execute(
            incident_evidence.insert(),
            {
                "evidence_id": evidence.evidence_id,
                "incident_id": incident_id,
                "leaf": evidence.leaf,
                "size": evidence.size,
                "sha256": evidence.sha256,
                "content_sealed": self._fields.seal(
                    content,
                    table="incident_evidence",
                    column="content_sealed",
                    row=evidence.evidence_id,
                ),
            },
        )
        for custody in evidence.custody:
            self.add_custody(evidence.evidence_id, custody)

    def add_custody(self, evidence_id: UUID, custody: Custody) -> None:
        self._connection.execute(
            incident_custody.insert(), {"evidence_id": evidence_id, **asdict(custody)}
        )

    def add_client(self, incident_id: UUID, client_id: UUID, *, at: datetime) -> bool:
        added = self._connection.execute(
            insert(incident_client)
            .values(incident_id=incident_id, client_id=client_id, named_at=at)
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def assign(self, incident_id: UUID, *, to: UUID, at: datetime) -> None:
        self._set(incident_id, owner=to, owned_at=at)

    def contain(self, incident_id: UUID, *, at: datetime) -> None:
        self._set(incident_id, contained_at=at)

    def downgrade(self, incident_id: UUID) -> None:
        self._set(incident_id, reportable=False)

    def close(
        self, incident_id: UUID, conclusion: Conclusion, *, by: UUID, at: datetime
    ) -> None:
        sealed = self._fields.seal(
            canonical(asdict(conclusion)),
            table="incident",
            column="conclusion_sealed",
            row=incident_id,
        )
        self._set(incident_id, closed_at=at, closed_by=by, conclusion_sealed=sealed)

    def uncontained(self) -> Sequence[datetime]:
        found = self._connection.execute(
            select(incident.c.detected_at).where(
                _OPEN, incident.c.contained_at.is_(None)
            )
        )
        return [row.detected_at for row in found]

    def _set(self, incident_id: UUID, **values: object) -> None:
        self._connection.execute(
            update(incident)
            .where(incident.c.incident_id == incident_id, _OPEN)
            .values(**values)
        )


def _incident(row: Row[*tuple[Any, ...]]) -> Incident:
    return Incident(
        incident_id=row.incident_id,
        kind=Kind(row.kind),
        severity=Severity(row.severity),
        about=row.about,
        detected_at=row.detected_at,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        owner=row.owner,
        reportable=row.reportable,
        contained_at=row.contained_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
