"""Applications for a microcredit."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from kernel.errors import KernelError
from kernel.money import Money
from services.auth.gateway.answers import (
    ApplicationAnswer,
    ApplicationPage,
    ProgressAnswer,
)
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.problems import BadRequestError
from services.auth.gateway.refusals import REPEATABLE, refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/applications", tags=["cabinet"], route_class=StrictRoute)

AMOUNT_FORM: Final = r"^[0-9]{1,12}(\.[0-9]{2})?$"
DECISION_S = 15.0
"""Deciding asks the credit bureau and antifraud."""


class NewApplication(Body):
    """What, how much, for how long, and where to.  The amount is a decimal text.

    Without an account it is the selected one.  One that is being added may be named:
    the contract names it in full, and its ceremony covers it.
    """

    product: Annotated[str, Field(pattern="^[a-z_]{1,40}$", examples=["standard"])]
    repayment: Literal["annuity", "differentiated"]
    amount: Annotated[str, Field(pattern=AMOUNT_FORM, examples=["400000.00"])]
    term_days: Annotated[int, Field(ge=1, le=3650, examples=[30])]
    account_id: Annotated[Id | None, Field(examples=[None])] = None


@router.post(
    "",
    status_code=201,
    openapi_extra=refuses(
        *REPEATABLE,
        "amount_invalid",
        "amount_not_positive",
        "product_unknown",
        "terms_outside_product",
        "loan_in_progress",
    ),
)
async def submit_application(
    here: Here, session: SignedIn, body: NewApplication
) -> ApplicationAnswer:
    """Apply; the answer says whether a contract is offered."""
    named = {} if body.account_id is None else {"account_id": body.account_id}
    return await here.ask_for(
        ApplicationAnswer,
        "contracts",
        "submit_application",
        client_id=session.client_id,
        timeout_s=DECISION_S,
        product=body.product,
        repayment=body.repayment,
        amount=money_of(body.amount),
        term_days=body.term_days,
        **named,
    )


@router.get("", openapi_extra=refuses("cursor_invalid"))
async def list_applications(
    here: Here, session: SignedIn, asked: Asked
) -> ApplicationPage:
    """A page of the client's applications."""
    return await page_of(
        ApplicationPage,
        "contracts",
        "list_applications",
        here=here,
        session=session,
        asked=asked,
    )


@router.get("/{application_id}", openapi_extra=refuses("not_found"))
async def get_application(
    here: Here, session: SignedIn, application_id: UUID
) -> ApplicationAnswer:
    """Where an application stands."""
    return await here.ask_for(
        ApplicationAnswer,
        "contracts",
        "get_application",
        client_id=session.client_id,
        application_id=application_id,
    )


@router.get("/{application_id}/progress", openapi_extra=refuses("not_found"))
async def get_progress(
    here: Here, session: SignedIn, application_id: UUID
) -> ProgressAnswer:
    """The whole way to the money: where it stands, what comes next, who acts, by when.

    The contract that was offered is part of it.
    """
    return await here.ask_for(
        ProgressAnswer,
        "contracts",
        "get_progress",
        client_id=session.client_id,
        application_id=application_id,
    )


def money_of(amount: str) -> Money:
    """The amount a client wrote; refused ``amount_invalid``."""
    try:
        return Money.of(amount)
    except KernelError as error:
        raise BadRequestError(
            "amount_invalid",
            "This is not an amount in tenge.",
            next_step="Send a decimal text with two digits after the point.",
        ) from error
