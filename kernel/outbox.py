"""The relay: what was committed reaches the broker, in order, at least once.

One relay per service runs at a time (advisory lock), in three steps:

1. *Number*, one transaction: take the rows without a number in the order they were
   inserted, give each the publisher's next ``sequence`` and its subject's next
   version, sign, and store the bytes.  Numbers are given here and not at insert, so
   they have no gaps and no writer waits for another (catalogue P06).
2. *Publish* the stored bytes; wait for the broker's confirms.  What is returned as
   unroutable or refused stays and is tried again (F25).
3. *Mark* the confirmed rows as published.

A crash after any step repeats the same bytes under the same numbers; the inbox of
every listener drops the repetition.  Rows stay as the source of ``replay``.
"""

import select
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg2
from sqlalchemy import Connection, Engine, bindparam, func, text
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import insert

from kernel.bus import BACK_OFF_S, BROKER_ERRORS, Broker, ConfirmingPublisher
from kernel.clock import Clock
from kernel.crypto import SigningKey
from kernel.database import transient_errors
from kernel.errors import Transient
from kernel.events.envelope import Envelope, routing_key
from kernel.logging import get_logger
from kernel.metrics import OUTBOX_OLDEST_AGE_SECONDS, OUTBOX_PUBLISHED
from kernel.tables import outbox, outbox_subject

log = get_logger("outbox")

BATCH: Final = 200
POLL_S: Final = 1.0
LOCK_KEY: Final = 0x6F7574626F78  # "outbox": one relay per database


@dataclass(frozen=True, slots=True)
class Signer:
    """In whose name the relay speaks, and with which key."""

    service: str
    key: SigningKey


def number(connection: Connection, signer: Signer, *, limit: int = BATCH) -> int:
    """Step 1 inside an open transaction; returns how many rows it numbered."""
    rows = connection.execute(
        sql_select(outbox)
        .where(outbox.c.sequence.is_(None))
        .order_by(outbox.c.inserted)
        .limit(limit)
    ).all()
    if not rows:
        return 0
    last: int = (
        connection.execute(sql_select(func.max(outbox.c.sequence))).scalar() or 0
    )
    versions = _next_versions(connection, [row.subject for row in rows])
    numbered = []
    for sequence, row in enumerate(rows, start=last + 1):
        versions[row.subject] += 1
        envelope = Envelope(
            id=row.id,
            source=signer.service,
            type=row.type,
            time=row.time,
            subject=row.subject,
            subjectversion=versions[row.subject],
            sequence=sequence,
            traceparent=row.traceparent,
            correlation_id=row.correlation_id,
            causation_id=row.causation_id,
            keyid=signer.key.keyid,
            data=orjson.loads(row.data),
        )
        numbered.append(
            {
                "row_id": row.id,
                "sequence": sequence,
                "subject_version": envelope.subjectversion,
                "body": envelope.signed(signer.key),
            }
        )
    connection.execute(_NUMBER, numbered)
    _store_versions(connection, versions)
    return len(rows)


_NUMBER = (
    outbox.update()
    .where(outbox.c.id == bindparam("row_id"))
    .values(
        sequence=bindparam("sequence"),
        subject_version=bindparam("subject_version"),
        body=bindparam("body"),
    )
)


def _next_versions(connection: Connection, subjects: Sequence[str]) -> dict[str, int]:
    known = connection.execute(
        sql_select(outbox_subject).where(outbox_subject.c.subject.in_(set(subjects)))
    )
    return dict.fromkeys(subjects, 0) | {r.subject: r.last_version for r in known}


def _store_versions(connection: Connection, versions: dict[str, int]) -> None:
    rows = [{"subject": s, "last_version": v} for s, v in sorted(versions.items())]
    statement = insert(outbox_subject)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["subject"],
            set_={"last_version": statement.excluded.last_version},
        ),
        rows,
    )


def unpublished(
    connection: Connection, *, limit: int = BATCH
) -> list[tuple[str, bytes, str, str]]:
    """Numbered rows the broker has not confirmed, in order, ready to publish."""
    rows = connection.execute(
        sql_select(outbox.c.id, outbox.c.body, outbox.c.type, outbox.c.subject)
        .where(outbox.c.published_at.is_(None), outbox.c.sequence.is_not(None))
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    return [(str(r.id), bytes(r.body), r.type, r.subject) for r in rows]


def mark_published(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Step 3 inside an open transaction."""
    connection.execute(
        outbox.update().where(outbox.c.id.in_(ids)).values(published_at=at)
    )


class Relay:
    """The supervised loop around the three steps."""

    def __init__(
        self,
        engine: Engine,
        broker: Broker,
        signer: Signer,
        *,
        clock: Clock,
        reached: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._signer = signer
        self._clock = clock
        self._reached = reached
        self.connected = False

    def run(self, stop: threading.Event) -> None:
        """Relay until ``stop`` is set; database or broker away means back-off."""
        failures = 0
        while not stop.is_set():
            try:
                self._relay(stop)
            except (*BROKER_ERRORS, Transient, psycopg2.OperationalError) as error:
                failures = 0 if self.connected else failures + 1
                log.warning("relay_rests", error=type(error).__name__)
                stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            finally:
                self.connected = False

    def _relay(self, stop: threading.Event) -> None:
        with transient_errors(), self._engine.connect() as session:
            raw = session.connection.driver_connection
            autocommit = session.execution_options(isolation_level="AUTOCOMMIT")
            if not autocommit.execute(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}
            ).scalar():
                raise Transient("another relay of this service runs", retry_after_s=1)
            try:
                autocommit.execute(text("LISTEN outbox"))
                with ConfirmingPublisher(self._broker) as publisher:
                    self.connected = True
                    while not stop.is_set():
                        while self.relay_batch(publisher):
                            pass
                        _wait(raw, POLL_S)
                        publisher.beat()
            finally:
                # The lock and the LISTEN live as long as the session: end it.
                session.invalidate()

    def relay_batch(self, publisher: ConfirmingPublisher) -> int:
        """Steps 1 to 3 once; how many messages went out, 0 meaning: rest now."""
        with transient_errors():
            with self._engine.begin() as connection:  # step 1
                number(connection, self._signer)
                rows = unpublished(connection)
                self._measure(connection)
            if not rows:
                return 0
            self._reached("numbered")
            exchange = f"{self._signer.service}.events"
            refused = publisher.publish_all(  # step 2
                (row_id, body, exchange, routing_key(event_type, subject))
                for row_id, body, event_type, subject in rows
            )
            self._reached("published")
            accepted = [UUID(row[0]) for row in rows if row[0] not in refused]
            with self._engine.begin() as connection:  # step 3
                mark_published(connection, accepted, self._clock.now())
            self._reached("marked")
        OUTBOX_PUBLISHED.inc(len(accepted))
        if refused:
            log.error("not_routed", count=len(refused))
            return 0  # they stay; rest before trying them again
        return len(accepted)

    def _measure(self, connection: Connection) -> None:
        oldest = connection.execute(
            sql_select(func.min(outbox.c.time)).where(outbox.c.published_at.is_(None))
        ).scalar()
        age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        OUTBOX_OLDEST_AGE_SECONDS.set(max(age, 0.0))


def _wait(raw: Any, timeout_s: float) -> None:  # noqa: ANN401 - a psycopg2 connection
    """Sleep until a transaction says NOTIFY, at most ``timeout_s``."""
    select.select([raw], [], [], timeout_s)
    raw.poll()
    raw.notifies.clear()
