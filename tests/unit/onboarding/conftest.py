"""The bench of twins, fresh for each test."""

import pytest

from tests.unit.onboarding.fakes import Bench


@pytest.fixture
def bench() -> Bench:
    """Twins of all ports; nobody is registered."""
    return Bench()
