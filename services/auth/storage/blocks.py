"""Whom incidents keep out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, exists, select
from sqlalchemy.dialects.postgresql import insert

from services.auth.storage.tables import access_blocks


class SqlBlocks:
    """The port `Blocks` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, subject: str, incident_id: UUID, *, now: datetime) -> bool:
        statement = insert(access_blocks).values(
            subject=subject, incident_id=incident_id, blocked_at=now
        )
        added = self._connection.execute(statement.on_conflict_do_nothing())
        return added.rowcount == 1

    def lift(self, subject: str, incident_id: UUID) -> bool:
        statement = (
            access_blocks.delete()
            .where(access_blocks.c.subject == subject)
            .where(access_blocks.c.incident_id == incident_id)
        )
        return self._connection.execute(statement).rowcount == 1

    def stands(self, subject: str) -> bool:
        asked = select(exists().where(access_blocks.c.subject == subject))
        return bool(self._connection.execute(asked).scalar_one())
