"""Refusal, release and payment at once, ten thousand times.

In parts, so that one that was interrupted is gone on with: ``-k part-7``.  How each
ended stands in the report of ``--junitxml``.
"""

from collections.abc import Callable

import pytest

from tests.integration.contracts.conftest import Desk, desk, owner, platform
from tests.integration.contracts.racing import Arbiter, arbiter, race

__all__ = ["arbiter", "desk", "owner", "platform"]

PARTS, PAIRS = 20, 500


@pytest.mark.clause("5.5")
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part-{part}")
def test_ten_thousand_races_leave_no_refusal_paid(
    desk: Desk,
    arbiter: Arbiter,
    part: int,
    record_property: Callable[[str, object], None],
) -> None:
    outcomes = race(desk, arbiter, PAIRS, seed=part)
    record_property("outcomes", dict(outcomes))
    assert outcomes["refused"] > 0
    assert outcomes["paid"] > 0
