"""Proofs from roots of tiles equal those from all hashes."""

from hashlib import sha256

import pytest

from services.audit.domain.following import TileRoots
from services.audit.domain.tree import consistency_proof, root_of

HASHES = [sha256(str(number).encode()).digest() for number in range(1_030)]


def followed(size: int) -> TileRoots:
    roots = TileRoots()
    roots.add(HASHES[:size])
    return roots


def leaves(start: int, stop: int) -> list[bytes]:
    return HASHES[start:stop]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 513, 1_024, 1_025, 1_030])
def test_roots_and_proofs_are_those_of_the_whole_tree(size: int) -> None:
    roots = followed(1_030)
    assert roots.root(size, leaves=leaves) == root_of(HASHES[:size])
    for old in {0, 1, 2, 255, 256, 257, size // 2, size - 1, size} & set(
        range(size + 1)
    ):
        proof = roots.consistency(old, size, leaves=leaves)
        assert proof == consistency_proof(HASHES[:size], old), old


def test_few_leaves_are_read_for_a_proof_between_large_sizes() -> None:
    read: list[int] = []

    def counted(start: int, stop: int) -> list[bytes]:
        read.append(stop - start)
        return leaves(start, stop)

    followed(1_030).consistency(700, 1_030, leaves=counted)
    assert sum(read) < 2 * 256


@pytest.mark.parametrize(("old", "new"), [(5, 4), (-1, 4), (4, 1_031)])
def test_what_is_not_there_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(IndexError):
        followed(1_030).consistency(old, new, leaves=leaves)
