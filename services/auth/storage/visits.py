"""Passes of the office: one statement uses one up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.auth.domain.visits import OfficePass
from services.auth.storage.tables import office_passes as table


class SqlOfficePasses:
    """The port `OfficePasses` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, given: OfficePass) -> None:
        self._connection.execute(
            table.insert(),
            {
                "pass_id": given.pass_id,
                "client_id": given.client_id,
                "pass_sha256": given.digest,
                "expires_at": given.expires_at,
            },
        )

    def take(self, digest: bytes, *, now: datetime) -> UUID | None:
        """The condition is read again under the row's lock: of two one gets it."""
        statement = (
            table.update()
            .where(table.c.pass_sha256 == digest)
            .where(table.c.used_at.is_(None))
            .where(table.c.expires_at > now)
            .values(used_at=now)
            .returning(table.c.client_id)
        )
        return self._connection.execute(statement).scalar()

    def forget(self, *, before: datetime) -> int:
        statement = table.delete().where(table.c.expires_at < before)
        return self._connection.execute(statement).rowcount
