"""`python -m tests.tampering`: spoil honest logs until the totals are reached.

Results are kept in .state/faults/tampering.jsonl; `--resume` goes on with them,
otherwise a campaign begins anew. Then docs/tampering.md is written. Exit status 0 when
everything was found and nothing else, 1 otherwise, 3 when the time was over before.
"""

import argparse
import json
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

from infra.layout import state_folder
from tests.marks import ROOT
from tests.tampering.campaign import ATTACKS, CASES, HONEST, run, wanted

GOAL_ATTACKS: Final = 10_000
GOAL_HONEST: Final = 1_000
UNFINISHED: Final = 3
PAGE: Final = "docs/tampering.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """One case by name and seed, or the whole campaign."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.tampering", description=__doc__
    )
    parser.add_argument("case", nargs="?", choices=CASES, metavar="CASE")
    parser.add_argument("--seed", help="replays a case")
    parser.add_argument("--minutes", type=float, help="begin none after so many")
    parser.add_argument("--resume", action="store_true", help="go on with the totals")
    asked = parser.parse_args(arguments)
    if asked.case:
        return _replay(asked.case, asked.seed or secrets.token_hex(4))
    kept = state_folder() / "faults" / "tampering.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not asked.resume:
        kept.unlink(missing_ok=True)
    results = list(_kept(kept))
    until = time.monotonic() + asked.minutes * 60 if asked.minutes else None
    with kept.open("a") as journal:
        whole = _campaign(results, journal, until=until)
    (ROOT / PAGE).write_text(page(results))
    failed = [result for result in results if result[2]]
    for name, seed, complaint in failed:
        print(f"{name} --seed {seed}: {complaint}")
    tampered = sum(name in ATTACKS for name, _, _ in results)
    print(f"{tampered} tamperings, {len(results) - tampered} honest runs")
    if failed:
        return 1
    return 0 if whole else UNFINISHED


Result = tuple[str, str, str | None]
"""Case, seed, complaint."""


def _campaign(results: list[Result], journal: TextIO, *, until: float | None) -> bool:
    """Whether the totals were reached."""
    done = Counter(name for name, _, _ in results)
    goals = {"attacks": GOAL_ATTACKS, "honest_runs": GOAL_HONEST}
    while name := wanted(list(done.items()), **goals):
        if until is not None and time.monotonic() > until:
            return False
        seed = secrets.token_hex(4)
        result = (name, seed, _run(name, seed))
        journal.write(json.dumps(result) + "\n")
        results.append(result)
        done[name] += 1
    return True


def _run(name: str, seed: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        return run(name, seed=seed, folder=Path(folder))


def _replay(name: str, seed: str) -> int:
    complaint = _run(name, seed)
    print(f"{name} --seed {seed}: {complaint or 'as it must be'}")
    return 1 if complaint else 0


def _kept(path: Path) -> Iterator[Result]:
    if path.exists():
        for line in path.read_text().splitlines():
            name, seed, complaint = json.loads(line)
            yield name, seed, complaint


def page(results: Sequence[Result]) -> str:
    """The report: each case, how often, and how often otherwise than it must."""
    runs = Counter(name for name, _, _ in results)
    wrong = Counter(name for name, _, complaint in results if complaint)
    lines = [f"| `{name}` | {runs[name]} | {wrong[name]} |" for name in CASES]
    attacks = sum(runs[name] for name in ATTACKS)
    false_alarms = sum(wrong[name] for name in HONEST)
    honest = sum(runs[name] for name in HONEST)
    found = attacks - sum(wrong[name] for name in ATTACKS)
    return f"""\
# Tampering with the log

Written by `make faults n=tamper`; `python -m tests.tampering CASE --seed SEED` replays
one. Logs of 1 to 513 leaves are spoilt in every way of `tests/tampering`: rows by who
may change the database (judged by the re-reading of `audit`), exports by who carries
or makes them (judged by `tools/verify_export.py`), databases before a start (judged
by the writer). Each says the code and the first bad leaf that must be named.

**{attacks} tamperings, {found} found as they must be;
{honest} honest runs, {false_alarms} false alarms.**

| case | runs | not as it must be |
|---|---|---|
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    raise SystemExit(main())
