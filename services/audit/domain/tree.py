"""The Merkle tree over the leaves: RFC 6962 section 2.1.

Leaves and nodes are hashed under different prefixes, so neither passes for the other.
The chain is ours: it names the first bad row, which a tree alone cannot do.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
CHAIN_START = bytes(HASH_BYTES)
"""chain[-1]: the value before the first leaf."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def chain_hash(previous: bytes, hashed_leaf: bytes) -> bytes:
    return sha256(previous + hashed_leaf).digest()


class Frontier:
    """Roots of the perfect subtrees, left to right: all an append needs.

    Appending costs two hashes on average; no stored leaf is ever read again.
    """

    __slots__ = ("_roots", "size")

    def __init__(self) -> None:
        self._roots: list[bytes] = []
        self.size = 0

    def append(self, hashed_leaf: bytes) -> None:
        carried = hashed_leaf
        self.size += 1
        rest = self.size
        while rest % 2 == 0:
            carried = node_hash(self._roots.pop(), carried)
            rest >>= 1
        self._roots.append(carried)

    def root(self) -> bytes:
        """The tree's root; SHA-256 of nothing when it is empty."""
        if not self._roots:
            return sha256(b"").digest()
        folded = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            folded = node_hash(left, folded)
        return folded

    @classmethod
    def of(cls, peaks: Sequence[bytes], *, size: int) -> "Frontier":
        """The frontier of `size` leaves whose perfect subtrees have these roots."""
        frontier = cls()
        frontier._roots = list(peaks)
        frontier.size = size
        return frontier

    @property
    def peaks(self) -> Sequence[bytes]:
        """Roots of the perfect subtrees, largest first."""
        return tuple(self._roots)

    def copy(self) -> "Frontier":
        twin = Frontier()
        twin._roots = list(self._roots)
        twin.size = self.size
        return twin


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Root of the tree over these leaf hashes."""
    frontier = Frontier()
    for hashed in hashes:
        frontier.append(hashed)
    return frontier.root()


def inclusion_proof(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """PATH of RFC 6962 section 2.1.1, the leaf's sibling first. IndexError outside."""
    if not 0 <= index < len(hashes):
        raise IndexError("no such leaf in the tree")
    if len(hashes) == 1:
        return ()
    split = _split(len(hashes))
    left, right = hashes[:split], hashes[split:]
    if index < split:
        return (*inclusion_proof(left, index), root_of(right))
    return (*inclusion_proof(right, index - split), root_of(left))


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """PROOF of RFC 6962 section 2.1.2; empty from size 0 and to the same size."""
    if not 0 <= old_size <= len(hashes):
        raise IndexError("the old tree is no prefix of this one")
    if old_size == 0:
        return ()
    return _subproof(hashes, old_size, whole=True)


def _subproof(hashes: Sequence[bytes], old: int, *, whole: bool) -> tuple[bytes, ...]:
    if old == len(hashes):
        return () if whole else (root_of(hashes),)
    split = _split(len(hashes))
    left, right = hashes[:split], hashes[split:]
    if old <= split:
        return (*_subproof(left, old, whole=whole), root_of(right))
    return (*_subproof(right, old - split, whole=False), root_of(left))


def _split(size: int) -> int:
    """The largest power of two below `size` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)
