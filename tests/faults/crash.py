"""Named crash points: places where a process kills itself, wired in by tests alone.

What ships contains no switch. A supervised process is started with the folder
`wired` on its path, whose `sitecustomize` calls `wire` before anything of ours is
loaded; as modules come, `wire` wraps the functions around the asked-for point.

``CRASH_AT=outbox.published:3`` is SIGKILL at the third time that point is reached;
several points are separated by commas.  A file named after the point is written into
the folder ``CRASH_MARKS`` just before, so that each happens once and the test can see
that it did.
"""

import random
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from typing_extensions import override

from infra.stack import Stack
from infra.stack.programs import Program

ROOT: Final = Path(__file__).parents[2]
WIRED: Final = Path(__file__).parent / "wired"


@dataclass(frozen=True, slots=True)
class Point:
    """A place to die: its name, and the process that passes it in every loan."""

    name: str
    process: str
    most: int = 3
    """Death comes at the latest at this passage; the seed decides."""

    @override
    def __str__(self) -> str:
        return f"{self.name}@{self.process}"


REACHED_WITHIN_S: Final = 60.0
"""Who died last has to come up once more, and to finish what it had begun."""

_SELDOM: Final = frozenset({"antifraud", "disbursement-worker"})
"""A loan passes them once or twice only."""

POINTS: Final = tuple(
    Point(name, process, most=1 if process in _SELDOM else 2)
    for name, processes in {
        "outbox.numbered": ("contracts", "onboarding"),
        "outbox.published": ("contracts", "disbursement"),
        "outbox.marked": ("contracts", "auth"),
        "inbox.handled": ("contracts", "disbursement", "auth"),
        "inbox.applied": ("disbursement", "antifraud", "contracts"),
        "database.committing": ("onboarding", "contracts", "disbursement", "auth"),
        "database.committed": ("onboarding", "contracts", "disbursement", "antifraud"),
        "bank.sending": ("disbursement-worker",),
        "bank.sent": ("disbursement-worker",),
        "log.writing": ("audit-worker",),
        "log.written": ("audit-worker",),
        "log.published": ("audit-worker",),
    }.items()
    for process in processes
)
"""Every crash point of the platform."""


@contextmanager
def crashing(
    stack: Stack,
    programs: Iterable[Program],
    points: Collection[Point],
    *,
    dice: random.Random,
    folder: Path,
) -> Iterator[None]:
    """Let `programs` die at their `points` meanwhile; on leaving all have, once each.

    The programs run unwired again afterwards.
    """
    own = {program.name: program for program in programs}
    places = {name: folder / name for name in own}
    wired = []
    for name, program in own.items():
        places[name].mkdir(parents=True)
        at = [point for point in points if point.process == name]
        asked = ",".join(f"{p.name}:{dice.randint(1, p.most)}" for p in at)
        extra = {
            "PYTHONPATH": f"{WIRED}:{ROOT}",
            "CRASH_AT": asked,
            "CRASH_MARKS": str(places[name]),
        }
        environment = {**program.environment, **extra}
        wired.append(replace(program, environment=environment))

    def alive() -> list[Point]:
        return [p for p in points if not (places[p.process] / p.name).exists()]

    stack.run_instead(*wired)
    try:
        yield
        end = time.monotonic() + REACHED_WITHIN_S
        while alive() and time.monotonic() < end:
            time.sleep(0.2)
    finally:
        stack.run_instead(*own.values())
    assert not alive(), f"not reached: {', '.join(map(str, alive()))}"
