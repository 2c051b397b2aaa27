"""Several loans at once under a storm of kills; each ends in one transfer.

One loan under the death of every process is among the short tests.
"""

import pytest

from tests.faults.campaign import Case, Ground
from tests.faults.conftest import Prove

KILLS = Case(
    ground="loans",
    size=4,
    blows={
        "broker killed": 1,
        "database killed": 2,
        "process killed": 8,
        "memory alarm": 1,
    },
)


@pytest.mark.catalogue("F01", "F17", "F26", "F32", "F38")
def test_loans_survive_kills_and_an_alarm(loan_load: Ground, prove: Prove) -> None:
    """Four clients at once; servers and processes die, the broker's memory runs out."""
    prove("loans-kills", KILLS, loan_load)
