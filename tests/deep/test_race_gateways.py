"""Refusal, release and payment at once, ten thousand times, over two gateways.

In parts, so that one that was interrupted is gone on with: ``-k part_07``.  With ``-s``
each says how its races ended.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import infra.stack
from infra import topology
from infra.demo.world import World
from tests.race.ready import Ready
from tests.race.running import Race, rivals
from tests.seeds import seed
from tests.sweep import Sweep

PARTS, PAIRS = 20, 500
SIZEABLE = PAIRS // 100


@pytest.fixture(scope="module")
def race(state_folder: Path) -> Iterator[Race]:
    """A whole platform of its own, with a second of every rival."""
    everything = {
        *infra.stack.SERVERS,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
        topology.WEB_TIER,
    }
    stack = infra.stack.start(state_folder / "race", only=everything)
    world = World(stack)
    try:
        with rivals(world) as beside, Ready(world, seed()) as ready:
            running = Race(world, beside, Sweep(stack, world.control()), ready)
            yield running
            running.close()
    finally:
        stack.stop()


@pytest.mark.clause("5.5")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part_{part:02}")
def test_ten_thousand_races_over_two_gateways_leave_no_refusal_paid(
    race: Race, part: int
) -> None:
    outcomes = race.run(PAIRS, seed=f"{race.ready.seed}-{part}")
    sys.stdout.write(f"part {part}: {outcomes}\n")
    for ended in ("refused", "paid", "neither"):
        assert outcomes.ended[ended] >= SIZEABLE
