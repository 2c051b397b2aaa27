"""How a service is: what waits to leave, what waits to be applied, what was refused."""

from sqlalchemy import Connection, func, select

from kernel.clock import Clock
from kernel.context import Context
from kernel.crypto import Json
from kernel.database import Database
from kernel.tables import inbox, outbox, quarantine


def status_of(service: str, database: Database, clock: Clock, context: Context) -> Json:
    """Counts for an operator: no ids, no data of persons.

    ``outbox_oldest_age_s`` is whole seconds; `inbox` counts by state but for what
    was applied.
    """
    with database.begin(context) as tx:
        waiting, oldest = tx.connection.execute(
            select(func.count(), func.min(outbox.c.time)).where(
                outbox.c.published_at.is_(None)
            )
        ).one()
        return {
            "service": service,
            "outbox_unpublished": waiting,
            "outbox_oldest_age_s": (
                int((clock.now() - oldest).total_seconds()) if oldest else 0
            ),
            "inbox": _inbox_states(tx.connection),
            "quarantined": tx.connection.execute(
                select(func.count()).select_from(quarantine)
            ).scalar_one(),
        }


def _inbox_states(connection: Connection) -> dict[str, Json]:
    rows = connection.execute(
        select(inbox.c.state, func.count())
        .where(inbox.c.state != "applied")
        .group_by(inbox.c.state)
    )
    return {"waiting": 0, "failed": 0, "parked": 0} | {row[0]: row[1] for row in rows}
