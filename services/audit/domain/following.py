"""Proofs without all hashes: roots of full tiles are kept, single leaves are looked up.

Ten million leaves are forty thousand roots, and as many nodes above them; a proof then
reads two tiles of leaf hashes at most, and hashes a few nodes for each level of the
tree (RFC 6962 sections 2.1.1 and 2.1.2).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from services.audit.domain.tiles import TILE_WIDTH
from services.audit.domain.tree import Frontier, node_hash, root_of

LeafHashes = Callable[[int, int], Sequence[bytes]]
"""Hashes of the leaves from a number up to, and without, another."""
TILE_HEIGHT = 8
KEPT_TILES = 64


class TileRoots:
    """The log by the roots of its tiles, and the leaf hashes of the last, open one."""

    def __init__(self) -> None:
        # Nodes over one full tile, over two, over four …
        self._levels: list[list[bytes]] = [[]]
        self._open: list[bytes] = []

    @property
    def size(self) -> int:
        return len(self.roots) * TILE_WIDTH + len(self._open)

    @property
    def roots(self) -> Sequence[bytes]:
        """Of the full tiles."""
        return self._levels[0]

    @property
    def open(self) -> Sequence[bytes]:
        """Leaf hashes behind the last full tile."""
        return self._open

    def add(self, hashes: Iterable[bytes]) -> None:
        """Follow the log by these leaf hashes."""
        for hashed in hashes:
            self._open.append(hashed)
            if len(self._open) == TILE_WIDTH:
                self._grow(root_of(self._open))
                self._open = []

    def of_tile(self, number: int) -> bytes:
        """The root of a full tile. IndexError: it is not full yet."""
        return self.roots[number]

    def frontier(self) -> Frontier:
        """What the next leaf is appended to."""
        peaks: list[tuple[int, bytes]] = []
        for height, root in self._nodes(0, len(self.roots)):
            _push(peaks, height, root)
        for hashed in self._open:
            _push(peaks, 0, hashed)
        return Frontier.of([root for _, root in peaks], size=self.size)

    def root(self, size: int, *, leaves: LeafHashes) -> bytes:
        """Root over the first `size` leaves. IndexError when they are not there yet."""
        return self._range(0, size, leaves)

    def consistency(
        self, old: int, new: int, *, leaves: LeafHashes
    ) -> tuple[bytes, ...]:
        """PROOF of RFC 6962 section 2.1.2; empty from size 0 and to the same size."""
        if not 0 <= old <= new <= self.size:
            raise IndexError("the old tree is no prefix of this one")
        if old in {0, new}:
            return ()
        path: list[bytes] = []
        start, end, whole = 0, new, True
        while old - start != end - start:
            split = start + (1 << ((end - start - 1).bit_length() - 1))
            if old <= split:
                path.append(self._range(split, end, leaves))
                end = split
            else:
                path.append(self._range(start, split, leaves))
                start, whole = split, False
        if not whole:
            path.append(self._range(start, end, leaves))
        return tuple(reversed(path))

    def inclusion(
        self, index: int, size: int, *, leaves: LeafHashes
    ) -> tuple[bytes, ...]:
        """PATH of RFC 6962 section 2.1.1, the leaf's sibling first."""
        if not 0 <= index < size <= self.size:
            raise IndexError("no such leaf in the tree")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            split = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < split:
                path.append(self._range(split, end, leaves))
                end = split
            else:
                path.append(self._range(start, split, leaves))
                start = split
        return tuple(reversed(path))

    def _range(self, start: int, end: int, leaves: LeafHashes) -> bytes:
        """Root over leaves `start` to `end`; of full tiles by their roots."""
        if end > self.size:
            raise IndexError("the log is shorter")
        peaks: list[tuple[int, bytes]] = []
        first = start
        if start % TILE_WIDTH == 0:
            for height, node in self._nodes(start // TILE_WIDTH, end // TILE_WIDTH):
                _push(peaks, height, node)
            first = max(start, end - end % TILE_WIDTH)
        for hashed in leaves(first, end) if first < end else ():
            _push(peaks, 0, hashed)
        return _folded(peaks)

    def _grow(self, root: bytes) -> None:
        """One full tile more, with every node that it completes."""
        node = root
        for nodes in self._levels:
            nodes.append(node)
            if len(nodes) % 2:
                return
            node = node_hash(nodes[-2], node)
        self._levels.append([node])

    def _nodes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The fewest kept nodes over full tiles, left to right, each with its height.

        From the tile `first` up to, and without, `last`.
        """
        while first < last:
            level = (last - first).bit_length() - 1
            if first:
                level = min(level, (first & -first).bit_length() - 1)
            yield TILE_HEIGHT + level, self._levels[level][first >> level]
            first += 1 << level


def tile_by_tile(leaves: LeafHashes, *, size: int) -> LeafHashes:
    """The same look-ups by whole tiles, of which the last ones are kept.

    A proof asks eight times for pieces of one tile, and its neighbours do so too.
    """

    @lru_cache(maxsize=KEPT_TILES)
    def tile(number: int) -> Sequence[bytes]:
        first = number * TILE_WIDTH
        return leaves(first, min(first + TILE_WIDTH, size))

    def piece(start: int, stop: int) -> Sequence[bytes]:
        number, first = divmod(start, TILE_WIDTH)
        return tile(number)[first : first + stop - start]

    return piece


def _push(peaks: list[tuple[int, bytes]], height: int, hashed: bytes) -> None:
    while peaks and peaks[-1][0] == height:
        hashed = node_hash(peaks.pop()[1], hashed)
        height += 1
    peaks.append((height, hashed))


def _folded(peaks: Sequence[tuple[int, bytes]]) -> bytes:
    if not peaks:
        return root_of(())
    folded = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        folded = node_hash(left, folded)
    return folded
