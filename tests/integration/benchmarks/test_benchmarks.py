"""The benchmarks still run: small, and whatever their figures are."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.stack import Stack
from kernel.outbox import BATCH
from tests.benchmarks import report
from tests.benchmarks.bench import Bench
from tests.benchmarks.party import WARM_UP
from tests.benchmarks.rows import OURS, ROWS


@pytest.fixture(scope="module")
def bench(servers: Stack) -> Iterator[Bench]:
    with Bench.on(servers) as bench:
        yield bench


@pytest.mark.parametrize(
    ("key", "peer", "size"),
    [("events", "aio-pika", 2 * WARM_UP), ("relay", "py-amqp", BATCH + WARM_UP)],
)
def test_a_row_yields_figures_and_a_table(
    bench: Bench, key: str, peer: str, size: int
) -> None:
    row = ROWS[key]
    few = replace(row, parties={name: row.parties[name] for name in (OURS, peer)})
    told: list[str] = []
    result = report.measure(bench, key, few, rounds=1, size=size, tell=told.append)
    (comparison,) = result.comparisons()
    assert comparison.ratio > 0
    assert len(told) == len(few.parties)
    table = report.table(result, size=size)
    assert f"| {comparison.figure} | {peer} |" in table
    assert str(result.verdict()) in table
