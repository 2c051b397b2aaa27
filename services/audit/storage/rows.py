"""Between rows and domain objects, shared by the writer and the readers."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, select

from services.audit.domain.sequences import Hole, Tally
from services.audit.ports import RowHashes, StoredCheckpoint
from services.audit.storage.tables import (
    audit_checkpoint,
    audit_hole,
    audit_log,
    audit_producer,
)

_READ_AHEAD: Final = 10_000


def hashes(connection: Connection, *, start: int) -> Iterator[RowHashes]:
    """The hashes of every row from a number on, in order."""
    wanted = (
        select(
            audit_log.c.seq,
            audit_log.c.received_at,
            audit_log.c.leaf_hash,
            audit_log.c.chain_hash,
        )
        .where(audit_log.c.seq >= start)
        .order_by(audit_log.c.seq)
    )
    for row in connection.execute(wanted, execution_options={"yield_per": _READ_AHEAD}):
        yield RowHashes(
            row.seq, row.received_at, bytes(row.leaf_hash), bytes(row.chain_hash)
        )


def leaf_hashes(connection: Connection, *, start: int, stop: int) -> Sequence[bytes]:
    """Hashes of the leaves from a number up to, and without, another."""
    found = connection.execute(
        select(audit_log.c.leaf_hash)
        .where(audit_log.c.seq >= start, audit_log.c.seq < stop)
        .order_by(audit_log.c.seq)
    )
    return [bytes(row.leaf_hash) for row in found]


def last_checkpoint(connection: Connection) -> StoredCheckpoint | None:
    """The checkpoint of the greatest size."""
    row = connection.execute(
        select(audit_checkpoint.c.size, audit_checkpoint.c.note)
        .order_by(audit_checkpoint.c.size.desc())
        .limit(1)
    ).one_or_none()
    return StoredCheckpoint(row.size, row.note.encode()) if row else None


def tallies(connection: Connection) -> Sequence[Tally]:
    """Every producer's numbers, by name."""
    holes: dict[str, list[Hole]] = {}
    for row in connection.execute(
        select(
            audit_hole.c.producer,
            audit_hole.c.first,
            audit_hole.c.last,
            audit_hole.c.noticed_at,
            audit_hole.c.reported,
        ).order_by(audit_hole.c.producer, audit_hole.c.first)
    ):
        hole = Hole(row.first, row.last, row.noticed_at, row.reported)
        holes.setdefault(row.producer, []).append(hole)
    producers = connection.execute(
        select(audit_producer.c.producer, audit_producer.c.last_sequence).order_by(
            audit_producer.c.producer
        )
    )
    return [
        Tally(row.producer, row.last_sequence, tuple(holes.get(row.producer, ())))
        for row in producers
    ]
