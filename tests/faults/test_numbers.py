"""A login moves to the new number, wherever a process dies on its way (clause 4.10).

Deaths at every other place of the way: `tests/deep/test_numbers.py`.
"""

from pathlib import Path

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.faults.crash import Point
from tests.faults.numbers import BOTH, move
from tests.sweep import Sweep


@pytest.mark.clause("1.3c")
@pytest.mark.clause("4.10")
@pytest.mark.catalogue("F01")
def test_the_login_is_the_new_number_once_and_for_all(
    world: World, client: Borrower, sweep: Sweep, tmp_path: Path
) -> None:
    """Who says it dies when it is committed, who hears it before that is."""
    move(world, client, sweep, tmp_path, BOTH)


@pytest.mark.clause("4.10")
@pytest.mark.catalogue("F01")
@pytest.mark.seeded("auth_login_moves_in_two_commits")
def test_a_death_amid_the_move_leaves_no_half_of_it(
    world: World, client: Borrower, sweep: Sweep, tmp_path: Path
) -> None:
    """The reaction has run; nothing of it is committed yet."""
    move(world, client, sweep, tmp_path, (Point("inbox.handled", "auth", most=1),))
