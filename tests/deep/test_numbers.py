"""A login moves to the new number, wherever a process dies on its way (clause 4.10)."""

from pathlib import Path

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.faults.crash import Point
from tests.faults.numbers import POINTS, move
from tests.sweep import Sweep


@pytest.mark.catalogue("F01")
@pytest.mark.parametrize("points", POINTS, ids=lambda ps: "+".join(map(str, ps)))
def test_a_death_at_any_place_leaves_the_move_whole(
    world: World,
    client: Borrower,
    sweep: Sweep,
    tmp_path: Path,
    points: tuple[Point, ...],
) -> None:
    move(world, client, sweep, tmp_path, points)
