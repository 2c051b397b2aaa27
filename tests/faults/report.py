"""Results: kept as JSON lines while the campaign goes on, told as one page."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.faults.campaign import BUS_BACK_S, CASES, DATABASE_BACK_S, Result
from tests.faults.words import Words

GOALS: Final = {"broker killed": 20, "database killed": 50, "process killed": 200}
"""So often at least in a full campaign."""
EVENTS: Final = 100_000
"""So many events at least are attempted in a full campaign."""
PAGE: Final = Path("docs") / "faults.md"
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


def page(results: Sequence[Result]) -> str:
    """`PAGE`."""
    grounds = ("events", "loans")
    names = list(asdict(Words()))
    totals = {ground: asdict(words_of(results, ground)) for ground in grounds}
    faults = struck(results)
    parts = [
        _HEAD,
        "## The count\n",
        _table(["", *names], [[g, *map(str, totals[g].values())] for g in grounds]),
        _WORDS + "\n",
        "## The faults\n",
        _table(
            ["fault", "times", "of"],
            [
                [name, str(faults[name]), str(GOALS.get(name, ""))]
                for name in sorted({*faults, *GOALS})
            ],
        ),
        f"A campaign is full with these and {EVENTS} events.\n",
        "## The cases\n",
        _CASES,
        _table(
            ["case", "runs", "whole", "at work again, s", "settled, s"],
            [_row(name, results) for name in CASES if _of(name, results)],
        ),
    ]
    broken = [result for result in results if result.complaint]
    if broken:
        parts += ["## Broken\n", *(f"- `{r.case} --seed {r.seed}`\n" for r in broken)]
    return "\n".join(parts)


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
