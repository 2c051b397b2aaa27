"""The readers' road: pages of rows, recorded exports, findings in the same commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.crypto import FieldKeys, UnsealError, canonical
from kernel.database import Database, Fixed, Transaction
from kernel.events import Event
from services.audit.domain.check import StoredRow
from services.audit.domain.index import Tile, digest_of
from services.audit.domain.intake import Notice
from services.audit.domain.sequences import Tally
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.ports import Block, Export, StoredCheckpoint, Unit
from services.audit.storage import rows
from services.audit.storage.tables import (
    audit_block,
    audit_checkpoint,
    audit_export,
    audit_log,
    audit_notice,
    audit_stamp,
    audit_tile,
)

_ROWS: Final = Fixed.of(
    text(
        "SELECT seq, kind, CAST(event_id AS text), event_sha256, leaf_hash, chain_hash,"
        " leaf FROM audit_log WHERE seq >= :start AND seq < :stop ORDER BY seq"
    )
)


_WITH_TERM: Final = " AND terms && CAST(:group_{} AS bigint[])"
_TILES: Final = (
    "SELECT tile FROM audit_tile WHERE tile >= :first AND tile < :stop{}"
    " ORDER BY tile DESC LIMIT :most"
)
_TILES_NAMING: Final = text(
    "SELECT tile, seal, sha256(array_send(terms)) AS digest,"
    " terms && CAST(:terms AS bigint[]) AS named"
    " FROM audit_tile WHERE tile < :stop ORDER BY tile"
)
# A text anywhere in the bytes: an id is found without reading the leaf as JSON.
_NAMING_ANY: Final = text(
    "SELECT seq, kind, CAST(event_id AS text), event_sha256, leaf_hash, chain_hash,"
    " leaf FROM unnest(CAST(:tiles AS bigint[])) AS t (tile)"
    " JOIN audit_log ON seq >= t.tile * :width AND seq < (t.tile + 1) * :width"
    " WHERE seq >= :start AND seq < :stop AND EXISTS (SELECT FROM"
    " unnest(CAST(:texts AS text[])) AS n (text)"
    " WHERE position(convert_to(n.text, 'UTF8') IN leaf) > 0)"
    " ORDER BY seq"
)
_NAMING_ALL: Final = text(
    "SELECT seq, kind, CAST(event_id AS text), event_sha256, leaf_hash, chain_hash,"
    " leaf FROM unnest(CAST(:tiles AS bigint[])) AS t (tile)"
    " JOIN audit_log ON seq >= t.tile * :width AND seq < (t.tile + 1) * :width"
    " WHERE seq >= :start AND seq < :stop AND NOT EXISTS (SELECT FROM"
    " unnest(CAST(:texts AS text[])) AS n (text)"
    " WHERE position(convert_to(n.text, 'UTF8') IN leaf) = 0)"
    " ORDER BY seq DESC"
)
_INDEXED: Final = text(
    "SELECT COALESCE((SELECT min(tile) FROM audit_tile WHERE seal IS NULL),"
    " (SELECT max(tile) + 1 FROM audit_tile), 0) AS tiles"
)
_EVENTS_OF_TILES: Final = text(
    "SELECT c.producer, sum(c.events) AS events FROM audit_tile,"
    " unnest(producers, events) AS c (producer, events)"
    " WHERE tile < :stop GROUP BY c.producer"
)
_INDEX: Final = text(
    "INSERT INTO audit_tile (tile, terms, producers, events, seal)"
    " VALUES (:tile, :terms, :producers, :events, :seal) ON CONFLICT (tile) DO UPDATE"
    " SET terms = excluded.terms, producers = excluded.producers,"
    " events = excluded.events, seal = excluded.seal"
)


_CHANGED_TRIPWIRES: Final = text(
    "SELECT t.name FROM unnest(ARRAY['audit_log', 'audit_checkpoint', 'audit_parked',"
    " 'audit_export', 'audit_stamp', 'audit_procedure', 'audit_procedure_text'])"
    " AS t (name)"
    " LEFT JOIN pg_class c ON c.oid = to_regclass(t.name)"
    " WHERE c.relkind IS DISTINCT FROM 'r' OR c.relrowsecurity"
    " OR EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid)"
    " OR NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid"
    " AND g.tgname = t.name || '_append_only' AND g.tgenabled = 'A')"
)


_STAMPS: Final = select(
    audit_stamp.c.size,
    audit_stamp.c.checkpoint,
    audit_stamp.c.reply,
    audit_stamp.c.stamped_at,
)
_STAMPS_AT_ONCE: Final = 100
_SEAL: Final = {"table": "audit_tile", "column": "seal"}


class ReadingUnits:
    """Opens units of work for one request. Implements Units."""

    def __init__(self, database: Database, context: Context, fields: FieldKeys) -> None:
        self._database = database
        self._context = context
        self._fields = fields

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        with self._database.begin(self._context) as transaction:
            yield Reader(transaction, self._fields)


class Reader:
    """Implements Unit on one open transaction."""

    def __init__(self, transaction: Transaction, fields: FieldKeys) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._fields = fields

    def last_checkpoint(self) -> StoredCheckpoint | None:
        return rows.last_checkpoint(self._connection)

    def checkpoints(self, *, after: int, up_to: int) -> Sequence[StoredCheckpoint]:
        found = self._connection.execute(
            select(audit_checkpoint.c.size, audit_checkpoint.c.note)
            .where(audit_checkpoint.c.size > after, audit_checkpoint.c.size <= up_to)
            .order_by(audit_checkpoint.c.size)
        )
        return [StoredCheckpoint(row.size, row.note.encode()) for row in found]

    def size(self) -> int:
        top = self._connection.execute(select(func.max(audit_log.c.seq))).scalar()
        return 0 if top is None else int(top) + 1

    def rows(self, *, start: int, stop: int) -> Sequence[StoredRow]:
        return _stored(_ROWS.on(self._connection, start=start, stop=stop))

    def leaves(self, *, start: int, stop: int) -> Sequence[bytes]:
        found = self._connection.execute(
            select(audit_log.c.leaf)
            .where(audit_log.c.seq >= start, audit_log.c.seq < stop)
            .order_by(audit_log.c.seq)
        )
        return [bytes(row.leaf) for row in found]

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]:
        return rows.leaf_hashes(self._connection, start=start, stop=stop)

    def indexed_tiles(self) -> int:
        return int(self._connection.execute(_INDEXED).scalar_one())

    def tile(self, number: int) -> Tile | None:
        row = self._connection.execute(
            select(
                audit_tile.c.terms,
                audit_tile.c.producers,
                audit_tile.c.events,
                audit_tile.c.seal,
            ).where(audit_tile.c.tile == number)
        ).one_or_none()
        if row is None:
            return None
        counted = dict(zip(row.producers, row.events, strict=True))
        sealed = self._is_sealed(number, row.seal, digest_of(row.terms))
        return Tile(number, frozenset(row.terms), counted, sealed=sealed)

    def tiles_naming(self, terms: Sequence[int], *, stop: int) -> Sequence[int]:
        wanted = {"terms": list(terms), "stop": stop}
        let_out = {
            row.tile
            for row in self._connection.execute(_TILES_NAMING, wanted)
            if not row.named and self._is_sealed(row.tile, row.seal, row.digest)
        }
        return [number for number in range(stop) if number not in let_out]

    def naming_any(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        found = self._connection.execute(
            _NAMING_ANY,
            {
                "tiles": list(tiles),
                "width": TILE_WIDTH,
                "start": start,
                "stop": stop,
                "texts": list(texts),
            },
        )
        return _stored(found)

    def _is_sealed(self, number: int, seal: bytes | None, digest: bytes) -> bool:
        if seal is None:
            return False
        try:
            sealed = self._fields.unseal(bytes(seal), **_SEAL, row=number)
        except UnsealError:
            return False
        return sealed == bytes(digest)

    def events_of_tiles(self, stop: int) -> Mapping[str, int]:
        found = self._connection.execute(_EVENTS_OF_TILES, {"stop": stop})
        return {row.producer: int(row.events) for row in found}

    def tiles_with(
        self, terms: Sequence[Sequence[int]], *, first: int, stop: int, most: int
    ) -> Sequence[int]:
        narrowed = "".join(_WITH_TERM.format(place) for place in range(len(terms)))
        groups = {f"group_{place}": list(group) for place, group in enumerate(terms)}
        found = self._connection.execute(
            text(_TILES.format(narrowed)),
            {**groups, "first": first, "stop": stop, "most": most},
        )
        return [row.tile for row in found]

    def naming_all(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        found = self._connection.execute(
            _NAMING_ALL,
            {
                "tiles": list(tiles),
                "width": TILE_WIDTH,
                "start": start,
                "stop": stop,
                "texts": list(texts),
            },
        )
        return _stored(found)

    def stamps(self, *, after: int, up_to: int) -> Iterable[TimeStamp]:
        found = self._connection.execute(
            _STAMPS.where(audit_stamp.c.size > after, audit_stamp.c.size <= up_to)
            .order_by(audit_stamp.c.size)
            .execution_options(yield_per=_STAMPS_AT_ONCE)
        )
        return map(_stamp, found)

    def last_stamp(self) -> TimeStamp | None:
        newest = _STAMPS.order_by(audit_stamp.c.size.desc()).limit(1)
        found = self._connection.execute(newest).one_or_none()
        return _stamp(found) if found is not None else None

    def keep_stamp(self, stamp: TimeStamp) -> None:
        self._connection.execute(
            insert(audit_stamp)
            .values(
                size=stamp.size,
                checkpoint=stamp.checkpoint,
                reply=stamp.reply,
                stamped_at=stamp.stamped_at,
            )
            .on_conflict_do_nothing()
        )

    def sequences(self) -> Iterable[Tally]:
        return rows.tallies(self._connection)

    def record_export(self, export: Export) -> None:
        self._connection.execute(
            audit_export.insert(),
            {
                "id": export.export_id,
                "size": export.size,
                "note": export.note.decode(),
                "taken_by": export.taken_by,
                "taken_at": export.taken_at,
                "disclosure_id": export.disclosure_id,
            },
        )

    def export(self, export_id: UUID) -> Export | None:
        row = self._connection.execute(
            select(
                audit_export.c.id,
                audit_export.c.size,
                audit_export.c.note,
                audit_export.c.taken_by,
                audit_export.c.taken_at,
                audit_export.c.disclosure_id,
            ).where(audit_export.c.id == export_id)
        ).one_or_none()
        if row is None:
            return None
        return Export(
            export_id=row.id,
            size=row.size,
            note=row.note.encode(),
            taken_by=row.taken_by,
            taken_at=row.taken_at,
            disclosure_id=row.disclosure_id,
        )

    def blocks(self) -> Sequence[Block]:
        found = self._connection.execute(
            select(
                audit_block.c.id,
                audit_block.c.seq,
                audit_block.c.code,
                audit_block.c.found_at,
            )
            .where(audit_block.c.lifted_at.is_(None))
            .order_by(audit_block.c.found_at, audit_block.c.id)
        )
        return [Block(row.id, row.seq, row.code, row.found_at) for row in found]

    def changed_tripwires(self) -> Sequence[str]:
        return [row.name for row in self._connection.execute(_CHANGED_TRIPWIRES)]

    def block(self, block: Block) -> bool:
        if any((b.seq, b.code) == (block.seq, block.code) for b in self.blocks()):
            return False
        self._connection.execute(
            audit_block.insert(),
            {
                "id": block.block_id,
                "seq": block.seq,
                "code": block.code,
                "found_at": block.found_at,
            },
        )
        return True

    def lift(self, block_id: UUID, *, at: datetime, by: str) -> None:
        self._connection.execute(
            audit_block.update()
            .where(audit_block.c.id == block_id)
            .values(lifted_at=at, lifted_by=by)
        )

    def index(self, tile: Tile) -> None:
        self._connection.execute(
            _INDEX,
            {
                "tile": tile.number,
                "terms": sorted(tile.terms),
                "producers": list(tile.events),
                "events": list(tile.events.values()),
                "seal": self._fields.seal(
                    digest_of(tile.terms), **_SEAL, row=tile.number
                ),
            },
        )

    def note(self, notice: Notice) -> None:
        self._connection.execute(
            audit_notice.insert(),
            {
                "id": notice.notice_id,
                "kind": int(notice.kind),
                "fields": canonical(notice.fields),
                "noted_at": self._transaction.now,
            },
        )

    def publish(self, event: Event) -> UUID:
        return self._transaction.publish(event)


def _stored(found: Iterable[Any]) -> list[StoredRow]:
    return [
        StoredRow(
            seq=seq,
            kind=kind,
            event_id=event_id,
            event_sha256=bytes(digest) if digest is not None else None,
            leaf_hash=bytes(leaf_hash),
            chain_hash=bytes(chain_hash),
            leaf=bytes(leaf),
        )
        for seq, kind, event_id, digest, leaf_hash, chain_hash, leaf in found
    ]


def _stamp(row: Row[Any, Any, Any, Any]) -> TimeStamp:
    return TimeStamp(
        size=row.size,
        checkpoint=bytes(row.checkpoint),
        reply=bytes(row.reply),
        stamped_at=row.stamped_at,
    )
