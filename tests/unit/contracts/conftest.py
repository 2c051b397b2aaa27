"""The bench of twins, fresh for each test."""

import pytest

from tests.unit.contracts.builders import CLIENT
from tests.unit.contracts.fakes import Bench


@pytest.fixture
def bench() -> Bench:
    """Twins of all ports; the usual client is active."""
    made = Bench()
    made.work.clients.active.add(CLIENT)
    return made
