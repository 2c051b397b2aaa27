"""Applications for a microcredit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from kernel.errors import KernelError
from kernel.money import Money
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.problems import BadRequestError
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/applications", tags=["cabinet"], route_class=StrictRoute)

DECISION_S = 15.0
"""Deciding asks the credit bureau and antifraud."""


class NewApplication(Body):
    """How much, for how long.  The amount is a decimal text, in tenge."""

    amount: Annotated[
        str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{2})?$", examples=["400000.00"])
    ]
    term_days: Annotated[int, Field(ge=1, le=3650)]


@router.post("", status_code=201)
async def submit_application(
    here: Here, session: SignedIn, body: NewApplication
) -> Response:
    """Apply; the answer says whether a contract is offered."""
    answer = await here.ask(
        "contracts",
        "submit_application",
        client_id=session.client_id,
        timeout_s=DECISION_S,
        amount=_money(body.amount),
        term_days=body.term_days,
    )
    return JSONResponse(answer, status_code=201)


@router.get("/{application_id}")
async def get_application(
    here: Here, session: SignedIn, application_id: UUID
) -> Response:
    """Where an application stands."""
    answer = await here.ask(
        "contracts",
        "get_application",
        client_id=session.client_id,
        application_id=application_id,
    )
    return JSONResponse(answer)


def _money(amount: str) -> Money:
    try:
        return Money.of(amount)
    except KernelError as error:
        raise BadRequestError(
            "amount_invalid",
            "This is not an amount in tenge.",
            next_step="Send a decimal text with two digits after the point.",
        ) from error
