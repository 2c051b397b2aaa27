"""The payer's use cases, one beat at a time, against a bank that misbehaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.events.disbursement import (
    PayoutDue,
    PayoutHeld,
    PayoutOutcomeUnknown,
    PayoutRejected,
    PayoutSent,
    PayoutSettled,
)
from services.disbursement.domain.gate import Decision, Ownership
from services.disbursement.domain.order import OrderStatus, order_key
from services.disbursement.domain.payout import Payout, State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from tests.unit.disbursement.builders import (
    BELOW_LIMIT,
    CODES,
    CONTRACT_ID,
    HOLD_UNTIL,
    OTHER_IBAN,
    RULES,
    SIGNED_AT,
    TOKEN,
    decision,
    order,
    payout,
    proof,
)
from tests.unit.disbursement.fakes import BankFault, CrashError, Stage, crash

KEY = order_key(CONTRACT_ID, 1)
FAILURES = [
    (Refused("x", "x", next_step="x"), "refused"),
    (Transient("away"), "unavailable"),
    (Broken("garbage"), "unreadable"),
]


@pytest.fixture
def stage() -> Stage:
    """A payout that is ready, at an instant when it may be paid."""
    built = Stage()
    built.desk.put(payout(), order())
    return built


def put(stage: Stage, **changes: Any) -> Payout:  # noqa: ANN401 - any field
    placed = payout(**changes)
    stage.desk.put(placed, order(amount=placed.amount))
    return placed


def ask_until_final(stage: Stage, *, step_s: int = 120, most: int = 60) -> None:
    """Let time pass and the bank be asked until nothing is to be asked any more."""
    for _ in range(most):
        stage.clock.move(seconds=step_s)
        while ask_next(stage.till):
            pass
        if stage.state() not in {State.SENDING, State.UNKNOWN}:
            return


def crossings() -> list[str]:
    """The boundaries of a payment without trouble, in order."""
    smooth = Stage()
    smooth.desk.put(payout(), order())
    pay_next(smooth.till)
    return smooth.boundaries.seen


def held_codes(stage: Stage) -> list[str]:
    return [e.code for e in stage.desk.tables.events if isinstance(e, PayoutHeld)]


def test_a_consented_payout_gets_its_order(stage: Stage) -> None:
    """Account, person and company account are fixed for the hold."""
    put(stage, state=State.CONSENTED, account_token=None, next_at=SIGNED_AT)
    assert prepare_next(stage.till)
    row = stage.desk.payout()
    assert (
        row.state,
        row.account_token,
        row.next_at,
    ) == (State.HELD, TOKEN, HOLD_UNTIL)
    assert order() == stage.desk.tables.orders[row.payout_id][0]
    assert not prepare_next(stage.till)


@pytest.mark.parametrize(("failure", "how"), FAILURES)
def test_an_account_that_cannot_be_read_is_asked_for_again(
    stage: Stage, failure: KernelError, how: str
) -> None:
    """With growing pauses; told once."""
    put(stage, state=State.CONSENTED, account_token=None, next_at=SIGNED_AT)
    stage.peers.failure = failure
    for _ in range(3):
        assert prepare_next(stage.till)
        assert not prepare_next(stage.till)
        stage.clock.move(minutes=5)
    assert [f"account_{how}"] == held_codes(stage)
    stage.peers.failure = None
    assert prepare_next(stage.till)
    assert State.HELD is stage.state()


@pytest.mark.parametrize(
    ("changes", "after", "asks"),
    [
        ({"released_at": None}, State.AWAITING_RELEASE, True),
        ({}, State.READY, False),
        ({"amount": BELOW_LIMIT, "released_at": None}, State.READY, False),
    ],
)
def test_the_end_of_the_hold_leads_to_the_client_or_to_the_gate(
    stage: Stage, changes: dict[str, Any], after: State, asks: object
) -> None:
    """Above 75 МРП the client confirms, unless it has been done."""
    put(stage, state=State.HELD, **changes)
    assert end_next_hold(stage.till)
    assert after is stage.state()
    (event,) = stage.desk.tables.events
    assert isinstance(event, PayoutDue)
    assert asks == event.confirmation_required


def test_the_hold_does_not_end_a_moment_early(stage: Stage) -> None:
    """At the instant itself it does."""
    put(stage, state=State.HELD)
    stage.clock.instant = HOLD_UNTIL - timedelta(microseconds=1)
    assert not end_next_hold(stage.till)
    assert State.HELD is stage.state()
    stage.clock.instant = HOLD_UNTIL
    assert end_next_hold(stage.till)
    assert State.READY is stage.state()


@pytest.mark.seeded("disbursement_hold_ends_for_the_stopped")
def test_what_is_stopped_as_its_hold_ends_stays_stopped(stage: Stage) -> None:
    """Between the claim and the look at the row; nobody is told that it is due."""
    put(stage, state=State.HELD)

    def stop() -> None:
        stage.desk.put(replace(stage.desk.payout(), state=State.CANCELLED))

    claimed_and_committed = 2
    stage.boundaries.arm(claimed_and_committed, stop)
    assert end_next_hold(stage.till)
    assert (stage.state(), stage.desk.tables.events) == (State.CANCELLED, [])


def test_a_row_that_wakes_too_early_goes_back_to_sleep(stage: Stage) -> None:
    """The wake-up is a hint, hold_until the truth."""
    put(stage, state=State.HELD, next_at=SIGNED_AT)
    stage.clock.instant = HOLD_UNTIL - timedelta(hours=1)
    assert end_next_hold(stage.till)
    assert (stage.state(), stage.desk.payout().next_at) == (State.HELD, HOLD_UNTIL)
    assert not end_next_hold(stage.till)


def test_small_loans_of_one_day_are_added_up(stage: Stage) -> None:
    """The later one of the day needs the confirmation, the earlier one does not."""
    early = payout(amount=BELOW_LIMIT, state=State.HELD, released_at=None)
    stage.desk.put(early)
    for number, hours in ((1, 1), (2, 2), (3, 30)):
        stage.desk.put(
            replace(
                early,
                contract_id=UUID(int=number),
                payout_id=UUID(int=number),
                signed_at=SIGNED_AT + timedelta(hours=hours),
                amount=replace(BELOW_LIMIT, amount_minor=15_000_000),
            )
        )
    while end_next_hold(stage.till):
        pass
    states = {number: stage.desk.payout(UUID(int=number)).state for number in (1, 2, 3)}
    assert State.READY is stage.state()
    assert states == {1: State.READY, 2: State.AWAITING_RELEASE, 3: State.READY}


def test_a_ready_payout_is_paid_once(stage: Stage) -> None:
    """One transfer, the right one, and every check recorded with evidence."""
    assert pay_next(stage.till)
    assert not pay_next(stage.till)
    row = stage.desk.payout()
    assert (
        row.state,
        row.order_key,
        row.attempt,
        row.order_id,
    ) == (State.PAID, KEY, 1, "bank-1")
    (transfer,) = stage.bank.ledger
    assert (KEY, row.amount) == (transfer.key, transfer.amount)
    sent, settled = stage.desk.tables.events
    assert isinstance(sent, PayoutSent)
    assert isinstance(settled, PayoutSettled)
    assert len(stage.desk.tables.checks) == 19


def test_the_intent_is_committed_and_the_status_asked_before_the_sending(
    stage: Stage,
) -> None:
    """P01 and P03: pay-then-commit and send-without-asking both pay twice."""
    pay_next(stage.till)
    crossed = stage.boundaries.seen
    send = crossed.index("before send")
    assert crossed[send - 3 : send] == ["before commit", "after commit", "before ask"]


@pytest.mark.parametrize("failing", ["ownership", "decision", "contract", "hold"])
def test_a_closed_gate_opens_no_socket(stage: Stage, failing: str) -> None:
    """No order exists at the bank, and the payout is held with a code."""
    match failing:
        case "ownership":
            stage.peers.proof = proof(verdict=Ownership.UNKNOWN)
        case "decision":
            stage.peers.decision = decision(Decision.SUSPEND)
        case "contract":
            stage.peers.failure = Transient("away")
        case "hold":
            stage.clock.instant = HOLD_UNTIL - timedelta(seconds=1)
            put(stage, next_at=SIGNED_AT)
    assert pay_next(stage.till)
    assert (stage.bank.sends, stage.state()) == (0, State.READY)
    assert len(held_codes(stage)) == 1


def test_a_gate_that_stays_closed_is_tried_with_growing_pauses(stage: Stage) -> None:
    """Told once; opens when the cause is gone."""
    stage.peers.decision = decision(Decision.REVIEW)
    for _ in range(4):
        assert pay_next(stage.till)
        assert not pay_next(stage.till)
        stage.clock.move(minutes=5)
    assert held_codes(stage) == ["antifraud_review"]
    stage.peers.decision = decision()
    assert pay_next(stage.till)
    assert State.PAID is stage.state()


def test_another_owner_blocks_for_good(stage: Stage) -> None:
    """Clause 5.4; an operator is alarmed."""
    stage.peers.proof = proof(verdict=Ownership.MISMATCH)
    assert pay_next(stage.till)
    assert State.BLOCKED is stage.state()
    assert ["ownership_mismatch"] == held_codes(stage) == stage.alarms.codes
    assert not pay_next(stage.till)
    assert stage.bank.ledger == []


def test_an_order_that_was_tampered_with_is_blocked(stage: Stage) -> None:
    """Neither a digest that differs nor a seal that does not open leads out."""
    changed = order(creditor_iban=OTHER_IBAN)
    stage.desk.tables.orders[payout().payout_id] = (changed, order().digest)
    assert pay_next(stage.till)
    assert State.BLOCKED is stage.state()
    stage.desk.put(payout())
    del stage.desk.tables.orders[payout().payout_id]
    assert pay_next(stage.till)
    assert State.BLOCKED is stage.state()
    assert held_codes(stage)[-1] == "order_does_not_open"
    assert stage.bank.ledger == []


def test_a_lost_answer_ends_paid_once(stage: Stage) -> None:
    """F02: UNKNOWN → status → PAID."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    assert pay_next(stage.till)
    assert State.UNKNOWN is stage.state()
    assert len(stage.desk.events(PayoutOutcomeUnknown)) == 1
    ask_until_final(stage)
    assert State.PAID is stage.state()
    assert (len(stage.bank.ledger), stage.bank.sends) == (1, 1)


def test_a_lost_request_is_sent_again_under_the_same_key(stage: Stage) -> None:
    """P02: never a new key; only after the order could have shown itself."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    assert pay_next(stage.till)
    stage.clock.move(seconds=RULES.resend.visible_after_s - 1)
    for _ in range(5):
        stage.clock.move(microseconds=1)
        ask_next(stage.till)
    assert (stage.bank.sends, stage.state()) == (1, State.UNKNOWN)
    ask_until_final(stage, step_s=10)
    row = stage.desk.payout()
    assert (row.state, row.attempt, row.order_key) == (State.PAID, 2, KEY)
    keys = [e.order_key for e in stage.desk.tables.events if isinstance(e, PayoutSent)]
    assert keys == [KEY, KEY]
    assert len(stage.bank.ledger) == 1


def test_past_the_window_nothing_is_sent_again(stage: Stage) -> None:
    """P03: the bank may have forgotten the key; a person is called instead."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    assert pay_next(stage.till)
    stage.clock.move(seconds=RULES.resend.window_s + 1)
    ask_until_final(stage, step_s=600)
    assert (stage.state(), stage.bank.sends) == (State.UNKNOWN, 1)
    assert ["bank_order_missing"] == stage.alarms.codes == held_codes(stage)


@pytest.mark.catalogue("F14")
@pytest.mark.seeded("disbursement_window_by_the_wall_clock")
def test_a_clock_set_back_does_not_make_the_window_longer(stage: Stage) -> None:
    """The bank forgets by its own clock: sent again, it would pay twice."""
    stage.bank.hidden_s = 24 * 3_600
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    assert pay_next(stage.till)
    stage.clock.move(seconds=RULES.resend.window_s + 1)
    stage.clock.step(seconds=-RULES.resend.window_s)
    ask_until_final(stage, step_s=300)
    assert (stage.bank.sends, len(stage.bank.ledger)) == (1, 1)
    assert stage.alarms.codes == ["bank_order_missing"]


def test_an_order_that_shows_itself_late_is_not_doubled(stage: Stage) -> None:
    """F03: a positive answer after negative ones."""
    stage.bank.hidden_s = RULES.resend.visible_after_s
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    assert pay_next(stage.till)
    ask_until_final(stage, step_s=30)
    assert (stage.state(), stage.bank.sends) == (State.PAID, 1)


@pytest.mark.parametrize(
    "fault", [BankFault.WRONG_AMOUNT, BankFault.WRONG_CREDITOR, BankFault.WRONG_ID]
)
def test_a_wrong_answer_is_unknown_and_alarmed(stage: Stage, fault: BankFault) -> None:
    """F04: never PAID on the strength of it."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, *([fault] * 4)]
    assert pay_next(stage.till)
    assert State.UNKNOWN is stage.state()
    stage.clock.move(minutes=10)
    ask_next(stage.till)
    assert State.UNKNOWN is stage.state()
    assert len(stage.alarms.codes) == 1
    ask_until_final(stage)
    assert (stage.state(), stage.bank.sends) == (State.PAID, 1)


def test_an_accepted_order_is_asked_about_until_it_is_settled(stage: Stage) -> None:
    """Every poll_s, in SENDING."""
    stage.bank.status = OrderStatus.ACCEPTED
    assert pay_next(stage.till)
    row = stage.desk.payout()
    assert (row.state, row.order_id) == (State.SENDING, "bank-1")
    assert not ask_next(stage.till)
    stage.clock.move(seconds=RULES.work.poll_s)
    assert ask_next(stage.till)
    assert State.SENDING is stage.state()
    stage.bank.status = OrderStatus.SETTLED
    ask_until_final(stage, step_s=1)
    assert State.PAID is stage.state()
    assert stage.desk.events(PayoutOutcomeUnknown) == []


def test_unknown_and_then_accepted_is_sending_again(stage: Stage) -> None:
    """The outcome is known to be open, no longer unknown."""
    stage.bank.status = OrderStatus.ACCEPTED
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    assert pay_next(stage.till)
    stage.clock.move(minutes=1)
    assert ask_next(stage.till)
    assert State.SENDING is stage.state()


def test_a_rejection_that_all_agree_on_is_final(stage: Stage) -> None:
    """Status and statement say so."""
    stage.bank.status = OrderStatus.REJECTED
    assert pay_next(stage.till)
    assert State.REJECTED is stage.state()
    (event,) = stage.desk.events(PayoutRejected)
    assert isinstance(event, PayoutRejected)
    assert event.code == "account_closed"
    assert stage.bank.ledger == []


def test_a_rejection_the_statement_contradicts_is_unknown(stage: Stage) -> None:
    """P31: "failed" was followed by a late success."""
    stage.bank.status = OrderStatus.SETTLED
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    assert pay_next(stage.till)
    stage.bank.status = OrderStatus.REJECTED
    stage.clock.move(minutes=1)
    assert ask_next(stage.till)
    assert State.UNKNOWN is stage.state()
    stage.bank.status = OrderStatus.SETTLED
    ask_until_final(stage)
    assert State.PAID is stage.state()


def test_a_crash_while_sending_is_unknown_and_then_asked(stage: Stage) -> None:
    """Nobody else may take the row before the lease ends."""
    stage.boundaries.arm(crossings().index("after send") + 1, crash)
    with pytest.raises(CrashError):
        pay_next(stage.till)
    assert State.SENDING is stage.state()
    assert not ask_next(stage.till)
    stage.clock.move(seconds=RULES.work.lease_s)
    assert ask_next(stage.till)
    assert (stage.state(), len(stage.bank.ledger)) == (State.PAID, 1)
    assert len(stage.desk.events(PayoutOutcomeUnknown)) == 1


def test_a_stop_that_comes_before_the_commit_wins(stage: Stage) -> None:
    """F06: cancelled XOR paid."""

    def stop() -> None:
        row = stage.desk.payout()
        stage.desk.put(replace(row, state=State.CANCELLED))

    stage.boundaries.arm(crossings().index("before ask") + 1, stop)
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.CANCELLED, 0)
    assert stage.desk.events(PayoutSent) == []


def test_a_suspension_that_comes_before_the_commit_wins(stage: Stage) -> None:
    """F07: between the gate's question and the sending."""

    def suspend() -> None:
        row = stage.desk.payout()
        stage.desk.put(replace(row, suspended_by=UUID(int=5)))

    stage.boundaries.arm(crossings().index("before ask") + 1, suspend)
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.READY, 0)


def test_a_worker_that_slept_through_its_lease_sends_nothing(stage: Stage) -> None:
    """P28: its fence is stale, its socket stays closed."""

    def sleep() -> None:
        stage.clock.move(days=3)

    asks = [i for i, n in enumerate(crossings()) if n == "before ask"]
    stage.boundaries.arm(asks[1] + 1, sleep)
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.SENDING, 0)
    ask_until_final(stage)
    assert (stage.state(), stage.bank.sends) == (State.UNKNOWN, 0)
    assert stage.alarms.codes == ["bank_order_missing"]


def test_a_suspended_payout_is_not_sent_again(stage: Stage) -> None:
    """The gate is passed anew before every sending."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    assert pay_next(stage.till)
    stage.desk.put(replace(stage.desk.payout(), suspended_by=UUID(int=5)))
    ask_until_final(stage, step_s=20)
    assert (stage.state(), stage.bank.sends) == (State.UNKNOWN, 1)
    assert "operation_suspended" in held_codes(stage)


def test_a_bank_that_is_away_delays_and_commits_nothing(stage: Stage) -> None:
    """An outage does not use up the window of the same key."""
    stage.bank.faults = [BankFault.REQUEST_LOST] * 5
    for _ in range(5):
        assert pay_next(stage.till)
        stage.clock.move(hours=1)
    assert (stage.state(), stage.bank.sends) == (State.READY, 0)
    assert held_codes(stage) == ["bank_unavailable"]
    assert pay_next(stage.till)
    assert State.PAID is stage.state()


def test_a_lease_from_a_wrong_clock_is_not_obeyed(stage: Stage) -> None:
    """F14: the clock was 25 hours ahead when it was written."""
    far = stage.clock.now() + timedelta(hours=25)
    put(stage, lease_until=far, next_at=far)
    assert pay_next(stage.till)
    assert State.PAID is stage.state()


def test_a_restored_database_finds_its_payment_at_the_bank(stage: Stage) -> None:
    """The payout is paid by an earlier life: resolved by asking, not by sending."""
    stage.bank.send(order(), CODES)
    assert pay_next(stage.till)
    assert (stage.state(), len(stage.bank.ledger)) == (State.PAID, 1)
    assert stage.bank.sends == 1
