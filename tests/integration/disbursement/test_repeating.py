"""Clause 5.3 on the real database: a refused payout, and another in its place."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import as_object
from kernel.errors import Refused
from services.disbursement.domain.order import OrderStatus, order_key
from services.disbursement.domain.payout import Payout, State, Trail
from services.disbursement.handlers.repeating import (
    OPERATION,
    close_next,
    repeat,
)
from services.disbursement.storage import PayoutRows
from services.disbursement.wiring.treasury import TreasuryUseCases
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import HOLD_ENDS, Journey, run
from tests.staff import ANNA, BORIS, member
from tests.unit.disbursement.builders import BELOW_LIMIT, CONTRACT_ID, CORRELATION_ID

PERMISSIONS = {"payouts.approve", "payouts.decide"}
ASKER, DECIDER = member(ANNA, PERMISSIONS), member(BORIS, PERMISSIONS)


@pytest.fixture
def refused(office: Office) -> Payout:
    """Refused by the bank for a reason that passes."""
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    journey.consent()
    office.bank.status, office.bank.reason = OrderStatus.REJECTED, "insufficient_funds"
    run(office, HOLD_ENDS)
    payout = office.payout(CONTRACT_ID)
    assert payout.state is State.REJECTED
    return payout


def ask(office: Office, payout_id: UUID) -> UUID:
    call = Call(
        id=UUID(int=1),
        caller="operator",
        method="ask_payout_repeat",
        deadline=office.clock.now() + timedelta(minutes=1),
        context=office.context_of(None),
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
        staff=ASKER,
    )
    answer = as_object(
        TreasuryUseCases(office.platform).ask_payout_repeat(call, payout_id)
    )
    return UUID(str(answer["approval_id"]))


def agree(office: Office, approval_id: UUID, by: StaffMember = DECIDER) -> None:
    """As the operators' door does it."""
    cases = TreasuryUseCases(office.platform)
    operation = Operation(
        permission="payouts.decide",
        run=lambda tx, approval, _: cases.repeat_payout(tx, approval),
    )
    with office.platform.database.begin(office.context_of(None)) as tx:
        approvals.approve(
            tx, approval_id, seen=None, by=by, operations={OPERATION: operation}
        )


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("approval_by_one_person")
def test_who_asks_does_not_decide(office: Office, refused: Payout) -> None:
    asked = ask(office, refused.payout_id)
    with pytest.raises(Refused, match="own_request"):
        agree(office, asked, by=ASKER)
    assert len(office.rows("SELECT 1 FROM payouts")) == 1


@pytest.mark.clause("5.3")
@pytest.mark.seeded("disbursement_repeat_under_the_same_key")
def test_it_is_linked_and_paid_once_under_a_key_of_its_own(
    office: Office, refused: Payout
) -> None:
    """The refused row stays as it was, but for what is asked of it no more."""
    agree(office, ask(office, refused.payout_id))
    following = office.payout(CONTRACT_ID)
    assert (following.number, following.follows) == (2, refused.payout_id)
    office.bank.accept_from_now_on()
    run(office, HOLD_ENDS + timedelta(minutes=1))
    paid = office.payout(CONTRACT_ID)
    assert (paid.state, paid.payout_id) == (State.PAID, following.payout_id)
    assert [line.key for line in office.bank.ledger] == [order_key(CONTRACT_ID, 2)]
    rows = office.rows("SELECT number, state, order_key FROM payouts ORDER BY number")
    assert [tuple(row) for row in rows] == [
        (1, "rejected", order_key(CONTRACT_ID, 1)),
        (2, "paid", order_key(CONTRACT_ID, 2)),
    ]


@pytest.mark.seeded("disbursement_repeated_by_each_yes")
def test_many_yeses_at_once_are_one_payout(office: Office, refused: Payout) -> None:
    """However many requests there are: the row is asked, and it is locked."""
    arguments = {"payout_id": str(refused.payout_id)}

    def say_yes(_: int) -> bool:
        with (
            contextlib.suppress(Refused),
            office.platform.database.begin(office.context_of(None)) as tx,
        ):
            repeat(
                arguments,
                payouts=PayoutRows(tx.connection, office.platform.field_keys),
                publish=tx.publish,
                ids=office.platform.ids,
                trail=Trail(CORRELATION_ID, None),
                now=tx.now,
            )
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(say_yes, range(8))) == 1
    assert len(office.rows("SELECT 1 FROM payouts")) == 2


def test_a_stop_and_a_yes_that_meet_have_one_winner(
    office: Office, refused: Payout
) -> None:
    """Stopped: then nothing of the contract is paid, whoever was first."""
    journey, asked = Journey(office), ask(office, refused.payout_id)
    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(agree, office, asked)
        answer = pool.submit(journey.stop).result()
        problem = yes.exception()
    assert answer == "stopped"
    assert problem is None or isinstance(problem, Refused)
    office.bank.accept_from_now_on()
    run(office, HOLD_ENDS + timedelta(minutes=1))
    assert office.bank.ledger == []


def test_nobody_asks_in_time_and_it_is_told_once(
    office: Office, refused: Payout
) -> None:
    office.clock.instant = HOLD_ENDS + timedelta(days=3)
    assert close_next(office.till)
    assert not close_next(office.till)
    told = office.rows("SELECT type FROM outbox ORDER BY inserted")
    assert [row.type.split(".")[1] for row in told][-2:] == [
        "payout_repeatable",
        "payout_rejected",
    ]
    with pytest.raises(Refused, match="payout_not_repeatable"):
        ask(office, refused.payout_id)
