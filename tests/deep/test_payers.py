"""Eight payers beside one another, each a process, and ten thousand payouts due."""

from pathlib import Path

import pytest

from infra.stack import Stack
from tests.faults.payers import PayerLoad
from tests.faults.words import Words

DUE = 10_000
PAYERS = 8


@pytest.mark.timeout(3_600)
@pytest.mark.catalogue("F05")
def test_eight_payers_send_each_of_ten_thousand_orders_once(
    servers: Stack, tmp_path: Path
) -> None:
    """Real database, real bank: none is left, none is sent a second time."""
    with PayerLoad(servers, tmp_path / "payers").open() as load:
        load.begin("eight payers", DUE)
        load.lie_ready(DUE)
        load.pay_beside(PAYERS)
        load.finish()
        load.settle()
        assert load.judge() == Words(attempted=DUE, acknowledged=DUE)
        load.sweep()
