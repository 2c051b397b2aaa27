"""A refused payout is paid again only as another one, linked, by the whole gate."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.disbursement import (
    PayoutRejected,
    PayoutRepeatable,
    PayoutRepeated,
)
from services.disbursement.domain.order import OrderStatus, order_key
from services.disbursement.domain.payout import (
    Payout,
    State,
    StopAnswer,
    Tombstone,
    Trail,
)
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.handlers.repeating import (
    arguments_of,
    close_next,
    repeat,
)
from services.disbursement.handlers.requests import stop_payout
from tests.unit.disbursement.builders import (
    CLIENT_ID,
    CONTRACT_ID,
    CORRELATION_ID,
    PAYOUT_ID,
    TOKEN,
    account,
    order,
    payout,
)
from tests.unit.disbursement.fakes import Stage

REPAIRABLE = "insufficient_funds"


@pytest.fixture
def stage() -> Stage:
    """A payout that the bank has refused for a reason that passes."""
    built = Stage()
    built.desk.put(payout(), order())
    built.bank.status = OrderStatus.REJECTED
    built.bank.reason = REPAIRABLE
    assert pay_next(built.till)
    assert State.REJECTED is built.state()
    return built


def agree(stage: Stage, payout_id: UUID = PAYOUT_ID) -> None:
    """Two of the staff have said yes."""
    with stage.desk.open() as work:
        now = stage.clock.now()
        arguments, _ = arguments_of(payout_id, payouts=work.payouts, now=now)
        repeat(
            arguments,
            payouts=work.payouts,
            publish=work.publish,
            ids=stage.ids,
            trail=Trail(CORRELATION_ID, None),
            now=now,
        )


def run(stage: Stage) -> None:
    while any(beat(stage.till) for beat in (prepare_next, end_next_hold, pay_next)):
        pass


def stop(stage: Stage) -> StopAnswer:
    with stage.desk.open() as work:
        return stop_payout(
            Tombstone(CONTRACT_ID, CLIENT_ID),
            payouts=work.payouts,
            ids=stage.ids,
            now=stage.clock.now(),
        )


def test_a_refusal_that_may_pass_is_not_told_as_final(stage: Stage) -> None:
    """The contract lives on until it is, or another payout stands in its place."""
    assert stage.desk.events(PayoutRejected) == []
    (event,) = stage.desk.events(PayoutRepeatable)
    assert isinstance(event, PayoutRepeatable)
    assert (event.code, event.until) == (
        REPAIRABLE,
        stage.clock.now() + timedelta(days=3),
    )


def test_a_refusal_of_the_account_itself_is_final_at_once() -> None:
    stage = Stage()
    stage.desk.put(payout(), order())
    stage.bank.status = OrderStatus.REJECTED
    assert pay_next(stage.till)
    assert len(stage.desk.events(PayoutRejected)) == 1
    with pytest.raises(Refused, match="payout_not_repeatable"):
        agree(stage)


def test_another_payout_is_linked_and_has_a_key_of_its_own(stage: Stage) -> None:
    agree(stage)
    following = stage.desk.payout()
    assert (following.number, following.follows) == (2, PAYOUT_ID)
    assert (following.state, following.order_key) == (State.CONSENTED, None)
    (event,) = stage.desk.events(PayoutRepeated)
    assert isinstance(event, PayoutRepeated)
    assert event.predecessor_id == PAYOUT_ID
    stage.bank.accept_from_now_on()
    run(stage)
    assert State.PAID is stage.state()
    assert [line.key for line in stage.bank.ledger] == [order_key(CONTRACT_ID, 2)]


@pytest.mark.seeded("disbursement_repeat_beside_the_gate")
def test_it_passes_the_whole_gate_again(stage: Stage) -> None:
    """To another account than the one the client agreed to nothing is drawn up."""
    agree(stage)
    stage.bank.accept_from_now_on()
    stage.peers.account = account(account_token="k1.another")  # noqa: S106 - a matching token
    run(stage)
    assert stage.bank.ledger == []
    assert stage.desk.payout().agreed_token == TOKEN
    stage.peers.account = account()
    stage.peers.contract_state = "annulled"
    stage.clock.move(hours=1)
    run(stage)
    assert (stage.state(), stage.bank.ledger) == (State.BLOCKED, [])


@pytest.mark.seeded("disbursement_late_success_paid_twice")
def test_nothing_is_sent_while_the_refused_one_may_have_been_paid(stage: Stage) -> None:
    """P31: "failed" was followed by a late success, after the second was agreed on."""
    agree(stage)
    stage.bank.status = OrderStatus.SETTLED
    run(stage)
    assert stage.bank.sends == 1
    assert stage.desk.payout().held_code == "predecessor_unclear"


def test_two_yeses_are_one_payout(stage: Stage) -> None:
    agree(stage)
    with pytest.raises(Refused, match="payout_not_repeatable"):
        agree(stage)


def test_nobody_has_asked_in_time(stage: Stage) -> None:
    """Then it is refused for good, told once; and nobody can ask any more."""
    for _ in range(3 * 24 * 2):
        assert stage.desk.events(PayoutRejected) == []
        stage.clock.move(minutes=30)
        close_next(stage.till)
    assert len(stage.desk.events(PayoutRejected)) == 1
    stage.clock.move(days=1)
    assert not close_next(stage.till)
    with pytest.raises(Refused, match="payout_not_repeatable"):
        agree(stage)


def test_a_client_who_refuses_meanwhile_is_not_paid_again(stage: Stage) -> None:
    """No money has moved and none will."""
    assert stop(stage) is StopAnswer.STOPPED
    with pytest.raises(Refused, match="payout_not_repeatable"):
        agree(stage)


def test_a_client_who_refuses_afterwards_stops_the_other_one(stage: Stage) -> None:
    agree(stage)
    assert stop(stage) is StopAnswer.STOPPED
    assert State.CANCELLED is stage.state()


def test_nobody_repeats_what_is_not_there(stage: Stage) -> None:
    with pytest.raises(Refused, match="payout_unknown"):
        agree(stage, CONTRACT_ID)


def test_what_the_client_gave_stands(stage: Stage) -> None:
    before = stage.desk.payout()
    agree(stage)
    after: Payout = stage.desk.payout()
    assert (after.consented_at, after.hold_until, after.released_at) == (
        before.consented_at,
        before.hold_until,
        before.released_at,
    )
    assert (after.witnessed_from_ns, after.hold_from) == (
        before.witnessed_from_ns,
        before.hold_from,
    )
