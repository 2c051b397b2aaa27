"""Every loan ends in one transfer, wherever a process dies on its way.

The short part of the campaign: `python -m tests.faults` is the long one.
"""

import pytest

from tests.faults.campaign import Case, Ground
from tests.faults.conftest import Prove

CRASHES = Case(
    ground="loans",
    size=2,
    crashes=4,
    always=frozenset({"log.writing", "bank.sent"}),
)


@pytest.mark.catalogue("F01", "F27")
@pytest.mark.seeded("audit_acknowledges_before_commit")
def test_loans_survive_deaths_at_crash_points(loan_load: Ground, prove: Prove) -> None:
    """Four named points: the bank has paid and nobody wrote it down, and the like."""
    prove("loans-crashes", CRASHES, loan_load)
