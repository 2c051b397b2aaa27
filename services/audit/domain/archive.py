"""The log in cold storage: the files of a full export (C2SP tlog-tiles), ever growing.

Full tiles never change. What stands at the right edge belongs to the checkpoint beside
it and is replaced with it. A stranger verifies the folder as any export.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from services.audit.domain.following import TILE_HEIGHT, TileRoots
from services.audit.domain.tiles import TILE_WIDTH, ExportFile, entry, tile_path
from services.audit.domain.tree import leaf_hash, node_hash, root_of

HASH_BYTES: Final = 32
_LENGTH_BYTES: Final = 2


def bundle(number: int, leaves: Sequence[bytes]) -> tuple[ExportFile, ExportFile]:
    """The leaves of one tile, and the tile of their hashes; one leaf at least."""
    width = len(leaves)
    return (
        ExportFile(
            tile_path("entries", number, width=width), b"".join(map(entry, leaves))
        ),
        ExportFile(tile_path(0, number, width=width), b"".join(map(leaf_hash, leaves))),
    )


def upper_tiles(roots: TileRoots, *, since: int) -> Iterator[ExportFile]:
    """Tiles of the levels above the leaves that `since` leaves did not fill yet."""
    level, hashes, done = 1, [*roots.roots], since // TILE_WIDTH
    while hashes:
        for number in range(done // TILE_WIDTH, -(-len(hashes) // TILE_WIDTH)):
            some = hashes[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            path = tile_path(level, number, width=len(some))
            yield ExportFile(path, b"".join(some))
        full = len(hashes) // TILE_WIDTH
        hashes = [
            root_of(hashes[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]) for n in range(full)
        ]
        level, done = level + 1, done // TILE_WIDTH


def width_of(number: int, *, level: int, size: int) -> int:
    """How many hashes a tile has in a tree of this size; 0: there is no such tile."""
    hashes = size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def is_partial(path: str) -> bool:
    """Whether the file stands at the right edge."""
    return ".p/" in path


def leaves_of(raw: bytes) -> list[bytes]:
    """The leaves of a bundle. ValueError: it is cut, or goes on behind its last."""
    leaves, place = [], 0
    while place < len(raw):
        begin = place + _LENGTH_BYTES
        place = begin + int.from_bytes(raw[place:begin], "big")
        if begin > len(raw) or place > len(raw):
            raise ValueError("the bundle is cut")
        leaves.append(raw[begin:place])
    return leaves


def hashes_of(raw: bytes) -> list[bytes]:
    """The hashes of a tile. ValueError: it is cut."""
    if len(raw) % HASH_BYTES:
        raise ValueError("the tile is cut")
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def root_at_the_edge(edges: Sequence[Sequence[bytes]]) -> bytes:
    """The tree's root from the open tile of each level, the lowest level first."""
    peaks: list[bytes] = []
    for hashes in reversed(edges):
        start = 0
        while start < len(hashes):
            width = 1 << ((len(hashes) - start).bit_length() - 1)
            peaks.append(root_of(hashes[start : start + width]))
            start += width
    if not peaks:
        return root_of(())
    folded = peaks.pop()
    while peaks:
        folded = node_hash(peaks.pop(), folded)
    return folded
