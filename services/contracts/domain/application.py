"""The application (заявка): submitted → checked → offered, or refused.

The checks (`checks`) are asked in a fixed order and the first that fails decides, so
that two people who read the trace come to the same answer.  One without an answer holds
the application where it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.errors import Refused
from kernel.money import Money
from services.contracts.domain.checks import Check, Verdict
from services.contracts.domain.products import Product
from services.contracts.domain.rules import HoldRules
from services.contracts.domain.schedule import RepaymentMethod


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
    tries: int = 0
    """Rounds in which somebody who must be asked gave no answer."""
    next_ask_at: datetime | None = None
    for_person_since: datetime | None = None
    """Since when a person of the staff has to look at it."""

    @property
    def operation(self) -> str:
        """The name antifraud knows it by."""
        return f"application:{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether a decision is still to be made."""
        return self.state in (ApplicationState.SUBMITTED, ApplicationState.CHECKED)

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person: to be decided, or its contract to be signed.

        Rounds after the offer are those of the question before the company signs.
        """
        undone = self.state is not ApplicationState.REFUSED
        return undone and self.for_person_since is not None


def submit(
    *,
    application_id: UUID,
    client_id: UUID,
    product: Product,
    repayment: RepaymentMethod,
    amount: Money,
    term_days: int,
    at: datetime,
    account_id: UUID | None = None,
) -> Application:
    """A new application; without an account it is for the one selected then.

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
        account_id=account_id,
    )


_REFUSALS: Final = {
    "amount_cap": "amount_above_maximum",
    "gesv_cap": "gesv_above_cap",
    "account": "account_not_proved",
    "account_at_offer": "account_not_proved",
    "bureau_consent": "credit_report_consent_missing",
    "stop_credit": "stop_credit",
    "debt_burden": "debt_burden_too_high",
    "first_online_loan": "personal_visit_required",
    "personal_consent": "personal_data_consent_missing",
    "conscript": "conscript",
    "spouse_consent": "spouse_consent_missing",
    "extra_consent": "additional_consent_missing",
    "monitoring_list": "monitoring",
    "antifraud": "antifraud",
}
NOT_ESTABLISHED: Final = "not_established"
"""What a person refuses by who found no answer to what had to be known."""


def pass_checks(application: Application, *, account_id: UUID | None) -> Application:
    """`checked`: nobody who was asked said no, and everybody has answered."""
    return replace(application, state=ApplicationState.CHECKED, account_id=account_id)


def first_failed(checks: Iterable[Check]) -> Check | None:
    """The check that decides a refusal; None when none failed."""
    return next((one for one in checks if one.verdict is Verdict.FAILED), None)


def refuse(application: Application, failed: Check) -> Application:
    """The refused application, with the stable code of the failed check."""
    return _refused(application, _REFUSALS[failed.name])


def hold(application: Application, rules: HoldRules, *, at: datetime) -> Application:
    """Whoever must be asked gave no answer: ask again later, at last a person.

    It is neither approved nor refused, whatever the other checks said.
    """
    tries = application.tries + 1
    exhausted = tries >= rules.tries
    return replace(
        application,
        tries=tries,
        next_ask_at=None if exhausted else at + rules.pause_after(tries),
        for_person_since=at if exhausted else None,
    )


def ask_again(application: Application, *, at: datetime) -> Application:
    """A person of the staff lets everybody be asked anew.  Refused ``not_held``."""
    _refuse_unless_held(application)
    return replace(application, tries=0, next_ask_at=at, for_person_since=None)


def let_go(application: Application, *, at: datetime) -> Application:
    """Antifraud's people let it move again: everybody is asked anew at once."""
    return replace(application, tries=0, next_ask_at=at, for_person_since=None)


def go_on(application: Application) -> Application:
    """Everybody who was asked has answered: nothing waits for anybody."""
    return replace(application, tries=0, next_ask_at=None, for_person_since=None)


def give_up(application: Application) -> Application:
    """A person of the staff refuses what could not be established.

    What is offered stays so: it is the contract that ends.  Refused ``not_held``: what
    is decided, or still being asked about, is not theirs.
    """
    _refuse_unless_held(application)
    if application.state is ApplicationState.OFFERED:
        return go_on(application)
    return _refused(application, NOT_ESTABLISHED)


def _refuse_unless_held(application: Application) -> None:
    if not application.is_held:
        raise Refused(
            "not_held",
            "The application does not wait for a person.",
            next_step="List the applications that do.",
        )


def _refused(application: Application, code: str) -> Application:
    return replace(
        application,
        state=ApplicationState.REFUSED,
        refusal_code=code,
        next_ask_at=None,
        for_person_since=None,
    )


def offer(application: Application, *, contract_id: UUID) -> Application:
    """The offered application: a contract document stands ready."""
    return replace(
        application,
        state=ApplicationState.OFFERED,
        contract_id=contract_id,
        next_ask_at=None,
    )
