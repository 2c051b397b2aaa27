"""One leaf with its proof, for who has nothing else of the log."""

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.ids import Ids
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.proofs import inclusion_file
from services.audit.domain.tree import leaf_hash
from services.audit.handlers.following import KeptTiles
from services.audit.handlers.reading import checkpoint_to_export
from services.audit.ports import LogReader, Noticeboard, Units


def prove_leaf(
    seq: int,
    *,
    read_by: str,
    units: Units,
    board: Noticeboard,
    tiles: KeptTiles,
    ids: Ids,
) -> tuple[bytes, bytes]:
    """The leaf, and its C2SP tlog-proof; that it was read stands in the log.

    Refused: ``no_such_leaf``, ``log_empty``.  Broken as `KeptTiles.signed`.
    """
    with units.begin() as unit:
        leaf, proof = leaf_and_proof(seq, unit=unit, board=board, tiles=tiles)
        fields: dict[str, Json] = {"by": read_by, "first": seq, "last": seq}
        unit.note(Notice(ids.new(), Kind.READ, fields))
    return leaf, proof


def leaf_and_proof(
    seq: int, *, unit: LogReader, board: Noticeboard, tiles: KeptTiles
) -> tuple[bytes, bytes]:
    """As `prove_leaf`, within a unit of work that tells of it otherwise.

    Of what was followed before only the leaf's own tile and the open one are read.
    """
    checkpoint = checkpoint_to_export(board, unit)
    size = checkpoint.size
    if not 0 <= seq < size:
        raise no_such_leaf(size)
    leaves = tiles.signed(checkpoint, unit)
    [leaf] = unit.leaves(start=seq, stop=seq + 1)
    if [leaf_hash(leaf)] != [*leaves(seq, seq + 1)]:
        raise tiles.forgotten()
    path = tiles.roots.inclusion(seq, size, leaves=leaves)
    return leaf, inclusion_file(path, index=seq, note=checkpoint.note)


def no_such_leaf(size: int) -> Refused:
    """A leaf, or a size, that the log has not reached."""
    return Refused(
        "no_such_leaf",
        "What is published of the log does not reach so far.",
        next_step="Ask within its size, or again in a minute if the leaf is new.",
        size=size,
    )
