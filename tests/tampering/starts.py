"""What stands in the database when the writer starts: it must refuse to sign it."""

import random
from collections.abc import Callable
from dataclasses import replace

from kernel.errors import Broken
from services.audit.ports import StoredCheckpoint
from tests.tampering.logs import edited, flipped, note_over, rehashed
from tests.unit.audit.builders import Writer
from tests.unit.audit.fakes import FakeSigner

Attack = Callable[[Writer, random.Random], None]


def complaint(spoilt: Writer) -> str | None:
    """None when the writer refuses."""
    try:
        replace(spoilt, state=None).open()
    except Broken:
        return None
    return "the writer signs it"


def restored(writer: Writer, dice: random.Random) -> None:
    """7, 11 · a backup, or a stale replica: all true, and older than what was let out.

    Anchor or published checkpoint: one of them is enough.
    """
    earlier = [c for c in writer.log.checkpoints if c.size < len(writer.log.rows)]
    kept = dice.choice(earlier)
    del writer.log.rows[kept.size :]
    writer.log.checkpoints = [c for c in earlier if c.size <= kept.size]
    restored_too = dice.choice((writer.anchor, writer.board))
    restored_too.note = kept.note


def cut(writer: Writer, dice: random.Random) -> None:
    """6 · the last rows are gone."""
    del writer.log.rows[dice.randrange(1, len(writer.log.rows)) :]


def unsigned(writer: Writer, _dice: random.Random) -> None:
    """Rows beyond the last checkpoint."""
    writer.log.checkpoints.pop()


def damaged(writer: Writer, dice: random.Random) -> None:
    """2 · a bit of a stored hash."""
    rows, seq = writer.log.rows, dice.randrange(len(writer.log.rows))
    row = rows[seq]
    if dice.random() < 1 / 2:
        rows[seq] = replace(row, leaf_hash=flipped(row.leaf_hash, dice))
    else:
        rows[seq] = replace(row, chain_hash=flipped(row.chain_hash, dice))


def missing(writer: Writer, dice: random.Random) -> None:
    """4 · a row of the middle is gone."""
    del writer.log.rows[dice.randrange(len(writer.log.rows) - 1)]


def rewritten(writer: Writer, dice: random.Random) -> None:
    """9 · another history under the true key, as long as the one that was let out."""
    rows, seq = writer.log.rows, dice.randrange(1, len(writer.log.rows))
    bad = edited(rows[seq].leaf)
    rows[seq] = replace(rows[seq], leaf=bad.leaf, event_sha256=bad.digest)
    writer.log.rows = rehashed(rows)
    leaves = [row.leaf for row in writer.log.rows]
    writer.log.checkpoints = [
        StoredCheckpoint(c.size, note_over(leaves[: c.size], signer=writer.signer))
        for c in writer.log.checkpoints
    ]


def another_key(writer: Writer, _dice: random.Random) -> None:
    """10 · the writer is given another key under the log's name."""
    writer.signer = FakeSigner()


def anchor_gone(writer: Writer, _dice: random.Random) -> None:
    """Nothing outside says how long the log was."""
    writer.anchor.note = None


ATTACKS: dict[str, Attack] = {
    f"start_{attack.__name__}": attack
    for attack in (
        *(restored, cut, unsigned, damaged, missing),
        *(rewritten, another_key, anchor_gone),
    )
}
