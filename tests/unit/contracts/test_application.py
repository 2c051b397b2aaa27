"""Which applications pass, and which check decides a refusal."""

from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.judged import Decision
from kernel.money import Money
from services.contracts.domain import application as machine
from services.contracts.domain import checks
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.checks import Verdict
from services.contracts.domain.products import Product
from services.contracts.domain.rules import LendingRules
from services.contracts.domain.schedule import RepaymentMethod
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    APPLICATION,
    CLIENT,
    CONTRACT,
    OFFERED_AT,
    POLICY,
    SMALL,
    TIYN,
    application,
    report,
)

LENDING = LendingRules.at(POLICY, OFFERED_AT)
PRODUCT = Product.at(POLICY, "standard", OFFERED_AT)


def submit(amount: Money, term_days: int = 90) -> machine.Application:
    return machine.submit(
        application_id=APPLICATION,
        client_id=CLIENT,
        product=PRODUCT,
        repayment=RepaymentMethod.ANNUITY,
        amount=amount,
        term_days=term_days,
        at=OFFERED_AT,
    )


@pytest.mark.parametrize(
    ("amount", "term_days", "code"),
    [
        (Money(0), 90, "amount_not_positive"),
        (Money(-1), 90, "amount_not_positive"),
        (Money(100, "USD"), 90, "currency_unknown"),
        (SMALL, PRODUCT.shortest_days - 1, "terms_outside_product"),
        (SMALL, PRODUCT.longest_days + 1, "terms_outside_product"),
        (PRODUCT.least - TIYN, 90, "terms_outside_product"),
        (PRODUCT.most + TIYN, 90, "terms_outside_product"),
    ],
)
def test_nonsense_is_refused_at_once(amount: Money, term_days: int, code: str) -> None:
    """It never becomes an application."""
    with pytest.raises(Refused) as refused:
        submit(amount, term_days)
    assert code == refused.value.code


def test_a_new_application_is_undecided() -> None:
    """Both ends of the product included; the checks decide, and leave a trace."""
    for amount in (PRODUCT.least, PRODUCT.most):
        assert submit(amount).state is ApplicationState.SUBMITTED
        assert submit(amount, PRODUCT.shortest_days).is_open
        assert submit(amount, PRODUCT.longest_days).is_open


def test_the_cap_of_20_000_mrp_is_inclusive() -> None:
    """The cap itself passes, one tiyn more does not."""
    for amount, expected in (
        (LENDING.max_amount, True),
        (LENDING.max_amount + TIYN, False),
    ):
        check = checks.check_amount(amount, LENDING)
        assert expected == check.passed


def test_a_loan_needs_an_account_whose_ownership_is_not_lost() -> None:
    """Clause 5.4."""
    assert checks.check_account(ACCOUNT, lost=False).passed
    assert not checks.check_account(ACCOUNT, lost=True).passed
    assert not checks.check_account(None, lost=False).passed


def test_stop_credit_refuses_whatever_else_the_report_says() -> None:
    """«Стоп-кредит» is the person's own wish."""
    assert checks.check_stop_credit(report()).passed
    assert not checks.check_stop_credit(report(stop_credit=True)).passed


@pytest.mark.parametrize(
    ("amount", "earlier", "visited", "expected"),
    [
        (SMALL, False, False, True),
        (SMALL + TIYN, False, False, False),
        (SMALL, True, False, True),
        (SMALL + TIYN, True, False, True),
        (SMALL + TIYN, False, True, True),
    ],
)
def test_a_first_online_loan_strictly_above_75_mrp_needs_a_visit(
    amount: Money, *, earlier: bool, visited: bool, expected: bool
) -> None:
    """75 МРП exactly passes; one tiyn more needs an earlier online microcredit."""
    check = checks.check_first_loan(
        amount,
        report(earlier_online_microcredit=earlier),
        LENDING,
        visited=visited,
    )
    assert expected == check.passed


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("allow", Verdict.PASSED),
        ("refuse", Verdict.FAILED),
        ("review", Verdict.UNKNOWN),
        ("suspend", Verdict.UNKNOWN),
        ("ALLOW", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_only_their_words_allow_and_refuse(outcome: str, verdict: Verdict) -> None:
    """With any other word somebody has to look."""
    decision = Decision(decision_id=UUID(int=1), outcome=outcome, score=0)
    assert checks.check_antifraud(decision).verdict is verdict


def test_the_first_check_that_fails_decides() -> None:
    """Two readers of the trace come to the same code."""
    found = (
        checks.check_amount(AMOUNT, LENDING),
        checks.check_stop_credit(report(stop_credit=True)),
        checks.check_account(None, lost=False),
    )
    failed = machine.first_failed(found)
    assert failed is not None
    refused = machine.refuse(application(), failed)
    assert ApplicationState.REFUSED is refused.state
    assert refused.refusal_code == "stop_credit"
    assert not refused.is_open


def test_an_application_that_passes_is_checked_then_offered() -> None:
    """It remembers the account it was checked with, then its contract."""
    checked = machine.pass_checks(application(), account_id=ACCOUNT)
    assert (checked.state, checked.account_id) == (ApplicationState.CHECKED, ACCOUNT)
    assert checked.is_open
    offered = machine.offer(checked, contract_id=CONTRACT)
    assert (offered.state, offered.contract_id) == (ApplicationState.OFFERED, CONTRACT)


def test_every_check_has_a_stable_refusal_code() -> None:
    """The codes are part of the interface."""
    failing = {
        "amount_above_maximum": checks.check_amount(LENDING.max_amount + TIYN, LENDING),
        "account_not_proved": checks.check_account(None, lost=False),
        "stop_credit": checks.check_stop_credit(report(stop_credit=True)),
        "personal_visit_required": checks.check_first_loan(
            AMOUNT, report(earlier_online_microcredit=False), LENDING, visited=False
        ),
        "antifraud": checks.check_antifraud(
            Decision(decision_id=UUID(int=1), outcome="refuse", score=90)
        ),
    }
    for code, check in failing.items():
        assert code == machine.refuse(application(), check).refusal_code
