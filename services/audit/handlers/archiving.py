"""Cold storage: leaves and tiles in a folder of their own, verified as written.

The database keeps every leaf as well: nothing is taken out of it, at no age. The folder
is the second copy, on another medium, whole by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.archive import (
    bundle,
    hashes_of,
    is_partial,
    leaves_of,
    root_at_the_edge,
    upper_tiles,
    width_of,
)
from services.audit.domain.check import MismatchError, Trusted, Verify
from services.audit.domain.following import TILE_HEIGHT, TileRoots
from services.audit.domain.note import parse_text
from services.audit.domain.tiles import TILE_WIDTH, tile_path
from services.audit.domain.tree import leaf_hash, root_of
from services.audit.handlers.reading import checkpoint_to_export
from services.audit.ports import Archive, LogReader, Noticeboard, Units

FOLLOWED_AT_ONCE: Final = 65_536
ARCHIVE: Final = "archive_differs"
MOST_VERIFIED: Final = 64
"""Tiles of the archive read for one answer."""


@dataclass(slots=True)
class Archiving:
    """How far the tree was followed, and what was put away; one per process."""

    roots: TileRoots = field(default_factory=TileRoots)
    tiles: int | None = None

    def step(
        self, *, archive: Archive, units: Units, board: Noticeboard, most: int
    ) -> int:
        """Put the next tiles away, at most so many; how many it was.

        1. The tree is followed to the newest checkpoint that witnesses saw, or else the
           newest: its root must be the signed one.
        2. Each full tile: its leaves, hashed again, must come to the tile's root.
        3. When all full tiles are there: the right edge, then the checkpoint.

        Raises MismatchError: the database is not what was signed, or a file of the
        archive not what was written; Refused ``log_empty``.
        """
        with units.begin() as unit:
            checkpoint = checkpoint_to_export(board, unit)
            size = checkpoint.size
            if not self._followed(size, checkpoint.note, unit):  # step 1
                return 0
            since = _size_of(archive.note())
            if since == size:
                return 0
            begin = since // TILE_WIDTH if self.tiles is None else self.tiles
            full = size // TILE_WIDTH
            end = min(full, begin + most)
            for number in range(begin, end):  # step 2
                self._put_away(number, unit, archive)
            self.tiles = end
            if end == full:  # step 3
                self._finish(size, since, checkpoint.note, unit, archive)
        return end - begin

    def _followed(self, size: int, note: bytes, unit: LogReader) -> bool:
        roots = self.roots
        if roots.size > size:
            return False
        stop = min(size, roots.size + FOLLOWED_AT_ONCE)
        roots.add(unit.leaf_hashes(start=roots.size, stop=stop))
        if roots.size < size:
            return False
        text, _, _ = note.partition(b"\n\n")
        if roots.frontier().root() != parse_text(text + b"\n").root:
            self.roots = TileRoots()
            raise MismatchError(
                "root_differs", seq=0, why="the root is not the signed one"
            )
        return True

    def _put_away(self, number: int, unit: LogReader, archive: Archive) -> None:
        first = number * TILE_WIDTH
        leaves = unit.leaves(start=first, stop=first + TILE_WIDTH)
        if root_of([*map(leaf_hash, leaves)]) != self.roots.roots[number]:
            raise MismatchError(
                "leaf_changed", seq=first, why="a leaf of the tile is another"
            )
        for file in bundle(number, leaves):
            archive.put(file)

    def _finish(
        self, size: int, since: int, note: bytes, unit: LogReader, archive: Archive
    ) -> None:
        files = [*upper_tiles(self.roots, since=since)]
        leaves = unit.leaves(start=size - size % TILE_WIDTH, stop=size)
        if [*map(leaf_hash, leaves)] != [*self.roots.open]:
            raise MismatchError(
                "leaf_changed",
                seq=size - size % TILE_WIDTH,
                why="a leaf behind the last full tile is another",
            )
        if leaves:
            files += bundle(size // TILE_WIDTH, leaves)
        for file in files:
            archive.put(file)
        edge = frozenset(file.path for file in files if is_partial(file.path))
        archive.finish(note, edge=edge)


@dataclass(frozen=True, slots=True)
class ColdVerdict:
    """Tiles below `verified` are what was signed; `code` is empty if nothing is wrong.

    The whole archive is verified when `verified` is `tiles`.
    """

    size: int
    tiles: int
    verified: int
    code: str = ""
    why: str = ""


def verify_archive(
    begin: int,
    *,
    archive: Archive,
    units: Units,
    board: Noticeboard,
    verify: Verify,
    ids: Ids,
) -> ColdVerdict:
    """Read the next tiles of the archive again; with the last ones all levels above.

    A finding is told (clause 7.2b); it stops nothing, for the database is another copy.
    Refused: ``archive_empty``, ``tile_out_of_range``.
    """
    note = archive.note()
    if note is None:
        raise archive_empty()
    size = _size_of(note)
    tiles = -(-size // TILE_WIDTH)
    if not 0 <= begin < tiles:
        raise Refused(
            "tile_out_of_range",
            "The archive has no such tile.",
            next_step="Begin below its number of tiles.",
            tiles=tiles,
        )
    end = min(tiles, begin + MOST_VERIFIED)
    number = begin
    with units.begin() as unit:
        try:
            for number in range(begin, end):
                _verify_tile(number, size, archive, unit)
            if end == tiles:
                trusted = Trusted.of(board.announced(), verify=verify)
                _verify_above(size, trusted.open(note)[1], archive)
        except ValueError as cause:
            first = number * TILE_WIDTH
            told = IntegrityMismatchFound(finding_id=ids.new(), seq=first, code=ARCHIVE)
            unit.publish(told)
            return ColdVerdict(size, tiles, number, ARCHIVE, str(cause))
    return ColdVerdict(size, tiles, end)


def _verify_tile(number: int, size: int, archive: Archive, unit: LogReader) -> None:
    """Leaves to their hashes, hashes to the tile above, and both to the database."""
    width = width_of(number, level=0, size=size)
    leaves = leaves_of(_read("entries", number, width, archive))
    hashes = hashes_of(_read(0, number, width, archive))
    first = number * TILE_WIDTH
    if len(leaves) != width or [*map(leaf_hash, leaves)] != hashes:
        raise ValueError(f"leaves of tile {number} are not what their hashes say")
    if [*unit.leaf_hashes(start=first, stop=first + width)] != hashes:
        raise ValueError(f"tile {number} is another in the database")
    if width == TILE_WIDTH:
        _verify_slot(1, number, hashes, size, archive)


def _verify_above(size: int, root: bytes, archive: Archive) -> None:
    """Every full tile to its place in the level above; the edge to the signed root."""
    level, edges = 0, []
    while (hashes := size >> (TILE_HEIGHT * level)) > 0:
        full, width = divmod(hashes, TILE_WIDTH)
        edge = _read(level, full, width, archive) if width else b""
        edges.append(hashes_of(edge))
        for number in range(full if level else 0):
            some = hashes_of(_read(level, number, TILE_WIDTH, archive))
            _verify_slot(level + 1, number, some, size, archive)
        level += 1
    if root_at_the_edge(edges) != root:
        raise ValueError("the root is not the signed one")


def _verify_slot(
    level: int, number: int, hashes: Sequence[bytes], size: int, archive: Archive
) -> None:
    above, slot = divmod(number, TILE_WIDTH)
    width = width_of(above, level=level, size=size)
    found = hashes_of(_read(level, above, width, archive))
    if found[slot : slot + 1] != [root_of(hashes)]:
        raise ValueError(f"tile {number} of level {level - 1} is not in the one above")


def _read(level: int | str, number: int, width: int, archive: Archive) -> bytes:
    path = tile_path(level, number, width=width)
    raw = archive.read(path)
    if raw is None:
        raise ValueError(f"{path} is missing")
    return raw


def _size_of(note: bytes | None) -> int:
    return int(note.split(b"\n")[1]) if note else 0


def archive_empty() -> Refused:
    """Nothing was put away yet, or no folder was named for it."""
    return Refused(
        "archive_empty",
        "Nothing stands in cold storage.",
        next_step="Name a folder for it: AUDIT_ARCHIVE_DIR.",
    )
