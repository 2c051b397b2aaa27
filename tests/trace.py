"""`python -m tests.trace`: clause → owner → the tests that prove it → their result.

A test counts when it lies in tests/integration, tests/e2e or tests/security and names
a patch in tests/seeded that turns it red: a test that cannot fail proves nothing.  A
clause is proven when every counting test of it passed in its last run, and that run
is younger than the code.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.marks import ROOT, Marked, read_marks
from tests.trace_plugin import RESULTS, read_results

CLAUSES: Final = ROOT / "docs" / "procedure" / "clauses.toml"
NOT_PROVEN: Final = 3
_CODE: Final = ("kernel", "services", "infra")
_TITLE_WIDTH: Final = 44
_OWNER_WIDTH: Final = 46


@dataclass(frozen=True, slots=True)
class Proof:
    """A counting test and how it last ended.

    ``result`` is ``passed``, ``failed``, ``error``, ``skipped``, ``not run`` or
    ``stale``: passed, but before the latest change of the code.
    """

    test: str
    seeded: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Row:
    """One clause of the Procedure (Порядок)."""

    clause: str
    title: str
    owners: tuple[str, ...]
    proofs: tuple[Proof, ...]

    @property
    def proven(self) -> bool:
        """At least one counting test, and all of them passed on this code."""
        return bool(self.proofs) and {p.result for p in self.proofs} == {"passed"}


def trace(root: Path = ROOT) -> list[Row]:
    """The rows of all clauses, in the Procedure's order."""
    results, changed_at = read_results(root / RESULTS), _changed_at(root)
    counting = [test for test in read_marks(root) if test.counts]
    return [
        Row(
            clause=str(clause["id"]),
            title=str(clause["title"]),
            owners=tuple(clause["owners"]),
            proofs=tuple(
                Proof(test.nodeid, test.seeded, _result(test, results, changed_at))
                for test in counting
                if clause["id"] in test.clauses
            ),
        )
        for clause in tomllib.loads(CLAUSES.read_text())["clause"]
    ]


def _result(
    test: Marked, results: dict[str, dict[str, str | int]], changed_at: float
) -> str:
    last = results.get(test.nodeid)
    if last is None:
        return "not run"
    if last["outcome"] == "passed" and float(last["at"]) < changed_at:
        return "stale"
    return str(last["outcome"])


def _changed_at(root: Path) -> float:
    code = (path for folder in _CODE for path in (root / folder).rglob("*.py"))
    # A result's instant is in whole seconds.
    return max(int(path.stat().st_mtime) for path in code)


def as_json(rows: Iterable[Row]) -> str:
    """The rows for other programs."""
    told = [{**asdict(row), "proven": row.proven} for row in rows]
    return json.dumps(told, ensure_ascii=False, indent=1)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, one line per test, and their count."""
    head = f"{'':4}{'clause':7}{'what':{_TITLE_WIDTH}}{'owner':{_OWNER_WIDTH}}tests"
    tested = sum(1 for row in rows if row.proofs)
    proven = sum(1 for row in rows if row.proven)
    foot = f"{len(rows)} clauses, {tested} with a counting test, {proven} proven"
    return "\n".join((head, *(line for row in rows for line in _lines(row)), foot))


def _lines(row: Row) -> list[str]:
    mark = "ok" if row.proven else "--"
    owners = ", ".join(row.owners)
    left = f"{mark:4}{row.clause:7}{row.title:{_TITLE_WIDTH}}{owners:{_OWNER_WIDTH}}"
    if not row.proofs:
        return [f"{left}none yet"]
    tests = [f"{p.result:9}{p.test.removeprefix('tests/')}" for p in row.proofs]
    return [f"{left}{tests[0]}", *(f"{'':{len(left)}}{test}" for test in tests[1:])]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 3 with ``--strict`` when a clause is not proven."""
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for other programs")
    parser.add_argument("--strict", action="store_true", help="demand every clause")
    asked = parser.parse_args(arguments)
    rows = trace()
    sys.stdout.write(f"{as_json(rows) if asked.json else table(rows)}\n")
    return NOT_PROVEN if asked.strict and not all(row.proven for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
