"""The tree against RFC 6962 itself, written down a second time from its text."""

from hashlib import sha256

import pytest

from services.audit.domain.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

BOUNDARIES = (0, 1, 2, 3, 255, 256, 257, 65_535, 65_536, 65_537)

# Inputs and roots of the Certificate Transparency reference implementation.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOT_OF_1 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
CT_ROOT_OF_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def mth(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def verify_inclusion(
    *, hashed: bytes, index: int, size: int, proof: tuple[bytes, ...], root: bytes
) -> bool:
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, hashed
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: tuple[bytes, ...]
) -> bool:
    """RFC 9162 section 2.1.4.2 (0 < old < new)."""
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = sha256(b"\x01" + c + fr).digest()
            sr = sha256(b"\x01" + c + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01" + sr + c).digest()
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == new_root and sn == 0


def leaf_hashes(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def test_published_vectors_of_certificate_transparency_hold() -> None:
    hashes = [leaf_hash(leaf) for leaf in CT_LEAVES]
    assert root_of(hashes[:1]).hex() == CT_ROOT_OF_1
    assert root_of(hashes).hex() == CT_ROOT_OF_8


@pytest.mark.seeded("audit_leaf_without_prefix")
def test_a_leaf_cannot_pass_for_a_node() -> None:
    """Attack 28: the concatenated children of a node are not a leaf of that hash."""
    left, right = leaf_hashes(2)
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()


@pytest.mark.parametrize("size", BOUNDARIES)
def test_the_frontier_gives_the_root_of_the_rfc(size: int) -> None:
    hashes = leaf_hashes(size)
    assert root_of(hashes) == mth(hashes)


def test_every_intermediate_root_is_the_rfcs() -> None:
    """Appending and asking in turn changes nothing."""
    hashes, frontier = leaf_hashes(130), Frontier()
    for size, hashed in enumerate(hashes, start=1):
        frontier.append(hashed)
        assert frontier.root() == mth(hashes[:size])
        assert frontier.size == size


def test_a_copied_frontier_grows_alone() -> None:
    frontier = Frontier()
    frontier.append(leaf_hash(b"a"))
    before = frontier.root()
    frontier.copy().append(leaf_hash(b"b"))
    assert (frontier.size, frontier.root()) == (1, before)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 70])
def test_every_inclusion_proof_verifies_by_rfc_9162(size: int) -> None:
    hashes = leaf_hashes(size)
    for index in range(size):
        proof = inclusion_proof(hashes, index)
        assert verify_inclusion(
            hashed=hashes[index], index=index, size=size, proof=proof, root=mth(hashes)
        )


def test_an_inclusion_proof_serves_no_other_index() -> None:
    """Attack 15."""
    hashes = leaf_hashes(70)
    proof = inclusion_proof(hashes, 11)
    assert not verify_inclusion(
        hashed=hashes[11], index=12, size=70, proof=proof, root=mth(hashes)
    )


@pytest.mark.parametrize("new", [2, 3, 7, 8, 9, 70])
def test_every_consistency_proof_verifies_by_rfc_9162(new: int) -> None:
    hashes = leaf_hashes(new)
    for old in range(1, new):
        assert verify_consistency(
            old=old,
            new=new,
            old_root=mth(hashes[:old]),
            new_root=mth(hashes),
            proof=consistency_proof(hashes, old),
        )


def test_proofs_outside_the_tree_do_not_exist() -> None:
    hashes = leaf_hashes(3)
    with pytest.raises(IndexError):
        inclusion_proof(hashes, 3)
    with pytest.raises(IndexError):
        consistency_proof(hashes, 4)
    assert consistency_proof(hashes, 0) == consistency_proof(hashes, 3) == ()
