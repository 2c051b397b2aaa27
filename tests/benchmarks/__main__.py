"""``python -m tests.benchmarks [row …]``: measure, compare, print a table."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import infra.stack
from infra.stack import Stack
from tests.benchmarks import report
from tests.benchmarks.bench import Bench
from tests.benchmarks.deciding import DECIDING
from tests.benchmarks.eds import SIGNATURES
from tests.benchmarks.guests import GUESTS
from tests.benchmarks.payouts import PAYOUTS
from tests.benchmarks.photos import PHOTOS
from tests.benchmarks.rows import ROWS
from tests.benchmarks.rules import RULES
from tests.benchmarks.trail import TRAIL
from tests.marks import ROOT

ALL: Final = {
    **ROWS,
    **GUESTS,
    **SIGNATURES,
    **PHOTOS,
    **PAYOUTS,
    **TRAIL,
    **RULES,
    **DECIDING,
}
PAGE: Final = ROOT / "docs" / "benchmarks.md"


def tell(line: str) -> None:
    """Progress, beside the report."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def private_servers() -> Iterator[Stack]:
    """PostgreSQL and RabbitMQ of this run alone, forgotten afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-bench-"))
    folder.chmod(0o755)  # the database's user must reach its own folder in it
    try:
        stack = infra.stack.start(folder)
        try:
            yield stack
        finally:
            stack.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("rows", nargs="*", metavar="row", help=", ".join(ALL))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each party")
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes")
    parser.add_argument("--json", action="store_true", help="figures for machines")
    parser.add_argument("--write", action="store_true", help="docs/benchmarks.md anew")
    chosen = parser.parse_args()
    if unknown := set(chosen.rows) - ALL.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return chosen


def main() -> None:
    chosen = arguments()
    results, tables = [], []
    with private_servers() as servers, Bench.on(servers) as bench:
        where = report.environment(bench)
        for key in chosen.rows or ALL:
            size = round(ALL[key].size * chosen.scale)
            result = report.measure(
                bench, key, ALL[key], rounds=chosen.rounds, size=size, tell=tell
            )
            results.append(result)
            tables.append(report.table(result, size=size))
    body = "\n".join(tables)
    if chosen.json:
        print(json.dumps(report.as_json(results, where), indent=1))
    else:
        print(body)
    if chosen.write:
        PAGE.write_text(report.page(body, where))


if __name__ == "__main__":
    main()
