"""In-memory twins of the log's ports."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.crypto import SigningKey
from kernel.errors import Transient
from kernel.events import Event
from services.audit.adapters import verify_ed25519
from services.audit.domain.check import StoredRow
from services.audit.domain.index import Tile
from services.audit.domain.intake import Known, Notice, Plan, Row
from services.audit.domain.leaf import Kind
from services.audit.domain.note import LogKey
from services.audit.domain.sequences import Tally
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.handlers.signing import HeldKeys
from services.audit.ports import Block, Export, RowHashes, StoredCheckpoint

NOON = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
ORIGIN = "creditplus.kz/audit"

__all__ = ["NOON", "ORIGIN", "verify_ed25519"]


class FakeClock:
    """Stands until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FakeIds:
    """1, 2, 3 …"""

    def __init__(self) -> None:
        self.last = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


class FakeSigner:
    """A log key of the test's own."""

    def __init__(
        self, origin: str = ORIGIN, *, before: "FakeSigner | None" = None
    ) -> None:
        self.key = SigningKey.generate(origin)
        self.before = before
        self._public = LogKey(origin, self.key.public_bytes)

    @property
    def public(self) -> LogKey:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)

    @property
    def held(self) -> HeldKeys:
        """As the writer has them beside it."""
        older = [self.before] if self.before else []
        return HeldKeys([self, *older], verify_ed25519)


@dataclass
class FakeAnchor:
    """A file in memory."""

    note: bytes | None = None

    def read(self) -> bytes | None:
        return self.note

    def write(self, note: bytes) -> None:
        self.note = note


@dataclass
class FakeBoard:
    """A folder in memory."""

    note: bytes | None = None
    vkeys: tuple[str, ...] = ()
    seen: bytes | None = None
    stamps: list[TimeStamp] = field(default_factory=list)

    def publish(self, note: bytes) -> None:
        self.note = note

    def published(self) -> bytes | None:
        return self.note

    def publish_witnessed(self, note: bytes) -> None:
        self.seen = note

    def witnessed(self) -> bytes | None:
        return self.seen

    def keep_stamp(self, stamp: TimeStamp) -> None:
        self.stamps.append(stamp)

    def announce(self, vkey: str) -> None:
        if vkey not in self.vkeys:
            self.vkeys = (vkey, *self.vkeys)

    def announced(self) -> tuple[str, ...]:
        return self.vkeys


@dataclass
class FakeLog:
    """Rows, checkpoints and numbers; WriterStore, Writing, Units and Unit in one.

    A transaction that fails leaves nothing, as the real one does.
    """

    rows: list[Row] = field(default_factory=list)
    checkpoints: list[StoredCheckpoint] = field(default_factory=list)
    counted: dict[str, Tally] = field(default_factory=dict)
    parked: dict[bytes, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    exports: dict[UUID, Export] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    stops: list[Block] = field(default_factory=list)
    lifted: list[tuple[UUID, str]] = field(default_factory=list)
    tripped: list[str] = field(default_factory=list)
    tiles: dict[int, Tile] = field(default_factory=dict)
    stamped: list[TimeStamp] = field(default_factory=list)
    fail_commit: bool = False

    @contextmanager
    def begin(self) -> Iterator["FakeLog"]:
        twin = replace(
            self,
            rows=list(self.rows),
            checkpoints=list(self.checkpoints),
            counted=dict(self.counted),
            parked=dict(self.parked),
            events=list(self.events),
            exports=dict(self.exports),
            notices=list(self.notices),
            stops=list(self.stops),
            lifted=list(self.lifted),
            tiles=dict(self.tiles),
            stamped=list(self.stamped),
        )
        yield twin
        if self.fail_commit:
            raise Transient("the commit's answer was lost")
        self.rows, self.checkpoints = twin.rows, twin.checkpoints
        self.counted, self.parked = twin.counted, twin.parked
        self.events, self.exports = twin.events, twin.exports
        self.notices, self.tiles = twin.notices, twin.tiles
        self.stamped = twin.stamped
        self.stops, self.lifted = twin.stops, twin.lifted

    def hashes(self, *, start: int) -> Iterator[RowHashes]:
        for row in self.rows[start:]:
            yield RowHashes(row.seq, row.received_at, row.leaf_hash, row.chain_hash)

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]:
        return [row.leaf_hash for row in self.rows[start:stop]]

    def last_checkpoint(self) -> StoredCheckpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def tallies(self) -> Mapping[str, Tally]:
        return dict(self.counted)

    def sequences(self) -> Sequence[Tally]:
        return list(self.counted.values())

    def known(self, *, ids: Sequence[UUID], digests: Sequence[bytes]) -> Known:
        pairs = [
            (row.kind, row.event_id, row.event_sha256)
            for row in self.rows
            if row.event_id in ids or row.event_sha256 in digests
        ]
        return Known(
            events={
                event_id: digest
                for kind, event_id, digest in pairs
                if kind in {Kind.EVENT, Kind.EVENT_REF} and event_id and digest
            },
            conflicts=frozenset(
                (event_id, digest)
                for kind, event_id, digest in pairs
                if kind is Kind.CONFLICT and event_id and digest
            ),
            refusals=frozenset(
                digest for kind, _, digest in pairs if kind is Kind.REFUSED and digest
            ),
        )

    def blocked(self) -> bool:
        return bool(self.stops)

    def take_notices(self) -> Sequence[Notice]:
        taken, self.notices = self.notices, []
        return taken

    def append(self, plan: Plan, *, note: bytes) -> None:
        self.rows.extend(plan.rows)
        self.checkpoints.append(StoredCheckpoint(plan.head.size, note))
        self.counted.update({tally.producer: tally for tally in plan.tallies})
        self.parked.update({each.digest: each.raw for each in plan.parked})

    def publish(self, event: Event) -> UUID:
        self.events.append(event)
        return UUID(int=len(self.events))

    def checkpoints_between(self, after: int, up_to: int) -> list[StoredCheckpoint]:
        return [each for each in self.checkpoints if after < each.size <= up_to]


class FakeUnit:
    """The readers' view of a FakeLog."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    def size(self) -> int:
        return max((row.seq + 1 for row in self._log.rows), default=0)

    def last_checkpoint(self) -> StoredCheckpoint | None:
        return self._log.last_checkpoint()

    def checkpoints(self, *, after: int, up_to: int) -> Sequence[StoredCheckpoint]:
        return self._log.checkpoints_between(after, up_to)

    def rows(self, *, start: int, stop: int) -> Sequence[StoredRow]:
        return [
            StoredRow(
                seq=row.seq,
                kind=int(row.kind),
                event_id=str(row.event_id) if row.event_id else None,
                event_sha256=row.event_sha256,
                leaf_hash=row.leaf_hash,
                chain_hash=row.chain_hash,
                leaf=row.leaf,
            )
            for row in self._log.rows
            if start <= row.seq < stop
        ]

    def leaves(self, *, start: int, stop: int) -> Sequence[bytes]:
        return [row.leaf for row in self._log.rows if start <= row.seq < stop]

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]:
        return self._log.leaf_hashes(start=start, stop=stop)

    def indexed_tiles(self) -> int:
        return max(self._log.tiles, default=-1) + 1

    def tile(self, number: int) -> Tile | None:
        return self._log.tiles.get(number)

    def events_of_tiles(self, stop: int) -> Mapping[str, int]:
        events: Counter[str] = Counter()
        for number, tile in self._log.tiles.items():
            if number < stop:
                events.update(tile.events)
        return events

    def tiles_with(
        self, terms: Sequence[Sequence[int]], *, first: int, stop: int, most: int
    ) -> Sequence[int]:
        found = [
            number
            for number, tile in self._log.tiles.items()
            if first <= number < stop and all(tile.terms & {*group} for group in terms)
        ]
        return sorted(found, reverse=True)[:most]

    def tiles_naming(self, terms: Sequence[int], *, stop: int) -> Sequence[int]:
        known = self._log.tiles
        return [
            number
            for number in range(stop)
            if number not in known
            or not known[number].sealed
            or known[number].terms & {*terms}
        ]

    def naming_any(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        return [
            row
            for row in self.rows(start=start, stop=stop)
            if row.seq // TILE_WIDTH in tiles
            and any(each.encode() in row.leaf for each in texts)
        ]

    def naming_all(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        rows = self.rows(start=start, stop=stop)
        return [
            row
            for row in reversed(rows)
            if row.seq // TILE_WIDTH in tiles
            and all(each.encode() in row.leaf for each in texts)
        ]

    def index(self, tile: Tile) -> None:
        self._log.tiles[tile.number] = tile

    def stamps(self, *, after: int, up_to: int) -> Sequence[TimeStamp]:
        return [each for each in self._log.stamped if after < each.size <= up_to]

    def last_stamp(self) -> TimeStamp | None:
        return self._log.stamped[-1] if self._log.stamped else None

    def keep_stamp(self, stamp: TimeStamp) -> None:
        self._log.stamped.append(stamp)

    def sequences(self) -> Sequence[Tally]:
        return self._log.sequences()

    def record_export(self, export: Export) -> None:
        self._log.exports[export.export_id] = export

    def export(self, export_id: UUID) -> Export | None:
        return self._log.exports.get(export_id)

    def blocks(self) -> Sequence[Block]:
        return list(self._log.stops)

    def changed_tripwires(self) -> Sequence[str]:
        return list(self._log.tripped)

    def block(self, block: Block) -> bool:
        stops = self._log.stops
        known = (block.seq, block.code) in [(each.seq, each.code) for each in stops]
        stops.extend([] if known else [block])
        return not known

    def lift(self, block_id: UUID, *, at: datetime, by: str) -> None:
        self._log.stops = [b for b in self._log.stops if b.block_id != block_id]
        self._log.lifted.append((block_id, by))

    def note(self, notice: Notice) -> None:
        self._log.notices.append(notice)

    def publish(self, event: Event) -> UUID:
        return self._log.publish(event)


class FakeUnits:
    """Opens FakeUnit over one FakeLog."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    @contextmanager
    def begin(self) -> Iterator[FakeUnit]:
        with self._log.begin() as twin:
            yield FakeUnit(twin)
