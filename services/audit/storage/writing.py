"""The writer's road: one connection, one session lock, one transaction a batch.

Whoever loses the connection loses the lock with it, so every transaction first makes
sure that it runs in the session that took the lock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import Clock
from kernel.context import Context
from kernel.crypto import FieldKeys, as_object, parse_canonical
from kernel.database import Database, Fixed, Transaction, transient_errors
from kernel.errors import Transient
from kernel.events import Event
from kernel.ids import Ids
from services.audit.domain.intake import Known, Notice, Plan
from services.audit.domain.leaf import Kind
from services.audit.domain.sequences import Tally
from services.audit.ports import (
    RowHashes,
    SeatTakenError,
    StoredCheckpoint,
    Writing,
)
from services.audit.storage import rows
from services.audit.storage.copying import COLUMNS, copy_bytes
from services.audit.storage.tables import (
    audit_checkpoint,
    audit_hole,
    audit_parked,
    audit_producer,
)

LOCK_KEY = 0x6175646974
"""Of pg_advisory_lock, within the database `audit`: the writer's seat ("audit")."""
MOST_NOTICES = 500
"""Told in one batch; the rest in the next."""
_EVENTS = Fixed.of(
    text(
        "SELECT event_id, event_sha256 FROM audit_log"
        " WHERE kind IN (1, 2) AND event_id = ANY (CAST(:ids AS uuid[]))"
    )
)
_CONFLICTS = Fixed.of(
    text(
        "SELECT event_id, event_sha256 FROM audit_log"
        " WHERE kind = 3 AND event_id = ANY (CAST(:ids AS uuid[]))"
    )
)
_REFUSALS = Fixed.of(
    text(
        "SELECT event_sha256 FROM audit_log"
        " WHERE kind = 4 AND event_sha256 = ANY (:digests)"
    )
)
_BLOCKED = Fixed.of(
    text("SELECT EXISTS (SELECT FROM audit_block WHERE lifted_at IS NULL)")
)
_NOTICES = Fixed.of(
    text(
        "DELETE FROM audit_notice WHERE id IN"
        " (SELECT id FROM audit_notice ORDER BY noted_at, id LIMIT :most)"
        " RETURNING id, kind, fields, noted_at"
    )
)
_COPY = f"COPY audit_log ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)"


def committed_hashes(database: Database, *, start: int) -> Iterator[RowHashes]:
    """What is committed from a number on, for who has no seat. Transient: away."""
    with (
        transient_errors(),
        database.engine.connect() as connection,
        connection.begin(),
    ):
        yield from rows.hashes(connection, start=start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a transaction of the kernel is made of."""

    clock: Clock
    ids: Ids
    field_keys: FieldKeys
    context: Callable[[], Context]


class LockedLog:
    """The log, held by a session lock of the database. Implements WriterStore."""

    def __init__(self, connection: Connection, tools: Tools) -> None:
        self._connection = connection
        self._tools = tools

    def hashes(self, *, start: int) -> Iterator[RowHashes]:
        with transient_errors(), self._connection.begin():
            yield from rows.hashes(self._connection, start=start)

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]:
        with transient_errors(), self._connection.begin():
            return rows.leaf_hashes(self._connection, start=start, stop=stop)

    def last_checkpoint(self) -> StoredCheckpoint | None:
        with transient_errors(), self._connection.begin():
            return rows.last_checkpoint(self._connection)

    def tallies(self) -> Mapping[str, Tally]:
        with transient_errors(), self._connection.begin():
            return {tally.producer: tally for tally in rows.tallies(self._connection)}

    @contextmanager
    def begin(self) -> Iterator[Writing]:
        if self._connection.invalidated:
            # It would silently connect anew, without the lock.
            raise Transient("the writer's connection was lost")
        with transient_errors(), self._connection.begin():
            yield _WriterTransaction(
                Transaction(
                    self._connection,
                    self._tools.context(),
                    self._tools.clock,
                    self._tools.ids,
                    self._tools.field_keys,
                ),
                self._tools,
            )


@contextmanager
def locked(database: Database, tools: Tools) -> Iterator[LockedLog]:
    """Take the writer's seat for as long as the context lasts.

    Raises SeatTakenError while another has it, Transient without database. The lock is
    the session's: it falls when the connection does, and so does every later
    statement, because the connection is never replaced.
    """
    with transient_errors(), database.engine.connect() as connection:
        with connection.begin():
            taken = connection.execute(select(func.pg_try_advisory_lock(LOCK_KEY)))
            if not taken.scalar_one():
                raise SeatTakenError("another writer holds the log")
            connection.execute(text("SET synchronous_commit = on"))
        try:
            yield LockedLog(connection, tools)
            if not connection.invalidated:
                # Whoever waits need not wait for the server to notice we have gone.
                with connection.begin():
                    connection.execute(select(func.pg_advisory_unlock(LOCK_KEY)))
        finally:
            # The session must not go back to the pool with the lock on it.
            connection.invalidate()


class _WriterTransaction:
    """Implements Writing on one open transaction."""

    def __init__(self, transaction: Transaction, tools: Tools) -> None:
        self._transaction = transaction
        self._tools = tools

    def known(self, *, ids: Sequence[UUID], digests: Sequence[bytes]) -> Known:
        events = self._found(_EVENTS, ids=[str(each) for each in ids]) if ids else []
        # A known id is rare, and a refusal rarer: most batches ask once.
        again = [str(event_id) for event_id, _ in events]
        conflicts = self._found(_CONFLICTS, ids=again) if again else []
        return Known(
            events=dict(events),
            conflicts=frozenset(conflicts),
            refusals=frozenset(self._refused(digests)),
        )

    def blocked(self) -> bool:
        found = _BLOCKED.on(self._transaction.connection).scalar_one()
        return bool(found)

    def take_notices(self) -> Sequence[Notice]:
        taken = _NOTICES.on(self._transaction.connection, most=MOST_NOTICES)
        return [
            Notice(
                notice_id=_uuid(row.id),
                kind=Kind(row.kind),
                fields=as_object(parse_canonical(bytes(row.fields))),
            )
            for row in sorted(taken, key=lambda row: (row.noted_at, row.id))
        ]

    def append(self, plan: Plan, *, note: bytes) -> None:
        connection = self._transaction.connection
        self._copy(copy_bytes(plan.rows))
        connection.execute(
            audit_checkpoint.insert(),
            {"size": plan.head.size, "note": note.decode()},
        )
        for parked in plan.parked:
            connection.execute(
                insert(audit_parked)
                .values(
                    sha256=parked.digest,
                    raw=self._seal(parked.raw, digest=parked.digest),
                    parked_at=self._tools.clock.now(),
                )
                .on_conflict_do_nothing()
            )
        for tally in plan.tallies:
            self._save(tally)

    def publish(self, event: Event) -> UUID:
        return self._transaction.publish(event)

    def _copy(self, stream: bytes) -> None:
        driver: Any = self._transaction.connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.copy_expert(_COPY, BytesIO(stream))

    def _seal(self, raw: bytes, *, digest: bytes) -> bytes:
        return self._tools.field_keys.seal(
            raw, table="audit_parked", column="raw", row=digest.hex()
        )

    def _save(self, tally: Tally) -> None:
        connection = self._transaction.connection
        connection.execute(
            insert(audit_producer)
            .values(producer=tally.producer, last_sequence=tally.last)
            .on_conflict_do_update(
                index_elements=[audit_producer.c.producer],
                set_={"last_sequence": tally.last},
            )
        )
        connection.execute(
            delete(audit_hole).where(audit_hole.c.producer == tally.producer)
        )
        if tally.holes:
            connection.execute(
                audit_hole.insert(),
                [
                    {
                        "producer": tally.producer,
                        "first": hole.first,
                        "last": hole.last,
                        "noticed_at": hole.noticed_at,
                        "reported": hole.reported,
                    }
                    for hole in tally.holes
                ],
            )

    def _refused(self, digests: Sequence[bytes]) -> Iterator[bytes]:
        if digests:
            connection = self._transaction.connection
            found = _REFUSALS.on(connection, digests=list(digests))
            yield from (bytes(row.event_sha256) for row in found)

    def _found(self, statement: Fixed, **given: object) -> list[tuple[UUID, bytes]]:
        found = statement.on(self._transaction.connection, **given)
        return [(_uuid(row.event_id), bytes(row.event_sha256)) for row in found]


def _uuid(value: UUID | str) -> UUID:
    """The driver gives a UUID as text unless it was told otherwise."""
    return value if isinstance(value, UUID) else UUID(value)
