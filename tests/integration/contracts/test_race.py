"""A refusal told as final is never paid, whoever else acts in that very moment."""

import pytest

from tests.integration.contracts.conftest import Desk
from tests.integration.contracts.racing import Arbiter, arbiter, race

__all__ = ["arbiter"]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_stop_forgets_the_sending")
def test_refusal_release_and_payment_at_once(desk: Desk, arbiter: Arbiter) -> None:
    """Both ends are met, or nothing was raced for."""
    outcomes = race(desk, arbiter, 80)
    assert outcomes["refused"] > 0
    assert outcomes["paid"] > 0
