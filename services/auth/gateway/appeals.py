"""Appeals: against what antifraud held or refused of the client's (6.1g, 6.1h iv)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.auth.gateway.appeal_answers import AppealPage, WholeAppeal
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.inquiries import MOST_CHARACTERS
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import REPEATABLE, refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/appeals", tags=["cabinet"], route_class=StrictRoute)


class NewAppeal(Body):
    """What is appealed against, and why: words alone.

    `everything` has no id: it is against all operations of the client being suspended.
    """

    about: Annotated[
        Literal[
            "application",
            "contract",
            "payout",
            "phone_change",
            "account_change",
            "everything",
        ],
        Field(examples=["application"]),
    ]
    about_id: Annotated[Id | None, Field(examples=[None])] = None
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MOST_CHARACTERS,
            examples=["Прошу пересмотреть решение."],
        ),
    ]


@router.post(
    "",
    status_code=201,
    openapi_extra=refuses(
        *REPEATABLE,
        "appeal_subject_invalid",
        "letter_unfit",
        "letters_too_often",
        "nothing_to_appeal",
        "appeal_under_way",
    ),
)
async def file_appeal(here: Here, session: SignedIn, body: NewAppeal) -> WholeAppeal:
    """Appeal; the answer names its number and the day by which it is decided on.

    A person decides who had no part in the first decision.
    """
    return await here.ask_for(
        WholeAppeal,
        "antifraud",
        "file_appeal",
        client_id=session.client_id,
        about=body.about,
        about_id=body.about_id,
        text=body.text,
    )


@router.get("", openapi_extra=refuses("cursor_invalid"))
async def list_appeals(here: Here, session: SignedIn, asked: Asked) -> AppealPage:
    """A page of the client's appeals, without their words."""
    return await page_of(
        AppealPage,
        "antifraud",
        "list_own_appeals",
        here=here,
        session=session,
        asked=asked,
    )


@router.get("/{appeal_id}", openapi_extra=refuses("not_found") | {PERSONAL: True})
async def get_appeal(here: Here, session: SignedIn, appeal_id: UUID) -> WholeAppeal:
    """One appeal with what became of it."""
    return await here.ask_for(
        WholeAppeal,
        "antifraud",
        "get_own_appeal",
        client_id=session.client_id,
        appeal_id=appeal_id,
    )
