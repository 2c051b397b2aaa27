"""What the log needs from outside, in its own words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.errors import Transient
from kernel.events import Event
from services.audit.domain.check import StoredRow
from services.audit.domain.index import Tile
from services.audit.domain.intake import Known, Notice, Plan
from services.audit.domain.note import Checkpoint, LogKey
from services.audit.domain.report import Person, Report
from services.audit.domain.sequences import Tally
from services.audit.domain.signing import Signed
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tiles import ExportFile
from services.audit.domain.tree import Frontier


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery as it came; `sender` is the broker's validated word, or None."""

    body: bytes
    sender: str | None


@dataclass(frozen=True, slots=True)
class RowHashes:
    """What the start check reads of a row."""

    seq: int
    received_at: datetime
    leaf_hash: bytes
    chain_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed note as stored, and the size it is filed under."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Export:
    """A recorded taking of the log up to `size`, pinned by its checkpoint."""

    export_id: UUID
    size: int
    note: bytes
    taken_by: str
    taken_at: datetime
    disclosure_id: UUID | None


@dataclass(frozen=True, slots=True)
class Block:
    """A finding that stops the writer: the first bad leaf, and why."""

    block_id: UUID
    seq: int
    code: str
    found_at: datetime


class Register(Protocol):
    """The register of disclosures, which contracts keeps (clause 6.2)."""

    def refuse_uncovered(
        self, disclosure_id: UUID, client_id: UUID | None = None
    ) -> bool:
        """Whether the client sees that it was told.

        Refused ``disclosure_not_valid`` unless the entry covers the client now;
        without a client: the whole log.  Transient while contracts is away: what cannot
        be asked is not covered.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The company's signature with all that proves it (CMS, RFC 3161, RFC 6960)."""

    cms: bytes
    stamp: bytes
    chain: tuple[bytes, ...]
    revocation: tuple[bytes, ...]


class Seal(Protocol):
    """The company's ЭЦП, whose key contracts has, and НУЦ's stamp."""

    def seal(self, document: bytes) -> Sealed:
        """Sign and stamp these bytes.  Transient while somebody needed is away."""
        ...


class Stamper(Protocol):
    """A time-stamping authority (RFC 3161)."""

    def stamp(self, checkpoint: bytes, *, size: int) -> TimeStamp:
        """A stamp over exactly these bytes, checked.

        Transient while none can be had.
        """
        ...


class People(Protocol):
    """Who clients are, as onboarding knows: each look is a reading the client sees."""

    def person(self, client_id: UUID) -> Person | None:
        """None for whom onboarding does not know, or not any more.

        Transient while it is away.
        """
        ...


class Printer(Protocol):
    """Prints reports as PDF; equal reports are equal bytes."""

    def print(self, report: Report) -> bytes: ...


class LogSigner(Protocol):
    """The log's key, wherever it lies, and the key it succeeds while both sign.

    Each call is Transient while the key cannot be reached, and Broken when its holder
    has signed another log than this, or a longer one.
    """

    @property
    def keys(self) -> Sequence[LogKey]:
        """Their public halves, the newest first."""
        ...

    def resume(self, note: bytes, head: Frontier) -> None:
        """Say where the log stands that goes on: its last note, and its peaks."""
        ...

    def note(
        self, checkpoint: Checkpoint, *, start: int, hashes: Sequence[bytes]
    ) -> bytes:
        """The checkpoint with a line of each key; `hashes` are the leaves' added since.

        `start` is the number of the first of them.
        """
        ...

    def vouch(self) -> bytes:
        """The old key's word that the new one succeeds it (`leaf.rotation_text`)."""
        ...

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether a key made a signature (Ed25519)."""
        ...


class KeyHolder(Protocol):
    """One private key of the log."""

    @property
    def public(self) -> LogKey: ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 (RFC 8032)."""
        ...


class SignedStore(Protocol):
    """Where a signer apart keeps what it has signed."""

    def read(self) -> Signed: ...

    def write(self, signed: Signed) -> None:
        """On the disk when this returns."""
        ...


class Writing(Protocol):
    """One open transaction of the only writer."""

    def known(self, *, ids: Sequence[UUID], digests: Sequence[bytes]) -> Known:
        """What the log holds of these ids of events and digests of refused messages."""
        ...

    def blocked(self) -> bool:
        """Whether a finding stops the writer."""
        ...

    def take_notices(self) -> Sequence[Notice]:
        """What readers did since the last batch; gone with the commit."""
        ...

    def append(self, plan: Plan, *, note: bytes) -> None:
        """Rows, checkpoint, parked bytes and producers' numbers."""
        ...

    def publish(self, event: Event) -> UUID: ...


class SeatTakenError(Transient):
    """Another process writes the log."""


class WriterStore(Protocol):
    """The log as its only writer holds it, under a lock of the database."""

    def hashes(self, *, start: int) -> Iterator[RowHashes]: ...

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]: ...

    def last_checkpoint(self) -> StoredCheckpoint | None: ...

    def tallies(self) -> Mapping[str, Tally]: ...

    def begin(self) -> AbstractContextManager[Writing]:
        """Commit on leaving; Transient when the outcome is unknown or the lock lost."""
        ...


class WitnessBehindError(Exception):
    """A witness cosigned another size last than the one it was asked from."""

    def __init__(self, size: int) -> None:
        super().__init__(str(size))
        self.size = size


class WitnessDoor(Protocol):
    """One outside witness (C2SP tlog-witness)."""

    @property
    def name(self) -> str:
        """As the policy calls it."""
        ...

    def add_checkpoint(self, body: bytes) -> bytes:
        """Its cosignature lines. WitnessBehindError, Refused, Transient.

        Refused ``witness_denies``: by the proof this log is not the one it saw.
        """
        ...

    def last(self, origin: str) -> bytes | None:
        """The newest checkpoint of the log it cosigned; None when there is none.

        Transient when it cannot be asked.
        """
        ...


class Anchor(Protocol):
    """The newest checkpoint, kept where the database's backups do not reach."""

    def read(self) -> bytes | None: ...

    def write(self, note: bytes) -> None: ...


class Noticeboard(Protocol):
    """Where checkpoints are published for witnesses and auditors."""

    def publish(self, note: bytes) -> None: ...

    def published(self) -> bytes | None: ...

    def publish_witnessed(self, note: bytes) -> None:
        """Publish a checkpoint that enough witnesses cosigned, its lines with it."""
        ...

    def witnessed(self) -> bytes | None: ...

    def keep_stamp(self, stamp: TimeStamp) -> None:
        """Keep the stamped bytes and the authority's reply beside the checkpoints."""
        ...

    def announce(self, vkey: str) -> None:
        """Put a vkey before those announced earlier, which are kept."""
        ...

    def announced(self) -> Sequence[str]:
        """The log's vkeys, the newest first; none before the writer's first start."""
        ...


class Archive(Protocol):
    """Cold storage of the log, laid out as C2SP tlog-tiles."""

    def note(self) -> bytes | None:
        """The checkpoint that everything here belongs to."""
        ...

    def put(self, file: ExportFile) -> None:
        """Write a file for good, and read it again.

        Raises MismatchError: other bytes stand there, or come back.
        """
        ...

    def finish(self, note: bytes, *, edge: AbstractSet[str]) -> None:
        """Put the checkpoint in place; of partial tiles only `edge` stays."""
        ...

    def read(self, path: str) -> bytes | None: ...


class LogReader(Protocol):
    """The log as a reader sees it, within one transaction."""

    def size(self) -> int:
        """One more than the greatest number of a row, signed or not."""
        ...

    def last_checkpoint(self) -> StoredCheckpoint | None: ...

    def checkpoints(self, *, after: int, up_to: int) -> Sequence[StoredCheckpoint]: ...

    def rows(self, *, start: int, stop: int) -> Sequence[StoredRow]: ...

    def leaves(self, *, start: int, stop: int) -> Sequence[bytes]: ...

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]: ...

    def indexed_tiles(self) -> int:
        """How many tiles from the first on the index holds, sealed."""
        ...

    def tile(self, number: int) -> Tile | None:
        """What the index holds of a tile."""
        ...

    def events_of_tiles(self, stop: int) -> Mapping[str, int]:
        """Events by producer in the tiles before `stop`, as the index holds them."""
        ...

    def tiles_with(
        self, terms: Sequence[Sequence[int]], *, first: int, stop: int, most: int
    ) -> Sequence[int]:
        """Tiles from `first` up to, and without, `stop` with one term of each group.

        The newest first, `most` of them.
        """
        ...

    def tiles_naming(self, terms: Sequence[int], *, stop: int) -> Sequence[int]:
        """Tiles before `stop` in which one of the terms may stand, in their order.

        A tile without a row in the index, or with another than was sealed, is among
        them: so nobody keeps a leaf from being found by changing the index.
        """
        ...

    def naming_any(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        """Rows of these tiles, between two numbers, whose leaves hold one of the texts.

        In their order.
        """
        ...

    def naming_all(
        self, texts: Sequence[str], *, tiles: Sequence[int], start: int, stop: int
    ) -> Sequence[StoredRow]:
        """Rows of these tiles, between two numbers, whose leaves hold every text.

        The newest first.
        """
        ...

    def stamps(self, *, after: int, up_to: int) -> Iterable[TimeStamp]:
        """Stamps over checkpoints of more than `after` leaves, in their order."""
        ...

    def last_stamp(self) -> TimeStamp | None: ...

    def sequences(self) -> Iterable[Tally]: ...

    def blocks(self) -> Sequence[Block]:
        """Findings that stop the writer now, the oldest first."""
        ...

    def changed_tripwires(self) -> Sequence[str]:
        """Tables whose triggers, rules or kind are not what the migrations made."""
        ...

    def record_export(self, export: Export) -> None: ...

    def export(self, export_id: UUID) -> Export | None: ...


class Unit(LogReader, Protocol):
    """A reader whose findings leave with the commit."""

    def note(self, notice: Notice) -> None:
        """Have the writer tell in the log what a reader did."""
        ...

    def index(self, tile: Tile) -> None:
        """Have the index hold this of the tile, whatever it held before."""
        ...

    def keep_stamp(self, stamp: TimeStamp) -> None:
        """Keep it, unless this checkpoint has one."""
        ...

    def block(self, block: Block) -> bool:
        """Stop the writer; False when the very finding stops it already."""
        ...

    def lift(self, block_id: UUID, *, at: datetime, by: str) -> None:
        """Let the writer go on; who had the log verified stays on record."""
        ...

    def publish(self, event: Event) -> UUID: ...


class Units(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[Unit]: ...
