"""Clauses 5.3-5.5 on the real database: what moves money, and what does not."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.money import Money
from services.disbursement.domain.gate import Decision, Ownership
from services.disbursement.domain.order import OrderStatus, order_key
from services.disbursement.domain.payout import State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.ports import Till
from services.disbursement.wiring import UseCases
from tests.integration.disbursement.conftest import Office
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    ACCOUNT_ID,
    BELOW_LIMIT,
    CLIENT_IBAN,
    CLIENT_ID,
    CLIENT_IIN,
    CONTRACT_ID,
    DECISION_ID,
    DOCUMENT,
    OTHER_IBAN,
    RULES,
    SIGNED_AT,
    account,
    decision,
    proof,
)
from tests.unit.disbursement.fakes import BankFault, CrashError, crash

MOMENT = timedelta(microseconds=1)
CONSENT_AT = SIGNED_AT + timedelta(hours=1)
HOLD_ENDS = CONSENT_AT + timedelta(hours=24)


class Journey:
    """The facts of one contract, told to the service as its inbox tells them."""

    def __init__(self, office: Office, contract_id: UUID = CONTRACT_ID) -> None:
        self.office = office
        self.contract_id = contract_id
        self.use_cases = UseCases(office.platform)

    def sign(self, amount: Money = ABOVE_LIMIT) -> None:
        self.office.begin_at(SIGNED_AT)
        event = ContractSigned(
            contract_id=self.contract_id,
            client_id=CLIENT_ID,
            account_id=ACCOUNT_ID,
            amount=amount,
            document_sha256=DOCUMENT,
            ceremony_id=DECISION_ID,
            signed_at=SIGNED_AT,
        )
        with self.office.platform.database.begin(self.office.context_of(None)) as tx:
            self.use_cases.when_contract_signed(tx, event)

    def consent(self, *, seen_after: timedelta = timedelta()) -> None:
        """Given, and seen by the clock's witness so much later."""
        self.hear_consent()
        self.office.clock.instant += seen_after
        assert self.office.witness.beat()

    def hear_consent(self) -> None:
        self.office.clock.instant = CONSENT_AT
        event = AdditionalConsentGiven(
            contract_id=self.contract_id,
            client_id=CLIENT_ID,
            channel="lender",
            text_sha256="a" * 64,
            given_at=CONSENT_AT,
        )
        with self.office.platform.database.begin(self.office.context_of(None)) as tx:
            self.use_cases.when_additional_consent_given(tx, event)

    def release(self, confirmed_at: datetime = HOLD_ENDS) -> None:
        self.office.clock.instant = confirmed_at
        event = ReleaseConfirmed(
            contract_id=self.contract_id,
            client_id=CLIENT_ID,
            channel="lender",
            text_sha256="b" * 64,
            confirmed_at=confirmed_at,
        )
        with self.office.platform.database.begin(self.office.context_of(None)) as tx:
            self.use_cases.when_release_confirmed(tx, event)

    def suspend(self) -> None:
        payout_id = self.office.payout(self.contract_id).payout_id
        event = OperationSuspended(
            decision_id=DECISION_ID,
            operation=f"payout:{payout_id}",
            client_id=CLIENT_ID,
        )
        with self.office.platform.database.begin(self.office.context_of(None)) as tx:
            self.use_cases.when_operation_suspended(tx, event)

    def stop(self) -> object:
        answer = self.use_cases.stop_payout(
            self.office.context_of(None),
            contract_id=self.contract_id,
            client_id=CLIENT_ID,
        )
        assert isinstance(answer, dict)
        return answer["answer"]

    def state(self) -> State:
        return self.office.payout(self.contract_id).state


@pytest.fixture
def journey(office: Office) -> Journey:
    return Journey(office)


def run(office: Office, at: datetime) -> None:
    """Every beat until nothing is due at this instant."""
    office.clock.instant = at
    till = office.till
    while any(beat(till) for beat in (prepare_next, end_next_hold, pay_next, ask_next)):
        pass


@pytest.mark.clause("5.5")
@pytest.mark.catalogue("F12")
@pytest.mark.seeded("disbursement_hold_from_the_earlier")
def test_nothing_moves_a_moment_before_the_hold_ends(
    office: Office, journey: Journey
) -> None:
    """24 hours after the later of contract and consent; at that instant it may."""
    journey.sign(BELOW_LIMIT)
    journey.consent()
    run(office, HOLD_ENDS - MOMENT)
    assert (journey.state(), office.bank.ledger) == (State.HELD, [])
    run(office, HOLD_ENDS)
    assert State.PAID is journey.state()
    assert [transfer.at for transfer in office.bank.ledger] == [HOLD_ENDS]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_hold_compared_the_wrong_way")
def test_the_gate_itself_keeps_the_hold(office: Office, journey: Journey) -> None:
    """A clock set back between the end of the hold and the sending (F14)."""
    journey.sign(BELOW_LIMIT)
    journey.consent()
    office.clock.instant = HOLD_ENDS
    assert prepare_next(office.till)
    assert end_next_hold(office.till)
    office.clock.instant = HOLD_ENDS - timedelta(hours=2)
    assert pay_next(office.till)
    assert (journey.state(), office.bank.ledger) == (State.READY, [])


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_consent_not_awaited")
def test_nothing_moves_without_the_additional_consent(
    office: Office, journey: Journey
) -> None:
    """However long."""
    journey.sign(BELOW_LIMIT)
    run(office, HOLD_ENDS + timedelta(days=400))
    assert (journey.state(), office.bank.ledger) == (State.CONCLUDED, [])


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_release_ignored")
def test_above_75_mrp_nothing_moves_without_the_release(
    office: Office, journey: Journey
) -> None:
    """And at once when it is given."""
    journey.sign()
    journey.consent()
    run(office, HOLD_ENDS + timedelta(days=3))
    assert (journey.state(), office.bank.ledger) == (State.AWAITING_RELEASE, [])
    journey.release(HOLD_ENDS + timedelta(days=3))
    run(office, HOLD_ENDS + timedelta(days=3, seconds=1))
    assert (journey.state(), len(office.bank.ledger)) == (State.PAID, 1)


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_early_release_counts")
def test_a_release_given_before_the_hold_ends_blocks(
    office: Office, journey: Journey
) -> None:
    """It contradicts its own meaning."""
    journey.sign()
    journey.consent()
    run(office, HOLD_ENDS - timedelta(hours=1))
    journey.release(HOLD_ENDS - MOMENT)
    assert State.BLOCKED is journey.state()
    run(office, HOLD_ENDS + timedelta(days=3))
    assert (journey.state(), office.bank.ledger) == (State.BLOCKED, [])


@pytest.fixture
def due(office: Office, journey: Journey) -> Callable[[], None]:
    """A payout for which everything is given, a second before its gate."""
    journey.sign()
    journey.consent()
    run(office, HOLD_ENDS)
    journey.release()

    def pay() -> None:
        office.clock.instant = HOLD_ENDS + timedelta(seconds=1)
        assert pay_next(office.till)

    return pay


@pytest.mark.clause("5.3")
@pytest.mark.seeded("disbursement_debtor_not_compared")
def test_money_leaves_only_the_companys_account_and_for_the_clients(
    office: Office, due: Callable[[], None]
) -> None:
    """One transfer to the proved account; none when the source was changed."""
    rules = replace(RULES.gate, company_iban=OTHER_IBAN)
    till = replace(office.till, rules=replace(RULES, gate=rules))
    office.clock.instant = HOLD_ENDS + timedelta(seconds=1)
    assert pay_next(till)
    assert (
        office.payout(CONTRACT_ID).state,
        office.bank.ledger,
    ) == (State.BLOCKED, [])
    del due


@pytest.mark.clause("5.3")
@pytest.mark.seeded("disbursement_ownership_mismatch_ignored")
def test_another_persons_account_is_not_paid(
    office: Office, due: Callable[[], None]
) -> None:
    """A proof for another ИИН: no payout, for good."""
    office.peers.proof = proof(verdict=Ownership.MISMATCH)
    due()
    assert (
        office.payout(CONTRACT_ID).state,
        office.bank.ledger,
    ) == (State.BLOCKED, [])


@pytest.mark.clause("5.4")
@pytest.mark.seeded("disbursement_unknown_ownership_passes")
def test_an_account_whose_owner_cannot_be_identified_is_not_paid(
    office: Office, due: Callable[[], None]
) -> None:
    """It stays so until a positive answer comes."""
    office.peers.proof = proof(verdict=Ownership.UNKNOWN)
    due()
    assert (office.payout(CONTRACT_ID).state, office.bank.ledger) == (State.READY, [])
    office.peers.proof = proof()
    run(office, HOLD_ENDS + timedelta(hours=1))
    assert (
        office.payout(CONTRACT_ID).state,
        len(office.bank.ledger),
    ) == (State.PAID, 1)


@pytest.mark.catalogue("F08")
@pytest.mark.seeded("disbursement_changed_account_paid")
def test_an_account_changed_during_the_hold_is_not_paid(
    office: Office, due: Callable[[], None]
) -> None:
    """The one the client saw when signing is compared again before the sending."""
    office.peers.account = account(account_token="k1.another")  # noqa: S106 - a matching token
    due()
    assert (
        office.payout(CONTRACT_ID).state,
        office.bank.ledger,
    ) == (State.READY, [])


@pytest.mark.catalogue("F07")
@pytest.mark.seeded("disbursement_review_passes")
@pytest.mark.parametrize("outcome", [Decision.REVIEW, Decision.SUSPEND])
def test_antifraud_has_to_allow(
    office: Office, due: Callable[[], None], outcome: Decision
) -> None:
    """Anything else holds the payout."""
    office.peers.decision = decision(outcome)
    due()
    assert (office.payout(CONTRACT_ID).state, office.bank.ledger) == (State.READY, [])


@pytest.mark.catalogue("F07")
@pytest.mark.seeded("disbursement_suspension_overtaken")
def test_a_suspension_between_the_gate_and_the_sending_wins(
    office: Office, journey: Journey, due: Callable[[], None]
) -> None:
    """The conditional UPDATE sees it though the gate has passed."""
    office.boundaries.arm(1, journey.suspend)
    due()
    assert (journey.state(), office.bank.ledger) == (State.READY, [])


@pytest.mark.catalogue("F01")
@pytest.mark.seeded("disbursement_pay_then_commit")
@pytest.mark.parametrize("crossing", ["before ask", "before send", "after send"])
def test_a_crash_around_the_sending_pays_once(
    office: Office, due: Callable[[], None], crossing: str
) -> None:
    """Intent and key are committed before the socket opens."""
    office.boundaries.arm({"before ask": 2, "before send": 3, "after send": 4}[
        crossing], crash)  # fmt: skip
    with pytest.raises(CrashError):
        due()
    assert State.SENDING is office.payout(CONTRACT_ID).state
    assert order_key(CONTRACT_ID, 1) == office.payout(CONTRACT_ID).order_key
    for minutes in range(1, 25):
        run(office, HOLD_ENDS + timedelta(minutes=minutes))
    assert (
        office.payout(CONTRACT_ID).state,
        len(office.bank.ledger),
    ) == (State.PAID, 1)


@pytest.mark.catalogue("F02")
@pytest.mark.seeded("disbursement_lost_answer_is_failure")
def test_a_lost_answer_is_unknown_and_then_paid_once(
    office: Office, due: Callable[[], None]
) -> None:
    """Never failed."""
    office.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    due()
    assert State.UNKNOWN is office.payout(CONTRACT_ID).state
    run(office, HOLD_ENDS + timedelta(minutes=1))
    assert (
        office.payout(CONTRACT_ID).state,
        len(office.bank.ledger),
    ) == (State.PAID, 1)


@pytest.mark.catalogue("F02")
@pytest.mark.seeded("disbursement_new_key_per_attempt")
def test_every_attempt_has_the_same_key(
    office: Office, due: Callable[[], None]
) -> None:
    """A lost request is sent again; the bank would know it."""
    office.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    due()
    for minutes in range(1, 25):
        run(office, HOLD_ENDS + timedelta(minutes=minutes))
    payout = office.payout(CONTRACT_ID)
    assert (payout.state, payout.attempt) == (State.PAID, 2)
    assert [order_key(CONTRACT_ID, 1)] == [line.key for line in office.bank.ledger]


@pytest.mark.catalogue("F04")
@pytest.mark.seeded("disbursement_wrong_answer_believed")
@pytest.mark.parametrize(
    "fault", [BankFault.WRONG_AMOUNT, BankFault.WRONG_CREDITOR, BankFault.WRONG_ID]
)
def test_an_answer_about_something_else_is_never_paid(
    office: Office, due: Callable[[], None], fault: BankFault
) -> None:
    """The payout halts, an operator is alarmed."""
    office.bank.faults = [BankFault.NONE, BankFault.NONE, fault]
    due()
    assert State.UNKNOWN is office.payout(CONTRACT_ID).state
    assert len(office.alarms.codes) == 1


@pytest.mark.seeded("disbursement_rejection_believed_at_once")
def test_a_rejection_the_statement_denies_is_not_final(
    office: Office, due: Callable[[], None]
) -> None:
    """P31: a "failed" that was followed by the money."""
    office.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    due()
    office.bank.status = OrderStatus.REJECTED
    run(office, HOLD_ENDS + timedelta(minutes=1))
    assert State.UNKNOWN is office.payout(CONTRACT_ID).state


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_digest_not_compared")
@pytest.mark.parametrize(
    "change",
    [
        "amount_minor = amount_minor + 100",
        "debtor_iban = 'KZ75125KZT2069100100'",
        f"document_sha256 = '{'e' * 64}'",
        "sealed_creditor = sealed_digest",
    ],
)
def test_a_row_changed_behind_our_back_is_blocked(
    office: Office, owner: Engine, due: Callable[[], None], change: str
) -> None:
    """By somebody who may write the table: the sealed digest tells."""
    with owner.begin() as connection:
        connection.execute(text(f"UPDATE payouts SET {change}"))  # noqa: S608 - cases
    due()
    assert (
        office.payout(CONTRACT_ID).state,
        office.bank.ledger,
    ) == (State.BLOCKED, [])


def test_nothing_personal_stands_in_the_clear(
    office: Office, due: Callable[[], None]
) -> None:
    """Neither in the payouts, nor in the checks, nor in what leaves (I7)."""
    due()
    for table in ("payouts", "payout_passages", "outbox"):
        shown = repr(office.rows(f"SELECT t::text FROM {table} t"))  # noqa: S608 - ours
        assert CLIENT_IBAN not in shown
        assert CLIENT_IIN not in shown
    assert [check.verdict for check in office.checks()] == ["passed"] * 19


def test_every_step_leaves_one_event_with_the_state(
    office: Office, due: Callable[[], None]
) -> None:
    """I5: scheduled, due, sent, settled, in one commit each."""
    due()
    kinds = [row.type.split(".")[1] for row in office.rows(
        "SELECT type FROM outbox ORDER BY inserted")]  # fmt: skip
    assert kinds == ["payout_scheduled", "payout_due", "payout_sent", "payout_settled"]


@pytest.mark.catalogue("F06")
@pytest.mark.seeded("disbursement_stop_without_condition")
def test_a_stop_and_a_payment_that_meet_have_one_winner(office: Office) -> None:
    """Acknowledged as stopped XOR paid, forty times."""
    journeys = [Journey(office, UUID(int=1000 + n)) for n in range(40)]
    for one in journeys:
        one.sign(Money(100))
        one.consent()
    run_holds(office)
    start = threading.Barrier(3)

    def pay() -> None:
        start.wait()
        while pay_next(few_at_once(office)):
            pass

    def stop() -> list[object]:
        start.wait()
        return [one.stop() for one in journeys]

    with ThreadPoolExecutor(3) as pool:
        payers = [pool.submit(pay) for _ in range(2)]
        answers = pool.submit(stop).result()
        for payer in payers:
            payer.result()
    run(office, HOLD_ENDS + timedelta(minutes=30))
    paid = {line.key for line in office.bank.ledger}
    for one, answer in zip(journeys, answers, strict=True):
        key = order_key(one.contract_id, 1)
        assert (answer == "stopped") == (key not in paid)
        assert {"stopped", "too_late"} >= {answer}
    assert len(paid) == len(office.bank.ledger)


@pytest.mark.catalogue("F05")
@pytest.mark.seeded("disbursement_claim_without_lease")
def test_eight_payers_pay_each_loan_once(office: Office) -> None:
    """Each row is claimed by one; none is left."""
    journeys = [Journey(office, UUID(int=2000 + n)) for n in range(40)]
    for one in journeys:
        one.sign(Money(100))
        one.consent()
    run_holds(office)

    def pay() -> None:
        while pay_next(few_at_once(office)):
            pass

    with ThreadPoolExecutor(8) as pool:
        for payer in [pool.submit(pay) for _ in range(8)]:
            payer.result()
    paid = [office.payout(one.contract_id) for one in journeys]
    claims_of_one = 3  # to draw it up, to end its hold, to pay it
    assert {(State.PAID, claims_of_one)} == {(row.state, row.fence) for row in paid}
    assert len(journeys) == len(office.bank.ledger) == office.bank.sends


def few_at_once(office: Office) -> Till:
    """A payer that takes three payouts further together: others get some as well."""
    work = replace(RULES.work, at_once=3)
    return replace(office.till, rules=replace(RULES, work=work))


def run_holds(office: Office) -> None:
    """Up to the gate."""
    office.clock.instant = HOLD_ENDS
    while prepare_next(office.till) or end_next_hold(office.till):
        pass


def test_a_stop_and_a_signing_that_meet_leave_nothing_payable(office: Office) -> None:
    """Recorded before or stopped after: in both orders it is cancelled."""
    for n in range(20):
        one = Journey(office, UUID(int=3000 + n))
        with ThreadPoolExecutor(2) as pool:
            signing = pool.submit(one.sign)
            answer = pool.submit(one.stop).result()
            signing.result()
        assert answer in {"stopped", "recorded"}
        assert State.CANCELLED is one.state()
