"""The application (заявка): submitted → checked → offered, or refused.

Every check leaves a line in the decision trace: what was asked, what was found, by
which rule.  The order is fixed and the first check that fails decides, so that two
people who read the trace come to the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.errors import Refused
from kernel.money import Money
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.products import Product
from services.contracts.domain.rules import LendingRules
from services.contracts.domain.schedule import RepaymentMethod, Schedule


class ApplicationState(StrEnum):
    """Where an application stands; the last two are final."""

    SUBMITTED = "submitted"
    CHECKED = "checked"
    OFFERED = "offered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One request for a microcredit."""

    id: UUID
    client_id: UUID
    product: str
    repayment: RepaymentMethod
    amount: Money
    term_days: int
    submitted_at: datetime
    state: ApplicationState = ApplicationState.SUBMITTED
    account_id: UUID | None = None
    refusal_code: str | None = None
    contract_id: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Whether a decision is still to be made."""
        return self.state in (ApplicationState.SUBMITTED, ApplicationState.CHECKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReport:
    """What the credit bureau answered, as far as the decision needs it."""

    report_id: str
    stop_credit: bool
    """«Стоп-кредит»: the person has refused microcredits of their own will."""
    earlier_online_microcredit: bool
    days_overdue: int
    debt_burden: str
    """КДН, an exact decimal as the bureau wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What antifraud answered about the operation."""

    decision_id: UUID
    outcome: str
    score: int

    @property
    def allows(self) -> bool:
        """Only the word itself allows; a word we do not know does not."""
        return self.outcome == "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the decision trace."""

    name: str
    passed: bool
    source: str
    """The act, service or registry the check rests on."""
    found: Mapping[str, str | int]


def submit(
    *,
    application_id: UUID,
    client_id: UUID,
    product: Product,
    repayment: RepaymentMethod,
    amount: Money,
    term_days: int,
    at: datetime,
) -> Application:
    """A new application.

    Refused: ``amount_not_positive``, ``currency_unknown``, ``terms_outside_product``.
    """
    if amount.currency != "KZT":
        raise Refused(
            "currency_unknown",
            "Microcredits are given in tenge.",
            next_step="Enter the amount in tenge.",
        )
    product.refuse_outside(amount.positive(), term_days)
    return Application(
        id=application_id,
        client_id=client_id,
        product=product.code,
        repayment=repayment,
        amount=amount,
        term_days=term_days,
        submitted_at=at,
    )


def check_amount(application: Application, rules: LendingRules) -> Check:
    """Not more than one lender may give: up to and including 20 000 МРП."""
    return Check(
        name="amount_cap",
        passed=application.amount <= rules.max_amount,
        source=rules.max_amount_source,
        found={
            "amount_minor": application.amount.amount_minor,
            "limit_minor": rules.max_amount.amount_minor,
        },
    )


def check_gesv(schedule: Schedule, cap: GesvCap) -> Check:
    """ГЭСВ of the draft schedule is within the cap of its band."""
    gesv = schedule.gesv
    return Check(
        name="gesv_cap",
        passed=cap.allows(gesv=gesv, annual_percent=schedule.annual_percent),
        source=cap.source,
        found={
            "gesv_percent": str(gesv),
            "annual_percent": str(schedule.annual_percent),
            "limit_percent": str(cap.percent),
        },
    )


def check_account(account_id: UUID | None, *, lost: bool) -> Check:
    """There is an account to pay to, and its ownership has not been lost (5.4)."""
    found = {} if account_id is None else {"account_id": str(account_id)}
    return Check(
        name="account",
        passed=account_id is not None and not lost,
        source="Procedure 5.3, 5.4",
        found={**found, "lost": int(lost)},
    )


def check_stop_credit(report: CreditReport) -> Check:
    """«Стоп-кредит» is seen before the decision and ends it."""
    return Check(
        name="stop_credit",
        passed=not report.stop_credit,
        source="credit report",
        found={
            "report_id": report.report_id,
            "stop_credit": int(report.stop_credit),
            "days_overdue": report.days_overdue,
            "debt_burden": report.debt_burden,
        },
    )


def check_first_loan(
    application: Application, report: CreditReport, rules: LendingRules
) -> Check:
    """A first-ever online microcredit strictly above 75 МРП needs a personal visit."""
    above = application.amount > rules.visit_above
    return Check(
        name="first_online_loan",
        passed=report.earlier_online_microcredit or not above,
        source=rules.visit_source,
        found={
            "report_id": report.report_id,
            "earlier_online_microcredit": int(report.earlier_online_microcredit),
            "limit_minor": rules.visit_above.amount_minor,
        },
    )


def check_antifraud(decision: Decision) -> Check:
    """Antifraud has allowed the operation (clause 6.1g); anything else has not."""
    return Check(
        name="antifraud",
        passed=decision.allows,
        source="Procedure 6.1",
        found={
            "decision_id": str(decision.decision_id),
            "outcome": decision.outcome,
            "score": decision.score,
        },
    )


_REFUSALS: Final = {
    "amount_cap": "amount_above_maximum",
    "gesv_cap": "gesv_above_cap",
    "account": "account_not_proved",
    "stop_credit": "stop_credit",
    "first_online_loan": "personal_visit_required",
    "antifraud": "antifraud",
}


def pass_checks(
    application: Application, checks: tuple[Check, ...], *, account_id: UUID | None
) -> Application:
    """`checked` if every check passed, else `refused` by the first that did not."""
    failed = first_failed(checks)
    if failed is not None:
        return refuse(application, failed)
    return replace(application, state=ApplicationState.CHECKED, account_id=account_id)


def first_failed(checks: tuple[Check, ...]) -> Check | None:
    """The check that decides a refusal; None when all passed."""
    return next((check for check in checks if not check.passed), None)


def refuse(application: Application, failed: Check) -> Application:
    """The refused application, with the stable code of the failed check."""
    return replace(
        application,
        state=ApplicationState.REFUSED,
        refusal_code=_REFUSALS[failed.name],
    )


def offer(application: Application, *, contract_id: UUID) -> Application:
    """The offered application: a contract document stands ready."""
    return replace(application, state=ApplicationState.OFFERED, contract_id=contract_id)
