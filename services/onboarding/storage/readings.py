"""Readings of clients' data in clear, in PostgreSQL."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, insert, select

from kernel.pages import Page
from services.onboarding.domain.reading import Reading, What
from services.onboarding.storage.tables import readings


@dataclass(frozen=True, slots=True)
class SqlReadings:
    """`ports.Readings` on one connection."""

    connection: Connection

    def add(self, reading: Reading) -> None:
        self.connection.execute(
            insert(readings).values(
                reading_id=reading.reading_id,
                client_id=reading.client_id,
                reader=reading.reader,
                purpose=reading.purpose,
                what=None if reading.what is None else reading.what.value,
                read_at=reading.at,
            )
        )

    def of_client(self, client_id: UUID, page: Page) -> tuple[Reading, ...]:
        chosen = select(readings).where(readings.c.client_id == client_id)
        if page.before is not None:
            chosen = chosen.where(readings.c.reading_id < page.before)
        rows = self.connection.execute(
            chosen.order_by(readings.c.reading_id.desc()).limit(page.rows)
        )
        return tuple(
            Reading(
                reading_id=row.reading_id,
                client_id=row.client_id,
                reader=row.reader,
                purpose=row.purpose,
                at=row.read_at,
                what=None if row.what is None else What(row.what),
            )
            for row in rows
        )
