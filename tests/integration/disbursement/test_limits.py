"""Limits, four eyes and balance on the real database, and «стоп-кредит» asked again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import as_object
from kernel.errors import Refused
from kernel.events.contracts import AmendmentEnded
from kernel.money import Money
from kernel.policy import Policy, Setting
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.order import NoAnswer
from services.disbursement.domain.payout import State
from services.disbursement.handlers.paying import pay_next
from services.disbursement.ports import Till
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import (
    HOLD_ENDS,
    Journey,
    run,
    run_holds,
)
from tests.staff import ANNA, BORIS, member
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    CLIENT_ID,
    CONTRACT_ID,
    RULES,
    stop_credit,
)

MRP = Money.of("4325")
LARGE = MRP.times_ratio(1_001, 1)
PERMISSIONS = {"payouts.approve", "payouts.decide"}
ASKER, DECIDER = member(ANNA, PERMISSIONS), member(BORIS, PERMISSIONS)
LATER = HOLD_ENDS + timedelta(hours=1)


@pytest.fixture
def journey(office: Office) -> Journey:
    return Journey(office)


def limited(**limits: int) -> Policy:
    """The starting policy with other limits, in МРП."""
    policy = STARTING_POLICY
    for name, count in limits.items():
        policy = policy.with_setting(
            Setting(f"payouts.{name}", date(2026, 1, 1), count, "test")
        )
    return policy


def ready(journey: Journey, amount: Money = ABOVE_LIMIT) -> None:
    """Everything is given; a second later the gate is tried."""
    journey.sign(amount)
    journey.consent()
    run(journey.office, HOLD_ENDS)
    journey.release()
    journey.office.clock.instant = HOLD_ENDS + timedelta(seconds=1)


def try_gate(office: Office, till: Till | None = None) -> tuple[State, str | None, int]:
    """State, code and transfers after one passage, or more."""
    while pay_next(till or office.till):
        pass
    row = office.payout(CONTRACT_ID)
    return row.state, row.held_code, len(office.bank.ledger)


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_stop_credit_not_asked_again")
def test_a_stop_credit_set_after_the_consent_is_never_paid(
    office: Office, journey: Journey
) -> None:
    """Asked again at the moment of sending; the report's number is kept."""
    ready(journey)
    office.peers.stop_credit = stop_credit(stands=True)
    assert try_gate(office) == (State.BLOCKED, "stop_credit", 0)
    (check,) = office.checks("stop_credit")
    assert (check.verdict, check.evidence) == ("never", "report-1")
    office.peers.stop_credit = stop_credit()
    run(office, LATER)
    assert try_gate(office) == (State.BLOCKED, "stop_credit", 0)


@pytest.mark.seeded("disbursement_day_limit_counted_outside_the_lock")
def test_eight_payers_do_not_pass_the_day_s_limit_together(office: Office) -> None:
    """Six fit, twenty are due: six leave, whoever comes first, and the rest waits."""
    journeys = [Journey(office, UUID(int=4000 + n)) for n in range(20)]
    for one in journeys:
        one.sign(MRP)
        one.consent()
    run_holds(office)
    policy = limited(day_mrp=6)
    # Each in a commit of its own: else the first commit uses the limit up alone.
    singly = replace(RULES, work=replace(RULES.work, at_once=1))

    def pay() -> None:
        while pay_next(replace(office.till, policy=policy, rules=singly)):
            pass

    with ThreadPoolExecutor(8) as pool:
        for payer in [pool.submit(pay) for _ in range(8)]:
            payer.result()
    assert len(office.bank.ledger) == 6
    held = [one for one in journeys if one.state() is State.READY]
    assert len(held) == 14
    assert {"day_limit"} == {office.payout(j.contract_id).held_code for j in held}
    office.clock.instant = HOLD_ENDS + timedelta(days=1)
    pay()
    assert len(office.bank.ledger) == 12


@pytest.mark.seeded("disbursement_batch_counts_nobody")
def test_a_client_gets_no_more_in_a_day_than_the_limit(office: Office) -> None:
    """By however many contracts; the day after the rest may leave."""
    journeys = [Journey(office, UUID(int=5000 + n)) for n in range(3)]
    for one in journeys:
        one.sign(MRP)
        one.consent()
    run_holds(office)
    till = replace(office.till, policy=limited(client_day_mrp=2))
    while pay_next(till):
        pass
    assert len(office.bank.ledger) == 2
    office.clock.instant = HOLD_ENDS + timedelta(days=1)
    while pay_next(till):
        pass
    assert len(office.bank.ledger) == 3


def test_a_payout_above_the_limit_of_one_waits(
    office: Office, journey: Journey
) -> None:
    """Until the limit is another."""
    ready(journey)
    till = replace(office.till, policy=limited(most_mrp=92))
    assert try_gate(office, till) == (State.READY, "payout_limit", 0)
    run(office, LATER)
    assert State.PAID is journey.state()


def test_a_payout_waits_until_the_balance_covers_it(
    office: Office, journey: Journey
) -> None:
    """And as long as the bank does not say what there is."""
    ready(journey)
    office.bank.funds = ABOVE_LIMIT - Money(1)
    assert try_gate(office) == (State.READY, "balance_short", 0)
    office.bank.funds = NoAnswer("bank_unavailable")
    office.clock.instant = LATER
    assert try_gate(office) == (State.READY, "bank_unavailable", 0)
    office.bank.funds = ABOVE_LIMIT
    run(office, LATER + timedelta(hours=1))
    assert State.PAID is journey.state()


def test_payers_do_not_spend_one_balance_together(office: Office) -> None:
    """The bank says to eight at once that there is enough for five."""
    journeys = [Journey(office, UUID(int=6000 + n)) for n in range(16)]
    for one in journeys:
        one.sign(MRP)
        one.consent()
    run_holds(office)
    office.bank.funds = MRP.times_ratio(5, 1)

    def pay() -> None:
        while pay_next(office.till):
            pass

    with ThreadPoolExecutor(8) as pool:
        for payer in [pool.submit(pay) for _ in range(8)]:
            payer.result()
    assert len(office.bank.ledger) <= 5
    run(office, LATER)
    assert len(office.bank.ledger) == 5


class Treasury:
    """Two of the staff before one payout."""

    def __init__(self, journey: Journey) -> None:
        self.journey, self.office = journey, journey.office
        self.cases = journey.use_cases.treasury

    def ask(self, by: StaffMember = ASKER) -> UUID:
        payout = self.office.payout(self.journey.contract_id)
        call = Call(
            id=UUID(int=1),
            caller="operator",
            method="ask_payout_approval",
            deadline=LATER,
            context=self.office.context_of(None),
            client_id=None,
            idempotency_key=None,
            arguments_digest=b"",
            staff=by,
        )
        answer = as_object(self.cases.ask_payout_approval(call, payout.payout_id))
        return UUID(str(answer["approval_id"]))

    def agree(self, approval_id: UUID, by: StaffMember = DECIDER) -> None:
        operation = Operation(
            "payouts.decide",
            lambda tx, approval, by: self.cases.approve_payout(tx, approval, by.id),
        )
        database = self.office.platform.database
        with database.begin(self.office.context_of(None)) as tx:
            approvals.approve(
                tx,
                approval_id,
                seen=None,
                by=by,
                operations={"approve_payout": operation},
            )


@pytest.fixture
def treasury(journey: Journey) -> Treasury:
    ready(journey, LARGE)
    return Treasury(journey)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("approval_by_one_person")
def test_a_large_payout_leaves_when_two_of_the_staff_agree(
    office: Office, treasury: Treasury
) -> None:
    """Held until then, however often it is tried; then at once, without a pause."""
    for hours in range(3):
        office.clock.instant = HOLD_ENDS + timedelta(hours=hours, seconds=1)
        assert try_gate(office) == (State.READY, "approval_required", 0)
    asked = treasury.ask()
    assert refusal(lambda: treasury.agree(asked, by=ASKER)) == "own_request"
    assert try_gate(office) == (State.READY, "approval_required", 0)
    treasury.agree(asked)
    assert try_gate(office) == (State.PAID, None, 1)
    (check,) = (one for one in office.checks("approval") if one.verdict == "passed")
    assert check.evidence == str(asked)


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("disbursement_approval_of_any_order")
def test_a_yes_to_one_order_is_none_to_the_next(
    office: Office, journey: Journey, treasury: Treasury
) -> None:
    """After an amendment the order is drawn up anew, and two have to agree anew."""
    treasury.agree(treasury.ask())
    cases, context = journey.use_cases, office.context_of(None)
    held = cases.hold_for_amendment(
        context, contract_id=CONTRACT_ID, client_id=CLIENT_ID
    )
    assert held == {"answer": "held"}
    with office.platform.database.begin(context) as tx:
        ended = AmendmentEnded(
            amendment_id=UUID(int=9),
            contract_id=CONTRACT_ID,
            client_id=CLIENT_ID,
            code="withdrawn",
            resumed_at=LATER,
        )
        cases.when_amendment_ended(tx, ended)
    office.clock.instant = LATER
    assert office.witness.beat()
    run(office, LATER)
    run(office, LATER + timedelta(days=1))
    journey.release(LATER + timedelta(days=1))
    office.clock.instant = LATER + timedelta(days=1, seconds=1)
    assert try_gate(office) == (State.READY, "approval_required", 0)
    treasury.agree(treasury.ask())
    assert try_gate(office) == (State.PAID, None, 1)


def test_a_yes_that_comes_after_the_order_has_changed_is_refused(
    office: Office, treasury: Treasury
) -> None:
    """What is agreed on is what was asked about."""
    asked = treasury.ask()
    with office.platform.database.engine.begin() as connection:
        connection.execute(text("UPDATE payouts SET sealed_digest = 'x'"))
    assert refusal(lambda: treasury.agree(asked)) == "order_changed"


def test_only_a_large_payout_with_an_order_is_asked_about(
    office: Office, journey: Journey
) -> None:
    """Nobody agrees to what is not there, or needs nobody."""
    treasury = Treasury(journey)
    journey.sign(LARGE)
    assert refusal(treasury.ask) == "order_not_drawn_up"
    small = Journey(office, UUID(int=7000))
    ready(small)
    assert refusal(Treasury(small).ask) == "approval_not_required"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payout_approvals SET approved_by = requested_by",
        "DELETE FROM payout_approvals",
        "DELETE FROM sent_sums",
    ],
)
def test_the_role_may_not_take_back_what_was_agreed_or_counted(
    office: Office, statement: str
) -> None:
    """Append-only, as the checks are."""
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_the_table_takes_no_approval_by_one_person(
    office: Office, treasury: Treasury
) -> None:
    """Whatever the code does."""
    with (
        pytest.raises(IntegrityError, match="by_two_persons"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(
            text(
                "INSERT INTO payout_approvals SELECT :id, payout_id, 'x', :id, :id,"
                " signed_at FROM payouts"
            ),
            {"id": UUID(int=1)},
        )
    del treasury
