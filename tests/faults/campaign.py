"""The campaign: cases of faults under load, each judged when it has healed.

A case has two phases. *Faults on*: the load runs while the blows fall; nothing is
asked of the platform but safety. *Healed*: within a bound it works again, what was
under way comes to its end, and the sweep finds every invariant whole.
"""

import random
import time
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from infra.stack import Stack
from infra.stack.programs import Program
from tests.faults.crash import Point, crashing
from tests.faults.harm import POLL_S, Harm, Lives
from tests.faults.proxy import Proxy
from tests.faults.words import Words

BUS_BACK_S: Final = 30.0
DATABASE_BACK_S: Final = 60.0
LOANS: Final = 4
EVENTS: Final = 6_000
LEAVES: Final = 4_000
PAYOUTS: Final = 4
ALL_POINTS: Final = 1_000
LEAST_GAP_S: Final = 0.2
GAP_S: Final = 2.0


class Ground(Protocol):
    """A stack with a load on it."""

    name: str

    @property
    def stack(self) -> Stack: ...

    @property
    def processes(self) -> tuple[str, ...]:
        """What a case may kill or pause beside the servers."""
        ...

    @property
    def answering(self) -> tuple[str, ...]:
        """Those of `processes` that tell when they are ready."""
        ...

    @property
    def road(self) -> Proxy | None:
        """A proxy before the broker, if the load has one."""
        ...

    @property
    def lives(self) -> Lives | None:
        """Short lives of one process, if the load is made of them."""
        ...

    @property
    def points(self) -> tuple[Point, ...]:
        """Where its processes may be made to die."""
        ...

    def program(self, process: str) -> Program:
        """What the supervisor runs for one of `processes`."""
        ...

    def begin(self, label: str, size: int) -> None:
        """Start the load; `label` is new in this stack."""
        ...

    def flows(self) -> bool:
        """Whether the load is getting through right now."""
        ...

    def finish(self) -> None:
        """The faults are over: return when the load has come to its end."""
        ...

    def settle(self) -> None:
        """Return when nothing is under way.  AssertionError if something stays."""
        ...

    def judge(self) -> Words:
        """What clients were told against what happened."""
        ...

    def sweep(self) -> None:
        """The invariants.  AssertionError names what is broken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Some blows, in an order that the seed decides, under a load of a size."""

    ground: str
    size: int
    blows: Mapping[str, int] = field(default_factory=dict)
    crashes: int = 0
    """At how many named points, chosen by the seed, processes die as well."""
    always: frozenset[str] = frozenset()
    """Points, by name, that are among them whatever the seed."""
    gap_s: float = GAP_S
    """Longest pause between two blows."""

    @property
    def bound_s(self) -> float:
        """How soon after healing the load must get through."""
        hit = {blow.partition(" ")[0] for blow in self.blows}
        return DATABASE_BACK_S if "database" in hit else BUS_BACK_S


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of a case; durations in seconds from healing on."""

    case: str
    seed: str
    blows: dict[str, int]
    words: Words = field(default_factory=Words)
    flowing_s: float = 0.0
    """Until servers, processes and load were at work again."""
    settled_s: float = 0.0
    """From the end of the load until nothing was under way."""
    took_s: float = 0.0
    places: dict[str, int] = field(default_factory=dict)
    """How many short lives ended at each boundary, where the load is made of them."""
    complaint: str = ""


CASES: Final[Mapping[str, Case]] = {
    "events-broker": Case(
        ground="events",
        size=EVENTS,
        blows={"broker killed": 3, "process killed": 2},
    ),
    "events-database": Case(
        ground="events",
        size=EVENTS,
        blows={"database killed": 6, "process killed": 2},
    ),
    "events-processes": Case(
        ground="events", size=EVENTS, blows={"process killed": 15}
    ),
    "events-pauses": Case(
        ground="events",
        size=EVENTS,
        blows={"broker paused": 1, "database paused": 1, "process paused": 4},
    ),
    "events-alarms": Case(
        ground="events",
        size=EVENTS,
        blows={"memory alarm": 1, "disk alarm": 1, "process killed": 2},
    ),
    "events-network": Case(
        ground="events",
        size=EVENTS,
        blows={
            "network cut": 3,
            "network down": 2,
            "network swallows": 2,
            "network spoils": 2,
        },
    ),
    "events-crashes": Case(ground="events", size=EVENTS, crashes=ALL_POINTS),
    "trail-broker": Case(
        ground="trail", size=LEAVES, blows={"broker killed": 5, "process killed": 5}
    ),
    "trail-database": Case(
        ground="trail", size=LEAVES, blows={"database killed": 10, "process killed": 5}
    ),
    "trail-pauses": Case(
        ground="trail",
        size=LEAVES,
        blows={"broker paused": 1, "database paused": 1, "process paused": 4},
    ),
    "loans-broker": Case(
        ground="loans", size=LOANS, blows={"broker killed": 1, "process killed": 4}
    ),
    "loans-database": Case(
        ground="loans", size=LOANS, blows={"database killed": 3, "process killed": 4}
    ),
    "loans-processes": Case(ground="loans", size=LOANS, blows={"process killed": 16}),
    "loans-pauses": Case(
        ground="loans",
        size=LOANS,
        blows={"broker paused": 1, "database paused": 1, "process paused": 5},
    ),
    "loans-alarms": Case(
        ground="loans",
        size=LOANS,
        blows={"memory alarm": 1, "disk alarm": 1, "process killed": 2},
    ),
    "loans-clock": Case(
        ground="loans", size=LOANS, blows={"clock stepped": 3, "process killed": 2}
    ),
    "loans-crashes": Case(ground="loans", size=LOANS, crashes=ALL_POINTS),
    "payers-killed": Case(
        ground="payers",
        size=PAYOUTS,
        blows={"payer killed": 200, "payer overtaken": 20},
        gap_s=0,
    ),
}
"""Every case by name."""


def run(
    name: str,
    case: Case,
    *,
    seed: str,
    ground: Ground,
    folder: Path,
    patience: float = 1.0,
) -> Result:
    """Run one case to its verdict.

    Raises nothing of what it finds: `Result.complaint` is empty or says what broke.
    The bound is multiplied by `patience`, for machines that do other things beside.
    """
    dice = random.Random(seed)
    harm = Harm(ground.stack, ground.processes, dice, ground.road, ground.lives)
    result = Result(case=name, seed=seed, blows=harm.done)
    began = time.monotonic()
    try:
        _under_load(case, harm, ground, result, folder=folder, patience=patience)
    except Exception as error:  # noqa: BLE001 - the campaign goes on and tells
        place = traceback.extract_tb(error.__traceback__)[-1]
        result.complaint = f"{type(error).__name__}: {error} ({place.line})"
    if ground.lives is not None:
        result.places = dict(ground.lives.ended)
    result.took_s = time.monotonic() - began
    return result


def _under_load(
    case: Case,
    harm: Harm,
    ground: Ground,
    result: Result,
    *,
    folder: Path,
    patience: float,
) -> None:
    label = f"{result.case}-{result.seed}"
    with _crashes(case, ground, harm, folder / label):
        ground.begin(label, case.size)
        _strike(case, harm)
        harm.servers_serve()
        healed = time.monotonic()
        bound_s = case.bound_s * patience
        ground.stack.wait_ready(*ground.answering)
        while not ground.flows():
            assert time.monotonic() - healed < bound_s, "the load does not get through"
            time.sleep(POLL_S)
        result.flowing_s = time.monotonic() - healed
        ground.finish()
    ended = time.monotonic()
    ground.stack.wait_ready(*ground.answering)
    ground.settle()
    result.settled_s = time.monotonic() - ended
    result.words = ground.judge()
    assert result.flowing_s < bound_s, f"at work again only after {result.flowing_s} s"
    assert result.words.harm == {}, result.words
    ground.sweep()


def _crashes(
    case: Case, ground: Ground, harm: Harm, folder: Path
) -> AbstractContextManager[None]:
    if not case.crashes:
        return nullcontext()
    points = [point for point in ground.points if point.name in case.always]
    others = [point for point in ground.points if point.name not in case.always]
    more = min(max(case.crashes - len(points), 0), len(others))
    points += harm.dice.sample(others, more)
    programs = [ground.program(name) for name in sorted({p.process for p in points})]
    harm.done["crash point"] = len(points)
    return crashing(ground.stack, programs, points, dice=harm.dice, folder=folder)


def _strike(case: Case, harm: Harm) -> None:
    order = [blow for blow, times in case.blows.items() for _ in range(times)]
    harm.dice.shuffle(order)
    for blow in order:
        time.sleep(harm.dice.uniform(min(LEAST_GAP_S, case.gap_s), case.gap_s))
        harm.strike(blow)
