"""The layout of an export: C2SP tlog-tiles, tiles of 256 hashes, bundles of entries.

Files come out in reading order; writing them is the caller's business. A partial
tile stands only at the right edge and has exactly the checkpoint's width.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from services.audit.domain.leaf import MAX_LEAF_BYTES
from services.audit.domain.tree import Frontier, leaf_hash

TILE_WIDTH = 256


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of the export: a path relative to its directory, and all its bytes."""

    path: str
    content: bytes


def number_path(number: int) -> str:
    """Three digits a step, all but the last marked: 1234067 → `x001/x234/067`."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    return "/".join(reversed(groups))


def tile_path(level: int | str, number: int, *, width: int = TILE_WIDTH) -> str:
    """Path of a hash tile, or of an entry bundle when `level` is `entries`."""
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{number_path(number)}{partial}"


def entry(leaf: bytes) -> bytes:
    """The leaf behind its length, 16 bits big-endian. ValueError above 65 535 bytes."""
    if len(leaf) > MAX_LEAF_BYTES:
        raise ValueError("a leaf does not fit an entry")
    return len(leaf).to_bytes(2, "big") + leaf


class _Level:
    """Hashes of one level that do not fill a tile yet."""

    __slots__ = ("hashes", "number")

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.number = 0


class Tiler:
    """Turns leaves, in order, into bundles and hash tiles."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self._levels: list[_Level] = []
        self._entries: list[bytes] = []

    def add(self, leaf: bytes) -> Iterator[ExportFile]:
        """The files this leaf completes, if any. Must be exhausted."""
        hashed = leaf_hash(leaf)
        self.frontier.append(hashed)
        self._entries.append(entry(leaf))
        if len(self._entries) == TILE_WIDTH:
            yield self._bundle()
        yield from self._put(0, hashed)

    def finish(self) -> Iterator[ExportFile]:
        """The partial files of the right edge; nothing may be added after."""
        if self._entries:
            yield self._bundle()
        for depth, level in enumerate(self._levels):
            if level.hashes:
                yield self._tile(depth, level)

    def _bundle(self) -> ExportFile:
        number = (self.frontier.size - 1) // TILE_WIDTH
        path = tile_path("entries", number, width=len(self._entries))
        content = b"".join(self._entries)
        self._entries.clear()
        return ExportFile(path=path, content=content)

    def _put(self, depth: int, hashed: bytes) -> Iterator[ExportFile]:
        if depth == len(self._levels):
            self._levels.append(_Level())
        level = self._levels[depth]
        level.hashes.append(hashed)
        if len(level.hashes) < TILE_WIDTH:
            return
        above = _root_of_tile(level.hashes)
        yield self._tile(depth, level)
        level.hashes = []
        level.number += 1
        yield from self._put(depth + 1, above)

    def _tile(self, depth: int, level: _Level) -> ExportFile:
        path = tile_path(depth, level.number, width=len(level.hashes))
        return ExportFile(path=path, content=b"".join(level.hashes))


def layout(leaves: Iterable[bytes]) -> Iterator[ExportFile]:
    """Every tile and bundle of a log that holds exactly these leaves."""
    tiler = Tiler()
    for leaf in leaves:
        yield from tiler.add(leaf)
    yield from tiler.finish()


def _root_of_tile(hashes: list[bytes]) -> bytes:
    frontier = Frontier()
    for hashed in hashes:
        frontier.append(hashed)
    return frontier.root()


def zipped(files: Iterable[ExportFile]) -> bytes:
    """The same files in one archive; equal files give equal bytes."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as into:
        for file in sorted(files, key=lambda file: file.path):
            entry = ZipInfo(file.path)
            entry.compress_type = ZIP_DEFLATED
            into.writestr(entry, file.content)
    return archive.getvalue()
