"""`python -m tests.faults [case …]`: the fault campaign, in full or by the case.

Without cases it goes on until every case has run and the totals of the campaign are
reached, then writes docs/faults.md, docs/log-under-faults.md and
docs/payers-under-faults.md, each if it has results of it.  `--ground payers` does the
same with the cases of one load.  Results are kept in tests/faults/campaign.jsonl, which
is committed, so that `--resume` goes on with them on any machine; otherwise a campaign
begins anew.
Exit status 0 when every result is whole, 1 when one is not, 3 when the time was over
before the totals were reached.
"""

import argparse
import json
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from infra.layout import state_folder
from tests.faults import report
from tests.faults.campaign import CASES, Ground, Result, run
from tests.faults.grounds import GROUNDS, ground
from tests.faults.report import CAMPAIGNS
from tests.marks import ROOT

CAMPAIGN: Final = Path(__file__).with_name("campaign.jsonl")
UNFINISHED: Final = 3


@dataclass(slots=True)
class Grounds:
    """One ground at a time, opened when a case needs it."""

    stack: ExitStack
    kept_logs: Path
    opened: dict[str, tuple[Ground, Path]] = field(default_factory=dict)

    def run(self, name: str, *, seed: str, patience: float) -> Result:
        """Run a case; a ground on which one broke is not used again."""
        case = CASES[name]
        if case.ground not in self.opened:
            self.close()
            opened = self.stack.enter_context(ground(case.ground))
            self.opened[case.ground] = opened
        on, folder = self.opened[case.ground]
        result = run(name, case, seed=seed, ground=on, folder=folder, patience=patience)
        if result.complaint:
            logs = self.kept_logs / f"{name}-{seed}"
            shutil.copytree(on.stack.layout.logs, logs, dirs_exist_ok=True)
            self.close()
        return result

    def close(self) -> None:
        """Take down what is up."""
        self.opened.clear()
        self.stack.close()


def wanted(
    results: Sequence[Result], grounds: Collection[str] = tuple(GROUNDS)
) -> Iterator[str]:
    """Cases still needed: each once, then those that bring the totals nearer."""
    needed = {name for each in CAMPAIGNS for name in each.lacking(results)}
    done = {result.case for result in results}
    for name, case in CASES.items():
        if case.ground in grounds and (name not in done or name in needed):
            yield name


def next_case(
    results: Sequence[Result], grounds: Collection[str] = tuple(GROUNDS)
) -> str | None:
    """The needed case that ran least, on the ground of the last one if possible."""
    names = list(wanted(results, grounds))
    runs = [result.case for result in results]
    last = CASES[runs[-1]].ground if runs else ""

    def rank(name: str) -> tuple[bool, int]:
        return (CASES[name].ground != last, runs.count(name))

    return min(names, key=rank, default=None)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"of {', '.join(CASES)}")
    parser.add_argument("--ground", choices=GROUNDS, help="only the cases of one load")
    parser.add_argument("--seed", help="replays a case; otherwise chosen and printed")
    parser.add_argument("--minutes", type=float, help="begin no case after so many")
    parser.add_argument("--resume", action="store_true", help="go on with the totals")
    parser.add_argument("--json", action="store_true", help="print results as JSON")
    parser.add_argument(
        "--patience", type=float, default=1.0, help="factor on bounds of recovery"
    )
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.case) - set(CASES)):
        parser.error(f"no such case: {', '.join(unknown)}")
    folder = state_folder() / "faults"
    kept = folder / "cases.jsonl" if asked.case else CAMPAIGN
    if not asked.resume:
        kept.unlink(missing_ok=True)
    results = report.kept(kept)
    until = time.monotonic() + asked.minutes * 60 if asked.minutes else None
    named = iter(asked.case)
    over = (asked.ground,) if asked.ground else tuple(GROUNDS)
    with ExitStack() as stack:
        grounds = Grounds(stack, folder)
        while until is None or time.monotonic() < until:
            name = next(named, None) if asked.case else next_case(results, over)
            if name is None:
                break
            seed = asked.seed or secrets.token_hex(4)
            print(f"{name} --seed {seed}", flush=True)
            result = grounds.run(name, seed=seed, patience=asked.patience)
            results.append(result)
            report.keep(result, kept)
            _tell(result, as_json=asked.json)
        grounds.close()
    if not asked.case:
        for page, text in report.pages(results).items():
            (ROOT / page).write_text(text)
    if any(result.complaint for result in results):
        return 1
    unfinished = not asked.case and any(wanted(results, over))
    return UNFINISHED if unfinished else 0


def _tell(result: Result, *, as_json: bool) -> None:
    told = json.dumps(asdict(result)) if as_json else report.line_of(result)
    print(told, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
