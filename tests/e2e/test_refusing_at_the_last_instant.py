"""A client who refuses when the money is about to leave, at two doors at once."""

from collections.abc import Iterator

import pytest

from infra.demo.world import World
from tests.race.ready import Ready
from tests.race.running import Race, rivals
from tests.seeds import seed
from tests.sweep import Sweep

PAIRS = 32


@pytest.fixture
def race(world: World, sweep: Sweep) -> Iterator[Race]:
    """A second gateway, a second contracts and a second payer beside the first."""
    with rivals(world) as beside, Ready(world, seed()) as ready:
        yield Race(world, beside, sweep, ready)


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_refusal_final_unstopped")
def test_a_refusal_told_as_final_is_never_paid(race: Race) -> None:
    outcomes = race.run(PAIRS, seed=race.ready.seed)
    race.close()
    assert outcomes.ended["refused"] > 0
    assert outcomes.ended["paid"] > 0
