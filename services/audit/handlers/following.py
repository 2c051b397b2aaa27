"""The log gone through by its stored hashes, and gone on with where one stopped.

Whoever waits for the writer's seat keeps up with whoever has it, so that to take over
means to look at the few rows since: a hot stand-by (audit_log.md section 2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from kernel.errors import Broken
from services.audit.domain.following import LeafHashes, TileRoots, tile_by_tile
from services.audit.domain.intake import Head
from services.audit.domain.note import parse_text
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.domain.tree import CHAIN_START, chain_hash, root_of
from services.audit.ports import LogReader, RowHashes, StoredCheckpoint

ADDED_AT_ONCE = 10_000
READ_AT_ONCE = 65_536


@dataclass(slots=True)
class Followed:
    """How far the log was gone through; rows that came are never read again.

    Committed rows never change. If they do behind our back, what is kept here is what
    they were, and the signed root of the last checkpoint tells the difference.
    """

    roots: TileRoots = field(default_factory=TileRoots)
    chain: bytes = CHAIN_START
    received_at: datetime | None = None

    @property
    def size(self) -> int:
        return self.roots.size

    def follow(self, rows: Iterable[RowHashes]) -> None:
        """Go on with the rows from `size` on. Broken: numbers or chain have a hole."""
        hashes: list[bytes] = []
        try:
            for row in rows:
                seq = self.roots.size + len(hashes)
                chain = chain_hash(self.chain, row.leaf_hash)
                if row.seq != seq or row.chain_hash != chain:
                    raise Broken(
                        f"the log is damaged at seq {seq}: it must not be signed"
                    )
                self.chain, self.received_at = chain, row.received_at
                hashes.append(row.leaf_hash)
                if len(hashes) == ADDED_AT_ONCE:
                    self.roots.add(hashes)
                    hashes = []
        finally:
            self.roots.add(hashes)

    def head(self) -> Head:
        """Where the log stands, for a writer to go on from."""
        return Head(self.roots.frontier(), self.chain, self.received_at)

    def root(self, size: int, *, leaves: LeafHashes) -> bytes:
        """The root when there were so many leaves; not more than `size`."""
        return self.roots.root(size, leaves=leaves)


@dataclass(slots=True)
class KeptTiles:
    """The roots of the log's tiles, kept from one proof or part to the next.

    What was followed is not read again; so a look-up of leaf hashes compares each full
    tile with the root that was kept, and whoever changed a row since is noticed.
    """

    roots: TileRoots = field(default_factory=TileRoots)
    _one: Lock = field(default_factory=Lock)

    def follow(self, reader: LogReader, *, size: int) -> None:
        """Go on to so many leaves. Broken: the log is shorter."""
        with self._one:
            while (start := self.roots.size) < size:
                stop = min(start + READ_AT_ONCE, size)
                hashes = reader.leaf_hashes(start=start, stop=stop)
                if len(hashes) != stop - start:
                    raise Broken("the log is shorter than its checkpoint")
                self.roots.add(hashes)

    def go_on(self, reader: LogReader) -> None:
        """A beat's share of what was signed since: no proof has to follow it all."""
        newest = reader.last_checkpoint()
        signed = newest.size if newest else 0
        self.follow(reader, size=min(signed, self.roots.size + READ_AT_ONCE))

    def leaves(self, reader: LogReader, *, size: int) -> LeafHashes:
        """Look-ups below `size`. Broken: a tile is another than it was."""

        def checked(start: int, stop: int) -> Sequence[bytes]:
            hashes = reader.leaf_hashes(start=start, stop=stop)
            if stop - start < TILE_WIDTH:
                return hashes
            if root_of(hashes) != self.roots.of_tile(start // TILE_WIDTH):
                raise self.forgotten()
            return hashes

        return tile_by_tile(checked, size=size)

    def signed(self, checkpoint: StoredCheckpoint, reader: LogReader) -> LeafHashes:
        """Go on to a checkpoint, and look-ups below it.

        Broken when the leaves are not those it signs.
        """
        size = checkpoint.size
        self.follow(reader, size=size)
        leaves = self.leaves(reader, size=size)
        text, _, _ = checkpoint.note.partition(b"\n\n")
        if self.roots.root(size, leaves=leaves) != parse_text(text + b"\n").root:
            raise self.forgotten()
        return leaves

    def forgotten(self) -> Broken:
        """What is there is not what was kept, or signed: all is read anew next time."""
        self.roots = TileRoots()
        return Broken("the log is not what its checkpoint signs: have it verified")
