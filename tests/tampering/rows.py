"""Attacks on the database, by whoever may change its rows; numbers as in the design.

Each spoils a copy of a log and says what the verification must find, and where first.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.audit.domain.intake import Row
from services.audit.domain.leaf import Kind
from services.audit.domain.tree import leaf_hash
from services.audit.handlers.reading import verify_log
from services.audit.ports import StoredCheckpoint
from tests.tampering.logs import edited, flipped, note_over, rehashed, renumbered
from tests.unit.audit.builders import Writer
from tests.unit.audit.fakes import FakeSigner, FakeUnits, verify_ed25519


@dataclass(slots=True)
class Finding:
    """What must be found: a code, the first bad leaf, and what the finder holds."""

    code: str
    seq: int
    held: list[bytes] = field(default_factory=list)


Attack = Callable[[Writer, random.Random], Finding]


def complaint(spoilt: Writer, expected: Finding | None, *, vkey: str) -> str | None:
    """What the verification says otherwise than it must; None when it is right."""
    verdict = verify_log(
        vkey=vkey,
        held=expected.held if expected else [],
        units=FakeUnits(spoilt.log),
        board=spoilt.board,
        by="campaign",
        verify=verify_ed25519,
        clock=spoilt.clock,
        ids=spoilt.ids,
    )
    found = (verdict.code, verdict.bad_seq)
    wanted = (expected.code, expected.seq) if expected else ("", None)
    return None if found == wanted else f"found {found}, expected {wanted}"


def _victim(writer: Writer, dice: random.Random, *, first: int = 1) -> int:
    return dice.randrange(first, len(writer.log.rows))


def _proved(writer: Writer, seq: int) -> int:
    """The greatest checkpoint that does not hold `seq`."""
    return max((c.size for c in writer.log.checkpoints if c.size <= seq), default=0)


def edit_payload(writer: Writer, dice: random.Random) -> Finding:
    """1 · a bit of a payload."""
    rows, seq = writer.log.rows, _victim(writer, dice, first=0)
    rows[seq] = replace(rows[seq], leaf=flipped(rows[seq].leaf, dice))
    return Finding("leaf_changed", seq)


def edit_hash(writer: Writer, dice: random.Random) -> Finding:
    """1 · a bit of a leaf's hash."""
    rows, seq = writer.log.rows, _victim(writer, dice, first=0)
    rows[seq] = replace(rows[seq], leaf_hash=flipped(rows[seq].leaf_hash, dice))
    return Finding("leaf_changed", seq)


def edit_payload_and_hash(writer: Writer, dice: random.Random) -> Finding:
    """2 · the payload and its own hash."""
    rows, seq = writer.log.rows, _victim(writer, dice, first=0)
    leaf = flipped(rows[seq].leaf, dice)
    rows[seq] = replace(rows[seq], leaf=leaf, leaf_hash=leaf_hash(leaf))
    return Finding("chain_broken", seq)


def edit_chain(writer: Writer, dice: random.Random) -> Finding:
    """2 · a bit of the chain."""
    rows, seq = writer.log.rows, _victim(writer, dice, first=0)
    rows[seq] = replace(rows[seq], chain_hash=flipped(rows[seq].chain_hash, dice))
    return Finding("chain_broken", seq)


def edit_and_rehash(writer: Writer, dice: random.Random) -> Finding:
    """3 · another event, and all later hashes recomputed."""
    rows, seq = writer.log.rows, _victim(writer, dice)
    bad = edited(rows[seq].leaf)
    rows[seq] = replace(rows[seq], leaf=bad.leaf, event_sha256=bad.digest)
    writer.log.rows = rehashed(rows)
    return Finding("root_differs", _proved(writer, seq))


def delete(writer: Writer, dice: random.Random) -> Finding:
    """4 · a row in the middle."""
    seq = dice.randrange(len(writer.log.rows) - 1)
    del writer.log.rows[seq]
    return Finding("row_missing", seq)


def delete_and_renumber(writer: Writer, dice: random.Random) -> Finding:
    """5 · a row, the rest renumbered and rehashed."""
    rows, seq = writer.log.rows, _victim(writer, dice)
    rest = [renumbered(row, row.seq - 1) for row in rows[seq + 1 :]]
    writer.log.rows = rehashed([*rows[:seq], *rest])
    if any(seq < c.size <= len(writer.log.rows) for c in writer.log.checkpoints):
        return Finding("root_differs", _proved(writer, seq))
    return Finding("tail_missing", len(writer.log.rows))


def cut_tail(writer: Writer, dice: random.Random) -> Finding:
    """6 · the last rows."""
    seq = _victim(writer, dice, first=0)
    del writer.log.rows[seq:]
    return Finding("tail_missing", seq)


def cut_tail_and_checkpoints(writer: Writer, dice: random.Random) -> Finding:
    """7, 11 · the database of an earlier day; the published checkpoint is today's."""
    earlier = [c for c in writer.log.checkpoints if c.size < len(writer.log.rows)]
    kept = dice.choice(earlier)
    del writer.log.rows[kept.size :]
    writer.log.checkpoints = [c for c in earlier if c.size <= kept.size]
    return Finding("rolled_back", kept.size)


def add_rows(writer: Writer, _dice: random.Random) -> Finding:
    """8 · a row at the end, which no checkpoint covers."""
    rows = writer.log.rows
    more = renumbered(rows[-1], len(rows))
    writer.log.rows = rehashed([*rows, replace(more, event_id=None)])
    return Finding("unsigned_tail", len(rows))


def swap(writer: Writer, dice: random.Random) -> Finding:
    """8 · two rows have changed places."""
    rows = writer.log.rows
    one, two = sorted(dice.sample(range(len(rows)), 2))
    rows[one], rows[two] = replace(rows[two], seq=one), replace(rows[one], seq=two)
    writer.log.rows = rehashed(rows)
    return Finding("leaf_misplaced", one)


def insert(writer: Writer, dice: random.Random) -> Finding:
    """8 · a row in the middle, the rest pushed on."""
    rows, seq = writer.log.rows, _victim(writer, dice)
    copied = rows[dice.randrange(seq)]
    pushed = [renumbered(row, row.seq + 1) for row in rows[seq:]]
    writer.log.rows = rehashed([*rows[:seq], replace(copied, seq=seq), *pushed])
    return Finding("leaf_misplaced", seq)


def rewrite(writer: Writer, dice: random.Random) -> Finding:
    """9 · another history from some leaf on, signed by the true key, published too."""
    rows, seq = writer.log.rows, _victim(writer, dice)
    held = [note_over([row.leaf for row in rows], signer=writer.signer)]
    agreed = dice.randrange(seq + 1)
    if agreed:
        before = [row.leaf for row in rows[:agreed]]
        held.append(note_over(before, signer=writer.signer))
    bad = edited(rows[seq].leaf)
    rows[seq] = replace(rows[seq], leaf=bad.leaf, event_sha256=bad.digest)
    writer.log.rows = rehashed(rows)
    _sign_anew(writer, signer=writer.signer)
    return Finding("forked", agreed, held)


def another_key(writer: Writer, _dice: random.Random) -> Finding:
    """10 · every checkpoint by another key of the same name."""
    _sign_anew(writer, signer=FakeSigner())
    return Finding("checkpoint_forged", 0)


def _sign_anew(writer: Writer, *, signer: FakeSigner) -> None:
    leaves = [row.leaf for row in writer.log.rows]
    writer.log.checkpoints = [
        StoredCheckpoint(c.size, note_over(leaves[: c.size], signer=signer))
        for c in writer.log.checkpoints
    ]
    writer.board.note = writer.log.checkpoints[-1].note


def edit_checkpoint(writer: Writer, dice: random.Random) -> Finding:
    """A bit of a stored checkpoint's text."""
    kept = writer.log.checkpoints
    place = dice.randrange(len(kept))
    text, _, lines = kept[place].note.partition(b"\n\n")
    note = flipped(text, dice) + b"\n\n" + lines
    kept[place] = StoredCheckpoint(kept[place].size, note)
    return Finding("checkpoint_forged", kept[place - 1].size if place else 0)


def misfile_checkpoint(writer: Writer, dice: random.Random) -> Finding:
    """A true checkpoint of another size."""
    kept = writer.log.checkpoints
    one, two = dice.sample(range(len(kept)), 2)
    kept[one] = StoredCheckpoint(kept[one].size, kept[two].note)
    return Finding("checkpoint_forged", kept[one - 1].size if one else 0)


def drop_last_checkpoint(writer: Writer, _dice: random.Random) -> Finding:
    """The newest checkpoint's row alone: what was published is ahead of it."""
    writer.log.checkpoints.pop()
    return Finding("rolled_back", writer.log.checkpoints[-1].size)


def hide_last_checkpoint(writer: Writer, _dice: random.Random) -> Finding:
    """The newest checkpoint everywhere: its rows stand there without a signature."""
    writer.log.checkpoints.pop()
    writer.board.note = writer.log.checkpoints[-1].note
    return Finding("unsigned_tail", writer.log.checkpoints[-1].size)


def refile(writer: Writer, dice: random.Random) -> Finding:
    """22 · a column beside the leaf says something else than the leaf."""
    rows, seq = writer.log.rows, _victim(writer, dice)
    row = rows[seq]
    lies: list[tuple[Row, str]] = [
        (replace(row, kind=Kind.GAP), "leaf_misplaced"),
        (replace(row, event_sha256=bytes(32)), "event_changed"),
        (replace(row, event_id=None), "event_changed"),
    ]
    rows[seq], code = dice.choice(lies)
    return Finding(code, seq)


def node_as_leaf(writer: Writer, dice: random.Random) -> Finding:
    """28 · two leaves are replaced by the inner node over them."""
    rows = writer.log.rows
    seq = 2 * dice.randrange(len(rows) // 2)
    node = rows[seq].leaf_hash + rows[seq + 1].leaf_hash
    rows[seq : seq + 2] = [replace(rows[seq], leaf=node)]
    return Finding("leaf_changed", seq)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        *(edit_payload, edit_hash, edit_payload_and_hash, edit_chain),
        *(edit_and_rehash, delete, delete_and_renumber, cut_tail),
        *(cut_tail_and_checkpoints, add_rows, swap, insert, rewrite, another_key),
        *(edit_checkpoint, misfile_checkpoint, drop_last_checkpoint),
        *(hide_last_checkpoint, refile, node_as_leaf),
    )
}
