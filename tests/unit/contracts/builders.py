"""One builder per domain object; every one is the 400 000 ₸ client of the journey."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kernel.calendar import WorkingCalendar
from kernel.crypto import sha256_hex
from kernel.money import Money
from kernel.policy import Policy, Setting
from kernel.starting_policy import STARTING_POLICY
from services.contracts.domain import contract as machine
from services.contracts.domain import texts
from services.contracts.domain.application import Application
from services.contracts.domain.checks import (
    CreditReport,
    GivenConsent,
    ListCheck,
    StateRecord,
)
from services.contracts.domain.contract import (
    LENDER_CHANNEL,
    Contract,
    Payout,
    Proof,
    Statement,
)
from services.contracts.domain.schedule import (
    RepaymentMethod,
    Schedule,
    schedule_of,
)
from services.contracts.handlers.views import terms_of

MICROSECOND = timedelta(microseconds=1)
TIYN = Money(1)
OFFERED_AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
SIGNED_AT = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
CONSENTED_AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
HOLD_UNTIL = CONSENTED_AT + timedelta(hours=24)
CLIENT, STRANGER = UUID(int=0xC1), UUID(int=0xC2)
ACCOUNT, OTHER_ACCOUNT = UUID(int=0xA1), UUID(int=0xA2)
APPLICATION, CONTRACT = UUID(int=0xAB), UUID(int=0xC0)
CEREMONY, PAYOUT = UUID(int=0xCE), UUID(int=0xB0)
AMOUNT = Money.of("400000")
SMALL = Money.of("324375")  # 75 МРП of 2026, exactly
DOCUMENT = "Договор".encode()
POLICY = STARTING_POLICY
CALENDAR = WorkingCalendar({})


def policy_with(key: str, value: object, *, since: datetime) -> Policy:
    """The starting policy with one record more."""
    read = POLICY.value_from_wire(
        key, str(value) if isinstance(value, Decimal) else value
    )
    return POLICY.with_setting(Setting(key, since, read, "test"))


def application(**changes: Any) -> Application:  # noqa: ANN401 - any field
    """An application just submitted."""
    fields = {
        "id": APPLICATION,
        "client_id": CLIENT,
        "product": "standard",
        "repayment": RepaymentMethod.ANNUITY,
        "amount": AMOUNT,
        "term_days": 90,
        "submitted_at": OFFERED_AT - timedelta(minutes=1),
    }
    return Application(**{**fields, **changes})


def report(**changes: Any) -> CreditReport:  # noqa: ANN401 - any field
    """A clean report of a person who has had an online microcredit."""
    fields = {
        "report_id": "R-1",
        "stop_credit": False,
        "earlier_online_microcredit": True,
        "days_overdue": 0,
        "debt_burden": "0.31",
    }
    return CreditReport(**{**fields, **changes})


def state_record(**changes: Any) -> StateRecord:  # noqa: ANN401 - any field
    """Nobody's spouse, no conscript, 33 years old."""
    fields = {"birth_on": date(1993, 10, 2), "married": False, "conscript": False}
    return StateRecord(**{**fields, **changes})


def consent(*, given: bool = True) -> GivenConsent:
    """What the state's register of consents says."""
    return GivenConsent(given=given, evidence_id="E-1")


def list_check(*, listed: bool = False) -> ListCheck:
    """What the АФМ says."""
    return ListCheck(listed=listed, check_id="L-1")


def borrower(**changes: Any) -> texts.Borrower:  # noqa: ANN401 - any field
    """The invented person of the tests."""
    fields = {
        "surname": "Сериков",
        "given_name": "Айдар",
        "patronymic": "Маратович",
        "iin": "931002451325",
        "document_kind": "id_card",
        "document_number": "012345678",
    }
    return texts.Borrower(**{**fields, **changes})


def offered(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A contract whose document stands ready."""
    fields = {
        "id": CONTRACT,
        "application_id": APPLICATION,
        "client_id": CLIENT,
        "account_id": ACCOUNT,
        "number": "KSK-20261102-0000000000",
        "contract_on": OFFERED_AT.date(),
        "product": "standard",
        "repayment": RepaymentMethod.ANNUITY,
        "annual_percent": Decimal("36.00"),
        "amount": AMOUNT,
        "term_days": 90,
        "document_sha256": sha256_hex(DOCUMENT),
        "offered_at": OFFERED_AT,
    }
    return Contract(**{**fields, **changes})


def schedule(**changes: Any) -> Schedule:  # noqa: ANN401 - any argument
    """The draft of that contract."""
    given: dict[str, Any] = {
        "amount": AMOUNT,
        "annual_percent": Decimal("36.00"),
        "repayment": RepaymentMethod.ANNUITY,
        "issued_on": OFFERED_AT.date() + timedelta(days=1),
        "term_days": 90,
        "calendar": CALENDAR,
    }
    given |= changes
    return schedule_of(given.pop("amount"), **given)


def proof(**changes: Any) -> Proof:  # noqa: ANN401 - any field
    """Biometrics and ЭЦП over the contract's bytes."""
    fields = {
        "ceremony_id": CEREMONY,
        "client_id": CLIENT,
        "document_sha256": sha256_hex(DOCUMENT),
        "protocol_id": "P-1",
        "certificate_serial": "0A1B",
        "signature_sha256": "5" * 64,
        "completed_at": SIGNED_AT,
    }
    return Proof(**{**fields, **changes})


def signing(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A contract handed to signing."""
    return machine.begin_signing(offered(**changes), at=OFFERED_AT)


def client_signed(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A contract the client has signed at SIGNED_AT, and the company has not."""
    return machine.take_signature(signing(**changes), proof())


def concluded(policy: Policy = POLICY, **changes: Any) -> Contract:  # noqa: ANN401
    """A contract both have signed at SIGNED_AT."""
    contract = client_signed(**changes)
    return machine.conclude(contract, stamped_at=SIGNED_AT, policy=policy)


def wish(text: texts.StatementText, *, at: datetime, **changes: Any) -> Statement:  # noqa: ANN401
    """A statement of that text with a second factor of a minute ago."""
    fields = {
        "text_sha256": text.sha256,
        "channel": LENDER_CHANNEL,
        "second_factor_at": at - timedelta(minutes=1),
        "given_at": at,
    }
    return Statement(**{**fields, **changes})


def consented(
    policy: Policy = POLICY,
    at: datetime = CONSENTED_AT,
    **changes: Any,  # noqa: ANN401 - any field
) -> Contract:
    """A contract with its additional consent."""
    contract = concluded(policy, **changes)
    text = texts.consent_text(terms_of(contract))
    return machine.consent(contract, wish(text, at=at), text=text, policy=policy)


def scheduled(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A consented contract whose payout disbursement has scheduled."""
    contract = consented(**changes)
    return machine.schedule(
        contract,
        payout(amount=contract.amount),
        until=hold_of(contract),
        at=CONSENTED_AT,
    )


def released(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A contract released at `hold_until`, the first instant it can be."""
    contract = scheduled(**changes)
    text = texts.release_text(terms_of(contract))
    at = hold_of(contract)
    return machine.confirm_release(
        contract, wish(text, at=at), text=text, policy=POLICY
    )


def active(**changes: Any) -> Contract:  # noqa: ANN401 - any field
    """A contract in force."""
    contract = released(**changes)
    return machine.activate(
        contract, payout(amount=contract.amount), settled_at=HOLD_UNTIL
    )


def expired() -> Contract:
    """An offer nobody signed in its time."""
    return machine.expire(offered(), at=OFFERED_AT + timedelta(days=10))


def annulled() -> Contract:
    """A contract the client has refused."""
    return machine.annul(concluded(), "client_refused", at=CONSENTED_AT)


def blocked() -> Contract:
    """A contract a mismatch has blocked."""
    return machine.block(concluded(), "document_mismatch", at=CONSENTED_AT)


def payout(**changes: Any) -> Payout:  # noqa: ANN401 - any field
    """The payout of the contract."""
    fields = {"payout_id": PAYOUT, "client_id": CLIENT, "amount": AMOUNT}
    return Payout(**{**fields, **changes})


def hold_of(contract: Contract) -> datetime:
    """The contract's hold, which it must have."""
    assert contract.hold_until is not None
    return contract.hold_until
