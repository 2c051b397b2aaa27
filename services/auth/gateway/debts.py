"""Debts: what is owed and paid, and repaying earlier."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.auth.gateway.answers import (
    Amount,
    Answer,
    AnswerId,
    CalendarDay,
    word,
)
from services.auth.gateway.applications import AMOUNT_FORM, money_of
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.refusals import REPEATABLE, refuses
from services.auth.gateway.registrations import Day
from services.auth.gateway.security import SignedIn

router = APIRouter(
    prefix="/contracts/{contract_id}", tags=["cabinet"], route_class=StrictRoute
)


class PayoffAnswer(Answer):
    """What ends a contract on a day: `to_pay` is what `unused` money leaves of it."""

    contract_id: AnswerId
    day: CalendarDay
    principal: Amount
    interest: Amount
    penalty: Amount
    owed: Amount
    unused: Amount
    to_pay: Amount


class NextPayment(Answer):
    """The next day of the schedule, and what is still lacking for it."""

    due_on: CalendarDay
    amount: Amount


class PaymentAnswer(Answer):
    """A payment of the schedule as it stands; `left` of it is not paid."""

    due_on: CalendarDay
    principal: Amount
    interest: Amount
    left: Amount
    state: Annotated[str, word("paid", "due", "overdue", "ahead")]


class CreditAnswer(Answer):
    """Money that came; it counts from `value_on`, but for what the bank took back."""

    credit_id: AnswerId
    value_on: CalendarDay
    amount: Amount
    reversed: bool
    # Contracts of before does not say it: it took nothing back, or everything.
    taken_back: Amount | None = None


class PayTo(Answer):
    """Where repayments go, and what to write so that they are recognised."""

    iban: Annotated[str, Field(examples=["KZ86125KZT5004100100"])]
    purpose: Annotated[str, Field(examples=["KSK-20261123-5FEED469EA"])]


class DebtAnswer(PayoffAnswer):
    """A contract's account today: debt, payments, credits, and how to pay.

    `unused` waits for the next payment; of a closed contract it was paid too much.
    """

    state: Annotated[str, word("active", "closed")]
    closed_on: CalendarDay | None
    overdue: Amount
    days_overdue: Annotated[int, Field(examples=[0])]
    accrual_stopped: bool
    next_payment: NextPayment | None
    payments: list[PaymentAnswer]
    credits: list[CreditAnswer]
    pay_to: PayTo


class EarlyRepayment(Body):
    """A part to be repaid on a day; the money has to be there by then.

    The rest becomes ``shorter`` (payments as high, fewer of them) or ``smaller``.
    """

    day: Annotated[Day, Field(examples=["2026-12-14"])]
    amount: Annotated[str, Field(pattern=AMOUNT_FORM, examples=["100000.00"])]
    effect: Literal["shorter", "smaller"]


class EarlyRepaymentAnswer(Answer):
    """The early repayment as it is ordered."""

    order_id: AnswerId
    contract_id: AnswerId
    day: CalendarDay
    amount: Amount
    effect: Annotated[str, word("shorter", "smaller")]


@router.get("/debt", openapi_extra=refuses("not_found"))
async def get_debt(here: Here, session: SignedIn, contract_id: UUID) -> DebtAnswer:
    """What is owed today, what is paid, and where to pay."""
    return await here.ask_for(
        DebtAnswer,
        "contracts",
        "get_debt",
        client_id=session.client_id,
        contract_id=contract_id,
    )


@router.get(
    "/payoff", openapi_extra=refuses("not_found", "contract_not_active", "day_unfit")
)
async def quote_payoff(
    here: Here, session: SignedIn, contract_id: UUID, day: Annotated[Day, Query()]
) -> PayoffAnswer:
    """The exact sum of a full early repayment on a day; valid that day."""
    return await here.ask_for(
        PayoffAnswer,
        "contracts",
        "quote_payoff",
        client_id=session.client_id,
        contract_id=contract_id,
        day=day,
    )


@router.post(
    "/early-repayments",
    status_code=201,
    openapi_extra=refuses(
        *REPEATABLE,
        "not_found",
        "contract_not_active",
        "day_unfit",
        "day_taken",
        "overdue_first",
        "amount_invalid",
        "amount_unfit",
    ),
)
async def order_early_repayment(
    here: Here, session: SignedIn, contract_id: UUID, body: EarlyRepayment
) -> EarlyRepaymentAnswer:
    """Order that a part be repaid early; to repay everything just pay the quote."""
    return await here.ask_for(
        EarlyRepaymentAnswer,
        "contracts",
        "order_early_repayment",
        client_id=session.client_id,
        contract_id=contract_id,
        day=body.day,
        amount=money_of(body.amount),
        effect=body.effect,
    )
