"""One leaf with its proof, for who has nothing else of the log."""

from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.ids import Ids
from services.audit.domain.following import LeafHashes, TileRoots, tile_by_tile
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.note import parse_text
from services.audit.domain.proofs import inclusion_file
from services.audit.domain.tree import leaf_hash
from services.audit.handlers.reading import checkpoint_to_export
from services.audit.ports import LogReader, Noticeboard, StoredCheckpoint, Units

FOLLOWED_AT_ONCE = 65_536


def signed_tree(
    checkpoint: StoredCheckpoint, reader: LogReader
) -> tuple[TileRoots, LeafHashes]:
    """The tree of a checkpoint, and its leaf hashes by whole tiles.

    Broken when the leaves are not those it signs.
    """
    size, roots = checkpoint.size, TileRoots()
    for start in range(0, size, FOLLOWED_AT_ONCE):
        stop = min(start + FOLLOWED_AT_ONCE, size)
        roots.add(reader.leaf_hashes(start=start, stop=stop))
    leaves = tile_by_tile(
        lambda start, stop: reader.leaf_hashes(start=start, stop=stop), size=size
    )
    text, _, _ = checkpoint.note.partition(b"\n\n")
    whole = roots.size == size
    if not whole or roots.root(size, leaves=leaves) != parse_text(text + b"\n").root:
        raise Broken("the log is not what its checkpoint signs: have it verified")
    return roots, leaves


def prove_leaf(
    seq: int, *, read_by: str, units: Units, board: Noticeboard, ids: Ids
) -> tuple[bytes, bytes]:
    """The leaf, and its C2SP tlog-proof; that it was read stands in the log.

    Refused: ``no_such_leaf``, ``log_empty``.  Broken as `signed_tree`.
    """
    with units.begin() as unit:
        leaf, proof = leaf_and_proof(seq, unit=unit, board=board)
        fields: dict[str, Json] = {"by": read_by, "first": seq, "last": seq}
        unit.note(Notice(ids.new(), Kind.READ, fields))
    return leaf, proof


def leaf_and_proof(
    seq: int, *, unit: LogReader, board: Noticeboard
) -> tuple[bytes, bytes]:
    """As `prove_leaf`, within a unit of work that tells of it otherwise."""
    checkpoint = checkpoint_to_export(board, unit)
    if not 0 <= seq < checkpoint.size:
        raise no_such_leaf(checkpoint.size)
    roots, leaves = signed_tree(checkpoint, unit)
    [leaf] = unit.leaves(start=seq, stop=seq + 1)
    if [leaf_hash(leaf)] != [*leaves(seq, seq + 1)]:
        raise Broken("the leaf is not what its hash says: have the log verified")
    path = roots.inclusion(seq, checkpoint.size, leaves=leaves)
    return leaf, inclusion_file(path, index=seq, note=checkpoint.note)


def no_such_leaf(size: int) -> Refused:
    """A leaf, or a size, that the log has not reached."""
    return Refused(
        "no_such_leaf",
        "What is published of the log does not reach so far.",
        next_step="Ask within its size, or again in a minute if the leaf is new.",
        size=size,
    )
