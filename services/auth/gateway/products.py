"""Products, and what a loan would cost: everything before an application."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from services.auth.gateway.answers import ProductList, ScheduleList
from services.auth.gateway.applications import AMOUNT_FORM, money_of
from services.auth.gateway.bodies import StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/products", tags=["cabinet"], route_class=StrictRoute)


@router.get("")
async def list_products(here: Here, session: SignedIn) -> ProductList:
    """The products on offer, with their limits and prices."""
    return await here.ask_for(
        ProductList, "contracts", "list_products", client_id=session.client_id
    )


@router.get(
    "/{product}/schedules",
    openapi_extra=refuses(
        "amount_invalid",
        "amount_not_positive",
        "product_unknown",
        "terms_outside_product",
    ),
)
async def draft_schedules(
    here: Here,
    session: SignedIn,
    product: Annotated[str, Field(pattern="^[a-z_]{1,40}$", examples=["standard"])],
    amount: Annotated[str, Query(pattern=AMOUNT_FORM, examples=["400000.00"])],
    term_days: Annotated[int, Query(ge=1, le=3650, examples=[90])],
) -> ScheduleList:
    """The whole price of a loan by each method of repayment, before any decision."""
    return await here.ask_for(
        ScheduleList,
        "contracts",
        "draft_schedules",
        client_id=session.client_id,
        product=product,
        amount=money_of(amount),
        term_days=term_days,
    )
