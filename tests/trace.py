"""`python -m tests.trace`: clause → control → settings → tests → events of evidence.

A test counts when it lies in tests/integration, tests/e2e or tests/security and was
seen red with each patch of tests/seeded it names, as the code stands now (`ledger`): a
test that cannot fail proves nothing.  A clause is proven when every counting test of it
passed in its last run, and that run is younger than the code.

``--release`` writes what the release shows a regulator: `kredit audit matrix` joins it
with settings in force and with what the log holds.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kernel.cli import rows_of as objects_of
from kernel.clock import SystemClock, rfc3339
from kernel.crypto import Json, as_object
from kernel.starting_policy import STARTING_POLICY
from services.audit.adapters.printing import tellings
from services.audit.adapters.release import clauses
from services.audit.domain.matrix import rows_of
from tests.marks import ROOT, Marked, read_marks
from tests.seeded import ledger
from tests.trace_plugin import RESULTS, read_results

CLAUSES: Final = ROOT / "services" / "audit" / "domain" / "clauses.toml"
TESTED: Final = CLAUSES.with_name("tested.json")
OPEN: Final[Mapping[str, str]] = MappingProxyType({})
"""Clauses without a counting test, and why: `make check` holds the list to be true."""
NOT_PROVEN: Final = 3
_CODE: Final = ("kernel", "services", "infra")
_TITLE_WIDTH: Final = 44
_OWNER_WIDTH: Final = 46


@dataclass(frozen=True, slots=True)
class Proof:
    """A counting test and how it last ended, when and on which commit.

    ``result`` is ``passed``, ``failed``, ``error``, ``skipped``, ``not run`` or
    ``stale``: passed, but before the latest change of the code.
    """

    test: str
    seeded: tuple[str, ...]
    result: str
    at: int = 0
    """When, in seconds since 1970; 0 when it never ran here."""
    commit: str = ""


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
    counting = [test for test in read_marks(root) if test.counts and _seen_red(test)]
    return [
        Row(
            clause=str(clause["id"]),
            title=str(clause["title"]),
            owners=tuple(clause["owners"]),
            proofs=tuple(
                _proof(test, results.get(test.nodeid), changed_at)
                for test in counting
                if clause["id"] in test.clauses
            ),
        )
        for clause in tomllib.loads(CLAUSES.read_text())["clause"]
    ]


def _seen_red(test: Marked) -> bool:
    """With each of its patches, and nothing of them has changed since."""
    known = ledger.proven()
    return all(known.get(name) == _fingerprint(name) for name in test.seeded)


_fingerprint = cache(ledger.fingerprint)


def _proof(test: Marked, last: dict[str, str | int] | None, changed_at: float) -> Proof:
    if last is None:
        return Proof(test.nodeid, test.seeded, "not run")
    result, at = str(last["outcome"]), int(last["at"])
    if result == "passed" and at < changed_at:
        result = "stale"
    return Proof(test.nodeid, test.seeded, result, at, str(last.get("commit", "")))


def _changed_at(root: Path) -> float:
    code = (path for folder in _CODE for path in (root / folder).rglob("*.py"))
    # A result's instant is in whole seconds.
    return max(int(path.stat().st_mtime) for path in code)


def release(rows: Iterable[Row], before: str = "{}") -> str:
    """What ships: by clause, each counting test and how it last ended, and where.

    A test that was not run here keeps what the release before knew of it.
    """
    known = {
        test["test"]: test for tests in json.loads(before).values() for test in tests
    }
    told = {
        row.clause: [
            {
                "test": proof.test,
                "seeded": list(proof.seeded),
                "result": proof.result,
                "at": rfc3339(datetime.fromtimestamp(proof.at, tz=UTC)),
                "commit": proof.commit,
            }
            if proof.at
            else known.get(
                proof.test, {"test": proof.test, "seeded": list(proof.seeded)}
            )
            for proof in row.proofs
        ]
        for row in rows
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def matrix(rows: Iterable[Row]) -> dict[str, Mapping[str, Json]]:
    """By clause: its row of the matrix as `audit` would show it of an empty log.

    The settings are those the code starts with; a platform's own are in its registry.
    """
    told = rows_of(
        clauses(),
        tested=json.loads(release(rows)),
        policy=STARTING_POLICY,
        tellings=tellings(),
        counts=(),
        at=SystemClock().now(),
    )
    return {str(row["clause"]): row for row in map(as_object, told)}


def as_json(rows: Sequence[Row]) -> str:
    """The rows for other programs."""
    rest = matrix(rows)
    told = [{**rest[row.clause], **asdict(row), "proven": row.proven} for row in rows]
    return json.dumps(told, ensure_ascii=False, indent=1)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, one line per test, and their count.

    Below each: what holds it, its settings, and the events that are its evidence.
    """
    rest = matrix(rows)
    head = f"{'':4}{'clause':7}{'what':{_TITLE_WIDTH}}{'owner':{_OWNER_WIDTH}}tests"
    tested = sum(1 for row in rows if row.proofs)
    proven = sum(1 for row in rows if row.proven)
    foot = f"{len(rows)} clauses, {tested} with a counting test, {proven} proven"
    lines = (line for row in rows for line in (*_lines(row), *_held(rest[row.clause])))
    return "\n".join((head, *lines, foot))


def _held(row: Mapping[str, Json]) -> Iterator[str]:
    settings, evidence = objects_of(row["settings"]), objects_of(row["evidence"])
    yield f"{'':4}control  {row['control']}"
    if settings:
        values = (f"{one['key']} = {one['value']}" for one in settings)
        yield f"{'':4}settings {', '.join(values)}"
    if evidence:
        yield f"{'':4}evidence {', '.join(str(one['kind']) for one in evidence)}"


def _lines(row: Row) -> list[str]:
    mark = "ok" if row.proven else "--"
    owners = ", ".join(row.owners)
    left = f"{mark:4}{row.clause:7}{row.title:{_TITLE_WIDTH}}{owners:{_OWNER_WIDTH}}"
    if not row.proofs:
        return [f"{left}none: {OPEN.get(row.clause, 'nobody says why')}"]
    tests = [f"{p.result:9}{p.test.removeprefix('tests/')}" for p in row.proofs]
    return [f"{left}{tests[0]}", *(f"{'':{len(left)}}{test}" for test in tests[1:])]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 3 with ``--strict`` when a clause is not proven."""
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for other programs")
    parser.add_argument("--strict", action="store_true", help="demand every clause")
    parser.add_argument(
        "--release", action="store_true", help="and write what the release ships"
    )
    asked = parser.parse_args(arguments)
    rows = trace()
    if asked.release:
        before = TESTED.read_text() if TESTED.is_file() else "{}"
        TESTED.write_text(release(rows, before))
    sys.stdout.write(f"{as_json(rows) if asked.json else table(rows)}\n")
    return NOT_PROVEN if asked.strict and not all(row.proven for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
