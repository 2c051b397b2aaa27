"""Honest logs to spoil: built once per size, copied for each attack."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from services.audit.domain.intake import Row
from services.audit.domain.note import Checkpoint, signed
from services.audit.domain.tree import CHAIN_START, chain_hash, leaf_hash, root_of
from services.audit.ports import KeyHolder
from tests.unit.audit.builders import Writer

SIZES = (1, 2, 3, 5, 17, 255, 256, 257, 300, 513)
"""Boundaries of tiles, and some between."""
_START = b'{"event":'
_DIGEST = b',"event_sha256":"'


@cache
def honest(size: int) -> Writer:
    """A log of `size` leaves in batches of uneven lengths; nobody may change it."""
    writer = Writer().open()
    dice = random.Random(size)
    while (missing := size - len(writer.log.rows)) > 0:
        batch = min(missing, dice.randint(1, 40))
        writer.write(*(writer.producer.event() for _ in range(batch)))
    return writer


def copy_of(writer: Writer) -> Writer:
    """The same log, free to be spoilt."""
    log = replace(
        writer.log,
        rows=list(writer.log.rows),
        checkpoints=list(writer.log.checkpoints),
        events=[],
    )
    return replace(
        writer, log=log, anchor=replace(writer.anchor), board=replace(writer.board)
    )


def rehashed(rows: Sequence[Row]) -> list[Row]:
    """What an administrator without the key can do: every hash anew."""
    chain, made = CHAIN_START, []
    for row in rows:
        hashed = leaf_hash(row.leaf)
        chain = chain_hash(chain, hashed)
        made.append(replace(row, leaf_hash=hashed, chain_hash=chain))
    return made


def note_over(leaves: Sequence[bytes], *, signer: KeyHolder) -> bytes:
    """The checkpoint over these leaves, as the holder of the key would sign it."""
    root = root_of(leaf_hash(leaf) for leaf in leaves)
    checkpoint = Checkpoint(signer.public.name, len(leaves), root)
    return signed(checkpoint, key=signer.public, sign=signer.sign)


def flipped(raw: bytes, dice: random.Random, *, start: int = 0) -> bytes:
    """One bit of one byte is another."""
    place = dice.randrange(start, len(raw))
    changed = raw[place] ^ (1 << dice.randrange(8))
    return raw[:place] + bytes([changed]) + raw[place + 1 :]


def renumbered(row: Row, seq: int) -> Row:
    """The row at another place, its leaf saying so."""
    leaf = row.leaf.replace(
        f'"seq":{row.seq},"v"'.encode(), f'"seq":{seq},"v"'.encode()
    )
    return replace(row, seq=seq, leaf=leaf)


@dataclass(frozen=True, slots=True)
class Edited:
    """Another event in an event's leaf, with its digest corrected."""

    leaf: bytes
    digest: bytes


def edited(leaf: bytes) -> Edited:
    """What somebody would do who wants no other detector than the tree to notice."""
    bad = leaf.replace("Договор".encode(), "Догавор".encode())
    end = bad.rindex(_DIGEST)
    digest = sha256(bad[len(_START) : end])
    place = end + len(_DIGEST)
    whole = bad[:place] + digest.hexdigest().encode() + bad[place + 64 :]
    return Edited(whole, digest.digest())
