"""Proofs from roots of tiles equal those from all hashes."""

from hashlib import sha256

import pytest

from services.audit.domain import following
from services.audit.domain.following import TileRoots
from services.audit.domain.tree import (
    consistency_proof,
    inclusion_proof,
    node_hash,
    root_of,
)

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
    for index in {0, 1, 255, 256, size // 2, size - 1} & set(range(size)):
        found = roots.inclusion(index, size, leaves=leaves)
        assert found == inclusion_proof(HASHES[:size], index), index


def test_the_writer_goes_on_from_what_was_followed() -> None:
    roots = followed(1_030)
    frontier = roots.frontier()
    frontier.append(HASHES[0])
    assert (frontier.size, frontier.root()) == (1_031, root_of([*HASHES, HASHES[0]]))


def test_a_proof_in_a_large_log_hashes_a_few_nodes_for_each_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 4 000 full tiles and an open one."""
    roots = TileRoots()
    for number in range(4_000):
        roots._grow(HASHES[number % 1_000])
    roots.add(HASHES[:100])
    hashed: list[int] = []

    def counted(left: bytes, right: bytes) -> bytes:
        hashed.append(1)
        return node_hash(left, right)

    monkeypatch.setattr(following, "node_hash", counted)
    path = roots.inclusion(1_000 * 256, roots.size, leaves=lambda a, b: HASHES[: b - a])
    assert len(path) == 20
    assert len(hashed) < 256 + 100 + 3 * len(path)


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
