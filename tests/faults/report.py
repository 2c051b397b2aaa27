"""Results: kept as JSON lines while the campaign goes on, told as one page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.faults.campaign import BUS_BACK_S, CASES, DATABASE_BACK_S, Result
from tests.faults.words import Words

PAGE: Final = Path("docs") / "faults.md"
PAYERS_PAGE: Final = Path("docs") / "payers-under-faults.md"
TRAIL_PAGE: Final = Path("docs") / "log-under-faults.md"
EVENTS: Final = "events"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is full when every fault was done so often, over some loads together."""

    grounds: tuple[str, ...]
    goals: Mapping[str, int]
    events: int = 0
    """So many events at least are attempted."""

    def of(self, results: Sequence[Result]) -> list[Result]:
        """The results that belong to it."""
        return [r for r in results if CASES[r.case].ground in self.grounds]

    def lacking(self, results: Sequence[Result]) -> frozenset[str]:
        """The names of cases that bring it nearer to its goals."""
        done = struck(self.of(results))
        blows = {blow for blow, goal in self.goals.items() if done[blow] < goal}
        few = words_of(results, EVENTS).attempted < self.events
        return frozenset(
            name
            for name, case in CASES.items()
            if case.ground in self.grounds
            and (blows & set(case.blows) or (few and case.ground == EVENTS))
        )


PLATFORM: Final = Campaign(
    (EVENTS, "loans"),
    {"broker killed": 20, "database killed": 50, "process killed": 200},
    events=100_000,
)
PAYERS: Final = Campaign(("payers",), {"payer killed": 10_000, "payer overtaken": 500})
TRAIL: Final = Campaign(
    ("trail",), {"broker killed": 50, "database killed": 50, "process killed": 50}
)
CAMPAIGNS: Final = (PLATFORM, TRAIL, PAYERS)
_HEAD: Final = """\
# Under faults

What the campaign (`make faults`) has done to the platform so far and found. Written
by `python -m tests.faults`; the cases are in `tests/faults/campaign.py`, each has a
seed and is run alone by `python -m tests.faults <case> --seed <seed>`.

*Events*: two writers commit to one service's outbox, its relay and another service's
inbox carry and apply them; a journal of the writers' own is held against what happened.
*Loans*: patient clients go from registration to money through the gateway, over all
processes; what they were told is held against the bank's ledger, and after each case
the sweep (`tests/sweep.py`) goes over databases, ledger, audit log and logs.
"""
_WORDS: Final = """\
*Attempted*: asked for by a client. *Acknowledged*: the client was told that it is
done. *Lost*: acknowledged, yet it never happened. *Duplicated*: came again and was
absorbed. *Recovered*: happened although the answer was lost. *Unexpected*: happened
although nobody asked, or it was withdrawn. *Twice*: an effect that happened more than
once or out of order."""

_PAYERS: Final = """\
# Payers under faults

What the campaign (`make faults FAULTS_ARGS='--ground payers'`) has done to the payer so
far and found. Written by `python -m tests.faults`; a case is run alone, and again as it
was, by `python -m tests.faults <case> --seed <seed>`.

A payer is forked from a parent that has everything loaded, takes what is due, and ends
at a boundary: before or after a call of one of its ports, before or after a commit, or
up to 30 ms later, amid what follows. *Killed*: SIGKILL there. *Overtaken*: SIGSTOP
there, a client refuses, the lease runs out, another payer works, SIGCONT. PostgreSQL
and the bank are real; the bank is a process of its own with its own ledger, and every
payout goes to an account of its own. Some accounts are closed, some clients have not
consented, some holds are not over, some clients refuse.

After every life: no money has left for a payout which its row calls unsent. After every
case: whole payers finish; then rows, books and the bank's statement agree to the tiyn,
no transfer was before its hold, the closed days add up to their proofs.
"""
_PAYERS_WORDS: Final = """\
*Attempted*: payouts entered. *Acknowledged*: of these, to be paid: consented, account
open, not stopped. *Lost*: not paid. *Duplicated*: orders sent again under their key.
*Recovered*: paid although an order had to be sent again. *Unexpected*: paid although
stopped, without consent, or unknown to us. *Twice*: paid more than once."""
_TRAIL: Final = """\
# The log under faults

What the campaign (`make faults FAULTS_ARGS='--ground trail'`) has done to the writer
of the audit log so far and found. Written by `python -m tests.faults`; a case is run
alone, and again as it was, by `python -m tests.faults <case> --seed <seed>`.

Two writers commit to a service's outbox, its relay publishes, and of two
`audit-worker` processes one makes leaves while the other keeps up with it. The blows
fall on these two, on the broker and on the database. After each case every committed
event is one leaf; the log is re-read whole, payloads, chain, tree and checkpoints; and
every checkpoint that was published after the cases before is a prefix of it.
"""
_CASES: Final = f"""\
The load must get through again within {BUS_BACK_S:.0f} s of healing, after the death
of the database within {DATABASE_BACK_S:.0f} s. Here the longest time measured until it
did, and from the end of the load until nothing was under way.
"""


def keep(result: Result, file: Path) -> None:
    """Append one line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(json.dumps(asdict(result)) + "\n")


def kept(file: Path) -> list[Result]:
    """Every result so far; none when there is no file."""
    if not file.is_file():
        return []
    return [_read(line) for line in file.read_text().splitlines()]


def _read(line: str) -> Result:
    row = json.loads(line)
    return Result(**{**row, "words": Words(**row["words"])})


def struck(results: Sequence[Result]) -> Counter[str]:
    """How often each fault was done."""
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.blows)
    return total


def words_of(results: Sequence[Result], ground: str) -> Words:
    """The words of one load over all results."""
    mine = (r.words for r in results if CASES[r.case].ground == ground)
    return sum(mine, Words())


def line_of(result: Result) -> str:
    """One result for people at a terminal."""
    words = " ".join(f"{name} {n}" for name, n in asdict(result.words).items())
    blows = ", ".join(f"{n} x {blow}" for blow, n in sorted(result.blows.items()))
    verdict = result.complaint or "whole"
    return (
        f"{result.case} --seed {result.seed}  {result.took_s:.0f} s  [{blows}]\n"
        f"  {words}\n  at work after {result.flowing_s:.1f} s,"
        f" settled after {result.settled_s:.1f} s: {verdict}"
    )


def pages(results: Sequence[Result]) -> dict[Path, str]:
    """The page of each campaign that has results."""
    told = (
        (PAGE, page, PLATFORM),
        (TRAIL_PAGE, trail_page, TRAIL),
        (PAYERS_PAGE, payers_page, PAYERS),
    )
    return {path: write(of) for path, write, which in told if (of := which.of(results))}


def page(results: Sequence[Result]) -> str:
    """`PAGE`."""
    full = f"A campaign is full with these and {PLATFORM.events} events.\n"
    return _page(_HEAD, PLATFORM, full, results)


def trail_page(results: Sequence[Result]) -> str:
    """`TRAIL_PAGE`."""
    return _page(_TRAIL, TRAIL, "A campaign is full with these.\n", results)


def _page(head: str, campaign: Campaign, full: str, results: Sequence[Result]) -> str:
    parts = [
        head,
        "## The count\n",
        _counted(campaign, results),
        _WORDS + "\n",
        "## The faults\n",
        _faults(campaign, results),
        full,
        "## The cases\n",
        _CASES,
        _table(
            ["case", "runs", "whole", "at work again, s", "settled, s"],
            [_row(name, results) for name in CASES if _of(name, results)],
        ),
    ]
    return "\n".join([*parts, *_broken(results)])


def payers_page(results: Sequence[Result]) -> str:
    """`PAYERS_PAGE`."""
    places: Counter[str] = Counter()
    for result in results:
        places.update(result.places)
    beats = sorted({place.partition(":")[0] for place in places})
    parts = [
        _PAYERS,
        "## The count\n",
        _counted(PAYERS, results),
        _PAYERS_WORDS + "\n",
        "## The faults\n",
        _faults(PAYERS, results),
        "A campaign is full with these.\n",
        "## Where they ended\n",
        _table(
            ["beat", "boundaries", "ended there", "fewest at one", "most at one"],
            [_beat(beat, places) for beat in beats],
        ),
        "## The cases\n",
        _table(
            ["case", "runs", "whole"],
            [_row(name, results)[:3] for name in CASES if _of(name, results)],
        ),
    ]
    return "\n".join([*parts, *_broken(results)])


def _beat(beat: str, places: Mapping[str, int]) -> list[str]:
    mine = [n for place, n in places.items() if place.startswith(f"{beat}:")]
    return [beat, *map(str, (len(mine), sum(mine), min(mine), max(mine)))]


def _counted(campaign: Campaign, results: Sequence[Result]) -> str:
    names = list(asdict(Words()))
    totals = {g: asdict(words_of(results, g)) for g in campaign.grounds}
    return _table(
        ["", *names], [[g, *map(str, words.values())] for g, words in totals.items()]
    )


def _faults(campaign: Campaign, results: Sequence[Result]) -> str:
    faults, goals = struck(results), campaign.goals
    return _table(
        ["fault", "times", "of"],
        [
            [name, str(faults[name]), str(goals.get(name, ""))]
            for name in sorted({*faults, *goals})
        ],
    )


def _broken(results: Sequence[Result]) -> list[str]:
    broken = [result for result in results if result.complaint]
    lines = (f"- `{r.case} --seed {r.seed}`\n" for r in broken)
    return ["## Broken\n", *lines] if broken else []


def _of(name: str, results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.case == name]


def _row(name: str, results: Sequence[Result]) -> list[str]:
    mine = _of(name, results)
    return [
        name,
        str(len(mine)),
        str(sum(not result.complaint for result in mine)),
        f"{max(result.flowing_s for result in mine):.1f}",
        f"{max(result.settled_s for result in mine):.1f}",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
