"""While a client is suspended silence ends nothing they have signed (5.5, 6.1g)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.events.antifraud import OperationReleased, OperationSuspended
from services.contracts.domain.states import ContractState
from services.contracts.handlers import contracts, reactions, reminding
from tests.integration.contracts.conftest import Desk
from tests.unit.contracts.builders import CLIENT, MICROSECOND, POLICY, STRANGER

S = ContractState
DECISION = UUID(int=0xDE)
DAY = timedelta(days=1)


def suspend(desk: Desk, at: datetime, *, operation: str = f"client:{CLIENT}") -> None:
    event = OperationSuspended(
        decision_id=DECISION, operation=operation, client_id=CLIENT
    )
    with desk.unit() as unit:
        reactions.when_operation_suspended(event, at=at, unit=unit)


def release(desk: Desk, at: datetime, *, client_id: UUID = CLIENT) -> None:
    event = OperationReleased(
        decision_id=DECISION, operation=f"client:{client_id}", client_id=client_id
    )
    with desk.unit() as unit:
        reactions.when_operation_released(event, at=at, unit=unit)


def beat(desk: Desk, at: datetime) -> int:
    desk.clock.at = at
    return contracts.annul_silent(work=desk.work(), clock=desk.clock)


def remind(desk: Desk) -> int:
    return reminding.remind(work=desk.work(), policy=POLICY, clock=desk.clock)


def end_of(desk: Desk, contract_id: UUID) -> datetime:
    end = desk.contract(contract_id).silence_at
    assert end is not None
    return end


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_silence_runs_while_suspended")
def test_silence_is_not_counted_while_the_client_is_suspended(desk: Desk) -> None:
    """Nobody is annulled or reminded meanwhile; then it goes on where it stopped."""
    contract_id = desk.concluded()
    end = end_of(desk, contract_id)
    suspend(desk, end - 2 * DAY)
    assert beat(desk, end + 30 * DAY) == 0
    assert remind(desk) == 0
    release(desk, end + 30 * DAY)
    later = end + 32 * DAY
    assert end_of(desk, contract_id) == later
    assert beat(desk, later - MICROSECOND) == 0
    assert remind(desk) == 1
    assert beat(desk, later) == 1
    assert desk.contract(contract_id).state is S.ANNULLED


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_old_suspension_stands")
def test_a_suspension_and_its_end_may_come_in_any_order(desk: Desk) -> None:
    """Heard after it was lifted, or twice, it stops nothing."""
    contract_id = desk.concluded()
    end = end_of(desk, contract_id)
    release(desk, end - DAY)
    suspend(desk, end - 2 * DAY)
    assert desk.contract(contract_id).suspended_since is None
    suspend(desk, end - DAY + MICROSECOND)
    release(desk, end - DAY)
    assert desk.contract(contract_id).suspended_since is not None
    release(desk, end)
    release(desk, end + DAY)
    assert end_of(desk, contract_id) == end + DAY - MICROSECOND


def test_what_is_not_of_the_whole_client_stops_nothing(desk: Desk) -> None:
    """A payout that stands still is past every answer; another client is another."""
    contract_id = desk.concluded()
    at = end_of(desk, contract_id) - DAY
    suspend(desk, at, operation=f"payout:{DECISION}")
    assert desk.contract(contract_id).suspended_since is None
    suspend(desk, at)
    release(desk, at + DAY, client_id=STRANGER)
    assert desk.contract(contract_id).suspended_since == at
