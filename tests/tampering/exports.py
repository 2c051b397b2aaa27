"""Attacks on an export, before the stranger's verifier.

Some spoil files, some are made by whoever holds the log's key: what then remains are
the rules of leaves, and what the verifier holds from earlier.
"""

import base64
import io
import json
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from kernel.crypto import Json, canonical
from services.audit.domain.leaf import Place, stamp
from tests.security.audit.exports import TOOL_MODULE, ExportFolder
from tests.tampering.logs import edited, flipped, note_over
from tests.unit.audit.builders import Producer
from tests.unit.audit.fakes import NOON, FakeSigner

FINDING = 3
TILE = 256
HASH = 32


@dataclass(slots=True)
class Found:
    """What must be found: the first bad leaf where one can be named, and by whom."""

    seq: int | None = None
    held: list[bytes] = field(default_factory=list)
    trust: Producer | None = None
    vkey: str = ""


Attack = Callable[[ExportFolder, random.Random], Found]


def complaint(export: ExportFolder, expected: Found | None) -> str | None:
    """What the verifier says otherwise than it must; None when it is right."""
    given = expected or Found()
    arguments = [str(export.folder), "--vkey", given.vkey or export.vkey]
    for number, note in enumerate(given.held):
        path = export.folder.parent / f"held-{number}"
        path.write_bytes(note)
        arguments += ["--held", str(path)]
    if given.trust:
        export.writer.producer = given.trust
    if given.trust or expected is None:
        arguments += ["--trust", str(export.trust())]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = TOOL_MODULE.main(arguments)
    if expected is None:
        return None if code == 0 else f"a false alarm: {code} {said.getvalue()}"
    named = expected.seq is None or f"first bad seq {expected.seq}:" in said.getvalue()
    if code == FINDING and named:
        return None
    return f"{code} {said.getvalue().strip()}, expected {expected.seq}"


def _files(export: ExportFolder) -> list[Path]:
    return sorted(p for p in (export.folder / "tile").rglob("*") if p.is_file())


def _first_of(path: Path, export: ExportFolder) -> tuple[int | None, int]:
    """The level of a tile (None: entries) and the number of its first item."""
    level, *number = path.relative_to(export.folder / "tile").parts
    digits = [part.lstrip("x").removesuffix(".p") for part in number if part[-4:]]
    if number[-1].isdecimal() and len(number) > 1 and number[-2].endswith(".p"):
        digits = [part.lstrip("x").removesuffix(".p") for part in number[:-1]]
    place = int("".join(digits)) * TILE
    return (None if level == "entries" else int(level)), place


def _entry_at(raw: bytes, place: int) -> int:
    """Which entry of a bundle holds the byte at `place`."""
    at = number = 0
    while True:
        at += 2 + int.from_bytes(raw[at : at + 2], "big")
        if place < at:
            return number
        number += 1


def flip_bit(export: ExportFolder, dice: random.Random) -> Found:
    """1, 14 · one bit of any entry or tile."""
    path = dice.choice(_files(export))
    raw = path.read_bytes()
    place = dice.randrange(len(raw))
    changed = bytes([raw[place] ^ (1 << dice.randrange(8))])
    path.write_bytes(raw[:place] + changed + raw[place + 1 :])
    level, first = _first_of(path, export)
    if level is None:
        return Found(first + _entry_at(raw, place))
    return Found((first + place // HASH) * TILE**level)


def remove_file(export: ExportFolder, dice: random.Random) -> Found:
    """14 · a bundle or a tile is missing."""
    path = dice.choice(_files(export))
    path.unlink()
    level, first = _first_of(path, export)
    return Found(first * TILE ** (level or 0))


def append_bytes(export: ExportFolder, dice: random.Random) -> Found:
    """14 · bytes behind the last of a file."""
    path = dice.choice(_files(export))
    path.write_bytes(path.read_bytes() + dice.randbytes(dice.randint(1, 40)))
    return Found()


def cut_file(export: ExportFolder, dice: random.Random) -> Found:
    """14 · a file ends early."""
    path = dice.choice(_files(export))
    raw = path.read_bytes()
    path.write_bytes(raw[: dice.randrange(len(raw))])
    return Found()


def strange_tile(export: ExportFolder, dice: random.Random) -> Found:
    """14 · a tile that does not belong."""
    path = (
        export.folder / "tile" / str(dice.randrange(3)) / f"{dice.randint(3, 999):03d}"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dice.randbytes(TILE * HASH))
    return Found()


def edit_entries_and_tiles(export: ExportFolder, dice: random.Random) -> Found:
    """3 · another event, its digest and all tiles corrected: the root is signed."""
    leaves, seq = list(export.leaves), _event(export, dice)
    leaves[seq] = edited(leaves[seq]).leaf
    held, agreed = _kept(export, dice, seq)
    export.lay_out(leaves)
    return Found(agreed, [held])


def _event(export: ExportFolder, dice: random.Random) -> int:
    return dice.randrange(1, len(export.leaves))


def _kept(export: ExportFolder, dice: random.Random, seq: int) -> tuple[bytes, int]:
    """A checkpoint kept from before `seq` was written, and its size."""
    size = dice.randint(1, seq)
    return note_over(export.leaves[:size], signer=export.writer.signer), size


def _signed_anew(export: ExportFolder, leaves: Sequence[bytes]) -> None:
    shutil.rmtree(export.folder / "tile")
    export.write(list(leaves))


def swap(export: ExportFolder, dice: random.Random) -> Found:
    """8 · two leaves have changed places, under the true key."""
    leaves = list(export.leaves)
    one, two = sorted(dice.sample(range(len(leaves)), 2))
    leaves[one], leaves[two] = leaves[two], leaves[one]
    _signed_anew(export, leaves)
    return Found(one)


def insert(export: ExportFolder, dice: random.Random) -> Found:
    """8 · a leaf in the middle, under the true key."""
    seq = _event(export, dice)
    copied = export.leaves[dice.randrange(seq)]
    _signed_anew(export, [*export.leaves[:seq], copied, *export.leaves[seq:]])
    return Found(seq)


def delete(export: ExportFolder, dice: random.Random) -> Found:
    """4 · a leaf of the middle is gone, under the true key."""
    seq = dice.randrange(len(export.leaves) - 1)
    _signed_anew(export, [*export.leaves[:seq], *export.leaves[seq + 1 :]])
    return Found(seq)


def twice(export: ExportFolder, dice: random.Random) -> Found:
    """17 · an event stands there again, as a leaf of its own, under the true key."""
    leaves, size = export.leaves, len(export.leaves)
    event = json.loads(leaves[_event(export, dice)])
    again = canonical({**event, "seq": size})
    _signed_anew(export, [*leaves, again])
    return Found(size)


def earlier(export: ExportFolder, dice: random.Random) -> Found:
    """21 · the time of a leaf lies before the one of its predecessor."""
    seq = _event(export, dice)
    leaf = json.loads(export.leaves[seq])
    told = canonical({**leaf, "received_at": stamp(NOON.replace(year=2025))})
    _signed_anew(export, [*export.leaves[:seq], told, *export.leaves[seq + 1 :]])
    return Found(seq)


def false_digest(export: ExportFolder, dice: random.Random) -> Found:
    """1 · an event that is not what its digest says, under the true key."""
    seq = _event(export, dice)
    leaf = json.loads(export.leaves[seq])
    told = canonical({**leaf, "event_sha256": dice.randbytes(32).hex()})
    _signed_anew(export, [*export.leaves[:seq], told, *export.leaves[seq + 1 :]])
    return Found(seq)


def forge_event(export: ExportFolder, dice: random.Random) -> Found:
    """An event that its producer never signed, under the log's true key."""
    seq = _event(export, dice)
    bad = edited(export.leaves[seq]).leaf
    _signed_anew(export, [*export.leaves[:seq], bad, *export.leaves[seq + 1 :]])
    return Found(seq, trust=export.writer.producer)


def roll_back(export: ExportFolder, dice: random.Random) -> Found:
    """7, 11 · all true, and older than what is held."""
    held = note_over(export.leaves, signer=export.writer.signer)
    size = dice.randrange(1, len(export.leaves))
    _signed_anew(export, export.leaves[:size])
    return Found(size, [held])


def rewrite(export: ExportFolder, dice: random.Random) -> Found:
    """9, 12 · another history, under the true key, beside a held checkpoint."""
    seq = _event(export, dice)
    signer = export.writer.signer
    newer = dice.randint(seq + 1, len(export.leaves))
    held = [note_over(export.leaves[:newer], signer=signer)]
    before, agreed = _kept(export, dice, seq)
    bad = edited(export.leaves[seq]).leaf
    _signed_anew(export, [*export.leaves[:seq], bad, *export.leaves[seq + 1 :]])
    return Found(agreed, [*held, before])


def another_key(export: ExportFolder, _dice: random.Random) -> Found:
    """10 · signed by another key of the same name."""
    vkey = export.vkey
    export.writer.signer = FakeSigner()
    export.sign(export.checkpoint(export.leaves))
    return Found(vkey=vkey)


def flip_checkpoint(export: ExportFolder, dice: random.Random) -> Found:
    """15 · a bit of the note's text, or of a signature line."""
    path = export.folder / "checkpoint"
    path.write_bytes(flipped(path.read_bytes(), dice))
    return Found()


def spell_otherwise(export: ExportFolder, dice: random.Random) -> Found:
    """15 · a note that means the same, in another spelling, under the true key."""
    text = export.checkpoint(export.leaves).text().decode()
    size = f"\n{len(export.leaves)}\n"
    spelled = dice.choice(
        [
            text.replace(size, size.replace("\n", "\n0", 1)),
            text.replace(size, size.replace("\n", "\n+", 1)),
            text.replace(size, size.replace("\n", " \n")),
            text + "extension\n",
            text.replace("=\n", "\n"),
            text.replace("\n", "\r\n"),
            "\n" + text,
        ]
    ).encode()
    signer = export.writer.signer
    blob = base64.b64encode(signer.public.key_id + signer.sign(spelled)).decode()
    line = f"\n— {signer.public.name} {blob}\n".encode()
    (export.folder / "checkpoint").write_bytes(spelled + line)
    return Found()


def many_signatures(export: ExportFolder, dice: random.Random) -> Found:
    """15, 29 · more signatures, or more bytes, than anybody has to read."""
    line = "— x.example/w1 " + base64.b64encode(dice.randbytes(76)).decode() + "\n"
    more = line * dice.randint(100, 300)
    if dice.random() < 1 / 2:
        more = f"— x.example/w1 {'A' * dice.randint(65_536, 90_000)}\n"
    path = export.folder / "checkpoint"
    path.write_bytes(path.read_bytes() + more.encode())
    return Found()


def false_rotation(export: ExportFolder, dice: random.Random) -> Found:
    """10 · a successor whom the log's key did not name."""
    size, key = len(export.leaves), FakeSigner()
    place = Place(size, NOON)
    leaf: dict[str, Json] = {
        "kind": "key_rotated",
        "new_vkey": key.public.vkey,
        "old_vkey": export.vkey,
        "received_at": stamp(place.received_at),
        "seq": size,
        "signature": base64.b64encode(dice.randbytes(64)).decode(),
        "v": 1,
    }
    _signed_anew(export, [*export.leaves, canonical(leaf)])
    return Found(size)


ATTACKS: dict[str, Attack] = {
    f"export_{attack.__name__}": attack
    for attack in (
        *(flip_bit, remove_file, append_bytes, cut_file, strange_tile),
        *(edit_entries_and_tiles, swap, insert, delete, twice, earlier),
        *(false_digest, forge_event, roll_back, rewrite, another_key),
        *(flip_checkpoint, spell_otherwise, many_signatures, false_rotation),
    )
}
