"""One tampering or one honest run by name and seed: the same again from the same."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.security.audit.exports import ExportFolder
from tests.tampering import exports, rows, starts
from tests.tampering.logs import SIZES, copy_of, honest
from tests.unit.audit.builders import Producer, Writer

HONEST: Final = ("honest_rows", "honest_export")
ATTACKS: Final = (*rows.ATTACKS, *exports.ATTACKS, *starts.ATTACKS)
CASES: Final = (*ATTACKS, *HONEST)
_SMALLEST: Final = 3
"""Place in SIZES from which every attack has something to spoil."""


def run(name: str, *, seed: str, folder: Path) -> str | None:
    """What went otherwise than it must; None when it is right. `folder` is empty."""
    dice = random.Random(f"{name} {seed}")
    if name in HONEST:
        return _honest(name, dice, folder=folder)
    writer = copy_of(honest(dice.choice(SIZES[_SMALLEST:])))
    vkey = writer.signer.public.vkey
    if name in rows.ATTACKS:
        finding = rows.ATTACKS[name](writer, dice)
        return rows.complaint(writer, finding, vkey=vkey)
    if name in starts.ATTACKS:
        starts.ATTACKS[name](writer, dice)
        return starts.complaint(writer)
    export = ExportFolder(folder / "export", writer).write()
    return exports.complaint(export, exports.ATTACKS[name](export, dice))


def _honest(name: str, dice: random.Random, *, folder: Path) -> str | None:
    """A log with every kind of disturbance that is nobody's attack: no false alarm."""
    if dice.random() < 1 / 4:
        writer = copy_of(honest(dice.choice(SIZES)))
    else:
        writer = disturbed(dice)
    if name == "honest_rows":
        return rows.complaint(writer, None, vkey=writer.signer.public.vkey)
    return exports.complaint(ExportFolder(folder / "export", writer).write(), None)


def disturbed(dice: random.Random) -> Writer:
    """Restarts, repetitions, lost answers, disorder, holes, a clock set back."""
    writer = Writer().open()
    said = [writer.producer.event()]
    for _ in range(dice.randint(1, 12)):
        match dice.randrange(7):
            case 0:
                writer.state = None
                writer.open()
            case 1:
                writer.write(*dice.sample(said, dice.randint(1, len(said))))
            case 2:
                writer.write(Producer("onboarding").event())
            case 3:
                writer.producer.sequence += dice.randint(1, 3)
                writer.clock.move(dice.choice((-3600, 30, 61)))
                writer.write()
            case 4:
                batch = [writer.producer.event() for _ in range(dice.randint(2, 9))]
                dice.shuffle(batch)
                said += batch
                writer.write(*batch)
            case 5:
                _lose_the_answer(writer)
            case _:
                said += (new := [writer.producer.event()])
                writer.write(*new)
    return writer


def _lose_the_answer(writer: Writer) -> None:
    """The commit succeeded, nobody heard of it: opened anew, delivered again."""
    message = writer.producer.event()
    writer.write(message)
    writer.state = None
    writer.open().write(message)


def wanted(counts: Sequence[tuple[str, int]], *, attacks: int, honest_runs: int) -> str:
    """The case that lacks most towards its share; empty when all shares are reached."""
    shares = {
        **dict.fromkeys(ATTACKS, -(-attacks // len(ATTACKS))),
        **dict.fromkeys(HONEST, -(-honest_runs // len(HONEST))),
    }
    done = dict(counts)
    lacking = {name: share - done.get(name, 0) for name, share in shares.items()}
    name = max(lacking, key=lambda each: (lacking[each], each))
    return name if lacking[name] > 0 else ""
