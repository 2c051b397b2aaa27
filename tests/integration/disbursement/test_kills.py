"""Wherever a payer ends on its way, each payout is paid once, or not at all.

The short part of the campaign: `make faults FAULTS_ARGS='--ground payers'` is the long
one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack import Stack
from tests.faults.campaign import Case, Ground
from tests.faults.conftest import Prove, prove
from tests.faults.payers import PayerLoad

__all__ = ["prove"]

KILLS = Case(
    ground="payers",
    size=4,
    blows={"payer killed": 200, "payer overtaken": 15},
    gap_s=0,
)


@pytest.fixture
def payers(servers: Stack, tmp_path: Path) -> Iterator[Ground]:
    with PayerLoad(servers, tmp_path / "payers").open() as load:
        yield load


@pytest.mark.clause("5.3")
@pytest.mark.catalogue("F01", "F05", "F06")
@pytest.mark.seeded("disbursement_pay_then_commit")
@pytest.mark.seeded("disbursement_new_key_per_attempt")
@pytest.mark.seeded("disbursement_stop_without_condition")
def test_two_hundred_deaths_at_boundaries_pay_each_payout_once(
    payers: Ground, prove: Prove
) -> None:
    """And fifteen payers that are overtaken where they stand, and go on."""
    prove("payers-kills", KILLS, payers)
