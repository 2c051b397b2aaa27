"""Some thousand loans of the million: `make holds` simulates the others."""

import pytest

from tests.holds.__main__ import lead
from tests.seeds import seed

LOANS = 2_000
ENDS = {
    "paid",
    "stopped",
    "waits for the client",
    "waits for a treasurer, or the client by refusing",
    "waits for a fraud officer: `kredit antifraud holds`",
    "waits for whoever is on duty: `disbursement-witness`",
}


@pytest.mark.catalogue("F12", "F14")
@pytest.mark.seeded("disbursement_no_second_witness")
def test_no_loan_is_early_unconsented_or_stalled() -> None:
    """By a true clock that the payer never sees; and every kind of end is reached."""
    tally = lead(seed(), LOANS)
    assert tally.wrong == []
    assert set(tally.ends) >= ENDS
