"""Refusal, release and payment at once, ten thousand times.

In parts, so that one that was interrupted is gone on with: ``-k part_07``.  With ``-s``
each says how its races ended.
"""

import sys

import pytest

from tests.integration.contracts.conftest import Desk, desk, owner, platform
from tests.integration.contracts.racing import Arbiter, arbiter, race

__all__ = ["arbiter", "desk", "owner", "platform"]

PARTS, PAIRS = 20, 500


@pytest.mark.clause("5.5")
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part_{part:02}")
def test_ten_thousand_races_leave_no_refusal_paid(
    desk: Desk, arbiter: Arbiter, part: int
) -> None:
    outcomes = race(desk, arbiter, PAIRS, seed=part)
    sys.stdout.write(f"part {part}: {dict(outcomes)}\n")
    assert outcomes["refused"] > 0
    assert outcomes["paid"] > 0
