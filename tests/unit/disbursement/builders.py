"""One builder per domain object; each gives a payout that could be paid."""
# ruff: noqa: ANN401 - a builder takes any field of what it builds

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.clock import UptimeReading
from kernel.money import Money
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities
from services.disbursement.domain.gate import (
    AccountFacts,
    AntifraudDecision,
    ContractFacts,
    Decision,
    Evidence,
    GateRules,
    Ownership,
    OwnershipProof,
    Sending,
    StopCredit,
)
from services.disbursement.domain.order import (
    Order,
    OrderMissing,
    OrderReport,
    OrderStatus,
    ResendRules,
    order_key,
)
from services.disbursement.domain.payout import Payout, State, Trail, WorkRules
from services.disbursement.domain.reconciliation import ReconciliationRules
from services.disbursement.domain.witness import Beat, Witnessed, WitnessRules
from services.disbursement.ports import Rules

MACHINE_STARTED = datetime(2026, 11, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOLD_UNTIL = SIGNED_AT + timedelta(hours=25)
DUE = HOLD_UNTIL + timedelta(minutes=1)

CONTRACT_ID = UUID("01900000-0000-7000-8000-00000000c001")
CLIENT_ID = UUID("01900000-0000-7000-8000-00000000c002")
ACCOUNT_ID = UUID("01900000-0000-7000-8000-00000000c003")
PAYOUT_ID = UUID("01900000-0000-7000-8000-00000000c004")
DECISION_ID = UUID("01900000-0000-7000-8000-00000000c005")
CORRELATION_ID = UUID("01900000-0000-7000-8000-00000000c006")

COMPANY_IBAN = "KZ86125KZT5004100100"
OTHER_IBAN = "KZ75125KZT2069100100"
CLIENT_IBAN = "KZ41722C000000000001"
CLIENT_IIN = "900101300017"
DOCUMENT = "d" * 64
TOKEN = "k1.account-token"  # noqa: S105 - a matching token, opens nothing

CAPABILITIES = Capabilities(inquiry=True, statement=True, remembers_s=1_800)
CODES = PaymentCodes(knp="411", kod="15", kbe="19")

ABOVE_LIMIT = Money.of("400000")
BELOW_LIMIT = Money.of("100000")


def elapsed_ns(at: datetime) -> int:
    """The machine's uptime at an instant, and as much is counted: nobody ever slept."""
    return (at - MACHINE_STARTED) // timedelta(microseconds=1) * 1000


RULES = Rules(
    work=WorkRules(at_once=8, lease_s=90, poll_s=1, first_retry_s=1, most_retry_s=300),
    gate=GateRules(
        company_iban=COMPANY_IBAN,
        proof_valid_s=120,
        reconciled=timedelta(days=3650),
        payable_states=frozenset({"consented", "released"}),
    ),
    witness=WitnessRules(
        takeover=timedelta(seconds=10),
        outer_every=timedelta(seconds=60),
        doubt=timedelta(seconds=5),
        step=timedelta(seconds=5),
        fresh=timedelta(days=365),
        patience=timedelta(seconds=60),
    ),
    resend=ResendRules(visible_after_s=300, agreeing_answers=3, window_s=1500),
    reconciliation=ReconciliationRules(every=timedelta(seconds=30)),
)


def payout(**changes: Any) -> Payout:
    """A payout that is ready and for which everything has been given."""
    ready = Payout(
        payout_id=PAYOUT_ID,
        contract_id=CONTRACT_ID,
        client_id=CLIENT_ID,
        account_id=ACCOUNT_ID,
        number=1,
        amount=ABOVE_LIMIT,
        document_sha256=DOCUMENT,
        signed_at=SIGNED_AT,
        state=State.READY,
        trail=Trail(CORRELATION_ID, None),
        consented_at=SIGNED_AT + timedelta(hours=1),
        hold_until=HOLD_UNTIL,
        witnessed_from_ns=elapsed_ns(SIGNED_AT + timedelta(hours=1)),
        release_required=True,
        released_at=HOLD_UNTIL,
        account_token=TOKEN,
        next_at=HOLD_UNTIL,
    )
    return replace(ready, **changes)


def witnessed(at: datetime, **changes: Any) -> Witnessed:
    """The witness's count at an instant, on a machine that ran all the time."""
    uptime = UptimeReading("boot-1", elapsed_ns(at))
    plain = Witnessed(counted_ns=elapsed_ns(at), last=Beat(uptime=uptime, wall=at))
    return replace(plain, **changes)


def order(**changes: Any) -> Order:
    """The order of `payout()`."""
    plain = Order(
        key=order_key(CONTRACT_ID, 1),
        amount=ABOVE_LIMIT,
        debtor_iban=COMPANY_IBAN,
        creditor_iban=CLIENT_IBAN,
        creditor_iin=CLIENT_IIN,
        document_sha256=DOCUMENT,
    )
    return replace(plain, **changes)


def report(status: OrderStatus = OrderStatus.SETTLED, **changes: Any) -> OrderReport:
    """The bank's true answer about `order()`."""
    true = OrderReport(
        order_id="bank-1",
        end_to_end_id=order_key(CONTRACT_ID, 1),
        status=status,
        amount_minor=ABOVE_LIMIT.amount_minor,
        currency="KZT",
        debtor_iban=COMPANY_IBAN,
        creditor_iban=CLIENT_IBAN,
        settled_at=DUE if status is OrderStatus.SETTLED else None,
        reason="account_closed" if status is OrderStatus.REJECTED else None,
    )
    return replace(true, **changes)


def evidence(**changes: Any) -> Evidence:
    """What everybody says when all is well."""
    good = Evidence(
        sending=sending(),
        counted_ns=elapsed_ns(DUE),
        ownership=proof(),
        account=account(),
        decision=decision(),
        contract=contract(),
        stop_credit=stop_credit(),
        bank=OrderMissing(),
    )
    return replace(good, **changes)


def sending(**changes: Any) -> Sending:
    good = Sending(halt_id=None, case_id=None, caught_up_at=DUE)
    return replace(good, **changes)


def proof(**changes: Any) -> OwnershipProof:
    good = OwnershipProof(
        verdict=Ownership.MATCH, evidence_id="evidence-1", checked_at=DUE
    )
    return replace(good, **changes)


def account(**changes: Any) -> AccountFacts:
    good = AccountFacts(account_token=TOKEN, iban=CLIENT_IBAN, iin=CLIENT_IIN)
    return replace(good, **changes)


def decision(outcome: Decision = Decision.ALLOW) -> AntifraudDecision:
    return AntifraudDecision(decision_id=DECISION_ID, outcome=outcome)


def stop_credit(*, stands: bool = False) -> StopCredit:
    return StopCredit(stands=stands, evidence_id="report-1")


def contract(**changes: Any) -> ContractFacts:
    good = ContractFacts(
        state="released",
        amount=ABOVE_LIMIT,
        term_days=30,
        document_sha256=DOCUMENT,
        account_id=ACCOUNT_ID,
        client_id=CLIENT_ID,
        consented=True,
        released=True,
    )
    return replace(good, **changes)
