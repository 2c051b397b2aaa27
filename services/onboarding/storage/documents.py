"""Ends of identity documents, and who was told of them, in PostgreSQL."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, case, exists, select
from sqlalchemy.dialects.postgresql import insert

from kernel.person_keys import is_erased
from services.onboarding.domain.person import DocumentStanding, EndingDocument
from services.onboarding.storage.key_tables import person_keys
from services.onboarding.storage.tables import clients, document_notices, persons


@dataclass(frozen=True, slots=True)
class SqlDocuments:
    """`ports.Documents` on one connection."""

    connection: Connection

    def ending(
        self, *, today: date, until: date, limit: int
    ) -> tuple[EndingDocument, ...]:
        last_day = persons.c.document_valid_until
        standing = case(
            (last_day < today, DocumentStanding.EXPIRED.value),
            else_=DocumentStanding.EXPIRING.value,
        )
        told = exists().where(
            document_notices.c.client_id == persons.c.client_id,
            document_notices.c.valid_until == last_day,
            document_notices.c.standing == standing,
        )
        rows = self.connection.execute(
            select(persons.c.client_id, last_day)
            .join(clients, clients.c.client_id == persons.c.client_id)
            .where(
                last_day <= until, ~told, ~is_erased(person_keys, persons.c.client_id)
            )
            .order_by(last_day)
            .limit(limit)
        )
        return tuple(
            EndingDocument(
                client_id=row.client_id, valid_until=row.document_valid_until
            )
            for row in rows
        )

    def note(
        self, document: EndingDocument, standing: DocumentStanding, *, at: datetime
    ) -> bool:
        noted = self.connection.execute(
            insert(document_notices)
            .values(
                client_id=document.client_id,
                valid_until=document.valid_until,
                standing=standing.value,
                noted_at=at,
            )
            .on_conflict_do_nothing()
        )
        return noted.rowcount == 1
