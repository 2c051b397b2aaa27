"""Proofs as files: C2SP tlog-proof, and the body a witness takes (tlog-witness)."""

import base64
from collections.abc import Iterable, Sequence

from services.audit.domain.tree import consistency_proof, inclusion_proof


def tlog_proof(hashes: Sequence[bytes], *, index: int, note: bytes) -> bytes:
    """That leaf `index` stands in the log of this checkpoint. IndexError outside."""
    return inclusion_file(inclusion_proof(hashes, index), index=index, note=note)


def inclusion_file(proof: Sequence[bytes], *, index: int, note: bytes) -> bytes:
    """The proof, from the leaf's sibling up, as C2SP tlog-proof has it."""
    head = f"c2sp.org/tlog-proof@v1\nindex {index}\n{_lines(proof)}\n"
    return head.encode() + note


def add_checkpoint(hashes: Sequence[bytes], *, old_size: int, note: bytes) -> bytes:
    """That the log of this checkpoint goes on from its first `old_size` leaves.

    IndexError when the log is shorter.
    """
    proof = consistency_proof(hashes, old_size)
    return add_checkpoint_body(old_size, proof, note=note)


def add_checkpoint_body(old_size: int, proof: Sequence[bytes], *, note: bytes) -> bytes:
    """What a witness is asked: from what it saw last, by this proof, to this note."""
    return f"old {old_size}\n{_lines(proof)}\n".encode() + note


def _lines(hashes: Iterable[bytes]) -> str:
    return "".join(f"{base64.b64encode(each).decode()}\n" for each in hashes)
