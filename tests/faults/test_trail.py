"""No committed event is missing in the log, none is in it twice, and its chain is one.

The short part of the campaign: `python -m tests.faults --ground trail` is the long one.
"""

import pytest

from tests.faults.campaign import Case, Ground
from tests.faults.conftest import Prove

KILLS = Case(
    ground="trail",
    size=1_500,
    blows={"broker killed": 1, "database killed": 2, "process killed": 4},
)


@pytest.mark.clause("7.1")
@pytest.mark.catalogue("F27")
@pytest.mark.seeded("audit_stand_by_consumes")
def test_the_log_survives_the_deaths_of_its_writers(
    trail_load: Ground, prove: Prove
) -> None:
    """Writer, stand-by, broker and database die while events come."""
    prove("trail-kills", KILLS, trail_load)
