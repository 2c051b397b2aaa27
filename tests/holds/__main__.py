"""`python -m tests.holds`: a million loans on clocks that jump.

Goes on where it was, on any machine, until so many loans are counted in
tests/holds/loans.jsonl, then writes docs/holds.md; `--anew` begins anew. Each loan has
a seed, which is told when something is wrong with it, and `--loan <seed>` repeats that
one. Exit status 0 when nothing is wrong, 1 when something is, 3 when the time was over
before.
"""

import argparse
import gc
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.holds.loan import Loan
from tests.marks import ROOT

GOAL: Final = 1_000_000
CHUNK: Final = 2_000
UNFINISHED: Final = 3
PAGE: Final = Path("docs") / "holds.md"
COUNTED: Final = Path(__file__).with_name("loans.jsonl")
_MOST_WRONG: Final = 20
_HEAD: Final = """\
# Holds, simulated

What `make holds` has found so far. Written by `python -m tests.holds`; how a loan goes
is in `tests/holds/loan.py`, and each is repeated by its seed.

Each loan is led from its signing to its end by the payer's own use cases, over the
in-memory twins of its ports. In forty hours host and database together jump up to 25
hours ahead and back, machines start anew, the witness dies, the bank's clock, the bank
and those who are asked stay away, clients consent in any zone, late or not at all,
refuse, confirm too early or never, antifraud suspends. A true clock, which the payer
never sees, judges: *early* is a transfer less than 24 hours after the consent by it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of some loans."""

    seed: str
    loans: int = 0
    took_s: float = 0.0
    ends: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: Self) -> "Tally":
        return Tally(
            seed=other.seed,
            loans=self.loans + other.loans,
            took_s=self.took_s + other.took_s,
            ends=dict(Counter(self.ends) + Counter(other.ends)),
            wrong=[*self.wrong, *other.wrong],
        )


def lead(seed: str, loans: int = CHUNK) -> Tally:
    """So many loans of one seed to their ends."""
    began = time.monotonic()
    ends: Counter[str] = Counter()
    wrong = []
    for number in range(loans):
        try:
            ends[Loan(f"{seed}-{number}").live()] += 1
        except Exception as error:  # noqa: BLE001 - a defect is told as the rest is
            wrong.append(f"{seed}-{number}: {type(error).__name__}: {error}")
    took_s = time.monotonic() - began
    return Tally(
        seed=seed,
        loans=loans,
        took_s=took_s,
        ends=dict(ends),
        wrong=wrong[:_MOST_WRONG],
    )


def page(total: Tally) -> str:
    """`PAGE`."""
    ends = "".join(f"| {end} | {n} |\n" for end, n in Counter(total.ends).most_common())
    return "\n".join(
        [
            _HEAD,
            f"{total.loans} loans of {GOAL}.\n",
            f"Early, unconsented, against a stop, or stalled: {len(total.wrong)}.\n",
            f"| end | loans |\n| --- | --- |\n{ends}",
            *(f"- `{one}`\n" for one in total.wrong),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.holds", description=__doc__)
    parser.add_argument("--loan", help="repeat one, by its seed")
    parser.add_argument("--anew", action="store_true", help="forget what was counted")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    if asked.loan:
        print(Loan(asked.loan).live())
        return 0
    if asked.anew:
        COUNTED.unlink(missing_ok=True)
    total = _kept(COUNTED)
    for tally in _led(GOAL - total.loans, asked.processes, minutes=asked.minutes):
        with COUNTED.open("a") as lines:
            lines.write(json.dumps(asdict(tally)) + "\n")
        total += tally
        print(
            f"{tally.seed}: {total.loans} loans, {len(total.wrong)} wrong", flush=True
        )
    (ROOT / PAGE).write_text(page(total))
    if total.wrong:
        return 1
    return 0 if total.loans >= GOAL else UNFINISHED


def _kept(file: Path) -> Tally:
    lines = file.read_text().splitlines() if file.exists() else []
    return sum((Tally(**json.loads(line)) for line in lines), Tally(seed=""))


def _settle_in() -> None:
    """What is loaded stays: it need not be looked through for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _led(loans: int, processes: int, *, minutes: float) -> Iterator[Tally]:
    """Chunks as they come to their end; none is begun when time is over."""
    until = time.monotonic() + 60 * minutes
    running: set[Future[Tally]] = set()
    with ProcessPoolExecutor(processes, initializer=_settle_in) as pool:
        for _ in range(0, loans, CHUNK):
            if time.monotonic() > until:
                break
            running.add(pool.submit(lead, secrets.token_hex(4)))
            if len(running) > processes:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        yield from (one.result() for one in as_completed(running))


if __name__ == "__main__":
    raise SystemExit(main())
