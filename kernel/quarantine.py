"""What must not be believed: its digest is kept, everybody is told, nothing runs.

A quarantined message is never replayed (clause 3.4); a parked one, which is good but
could not be handled, may be.
"""

from dataclasses import dataclass
from uuid import UUID

from kernel.clock import Clock
from kernel.context import fresh_context
from kernel.crypto import sha256
from kernel.database import Database
from kernel.events.platform import MessageQuarantined
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.metrics import QUARANTINED
from kernel.tables import quarantine

log = get_logger("quarantine")


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The record of refused messages of one service."""

    database: Database
    clock: Clock
    ids: Ids

    def record(self, body: bytes, sender: str | None, code: str) -> UUID:
        """Keep the digest of ``body`` and publish the security event.

        Raises Transient when the database is away: the message stays unsettled.
        """
        event = MessageQuarantined(
            quarantine_id=self.ids.new(),
            code=code,
            sender=sender or "-",
            body_sha256=sha256(body).hex(),
        )
        with self.database.begin(fresh_context(self.ids)) as tx:
            tx.connection.execute(
                quarantine.insert().values(
                    id=event.quarantine_id,
                    received_at=self.clock.now(),
                    code=code,
                    sender=event.sender,
                    length=len(body),
                    body_sha256=sha256(body),
                )
            )
            tx.publish(event)
        QUARANTINED.labels(code).inc()
        log.error(
            "message_quarantined",
            code=code,
            sender=event.sender,
            sha256=event.body_sha256,
        )
        return event.quarantine_id
