"""Refusal, release and payment at once, ten thousand times."""

import pytest

from tests.integration.contracts.conftest import Desk, desk, owner, platform
from tests.integration.contracts.racing import Arbiter, arbiter, race

__all__ = ["arbiter", "desk", "owner", "platform"]


@pytest.mark.clause("5.5")
def test_ten_thousand_races_leave_no_refusal_paid(desk: Desk, arbiter: Arbiter) -> None:
    outcomes = race(desk, arbiter, 10_000)
    assert outcomes["refused"] > 0
    assert outcomes["paid"] > 0
