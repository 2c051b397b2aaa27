"""Appeals of who was stopped at registration, and has no cabinet (6.1g, 6.1h iv)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.auth.gateway.appeal_answers import RegistrationAppeals, WholeAppeal
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.inquiries import MOST_CHARACTERS
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import RegistrationToken

router = APIRouter(
    prefix="/registrations/{registration_id}/appeals",
    tags=["registration"],
    route_class=StrictRoute,
)


class NewRegistrationAppeal(Body):
    """Why: words alone."""

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
        "registration_unknown",
        "letter_unfit",
        "letters_too_often",
        "nothing_to_appeal",
        "appeal_under_way",
    ),
)
async def file_registration_appeal(
    here: Here,
    registration_id: UUID,
    token: RegistrationToken,
    body: NewRegistrationAppeal,
) -> WholeAppeal:
    """Appeal against being refused, or held, by antifraud.

    The answer names its number and the day by which it is decided on. It is read here,
    by the same token, however long ago the registration ended.
    """
    return await here.ask_for(
        WholeAppeal,
        "onboarding",
        "file_registration_appeal",
        registration_id=registration_id,
        token=token,
        text=body.text,
    )


@router.get("", openapi_extra=refuses("registration_unknown"))
async def list_registration_appeals(
    here: Here, registration_id: UUID, token: RegistrationToken
) -> RegistrationAppeals:
    """The newest appeals against this registration, without their words."""
    return await here.ask_for(
        RegistrationAppeals,
        "onboarding",
        "list_registration_appeals",
        registration_id=registration_id,
        token=token,
    )


@router.get(
    "/{appeal_id}",
    openapi_extra=refuses("registration_unknown", "not_found") | {PERSONAL: True},
)
async def get_registration_appeal(
    here: Here, registration_id: UUID, token: RegistrationToken, appeal_id: UUID
) -> WholeAppeal:
    """One appeal with what became of it."""
    return await here.ask_for(
        WholeAppeal,
        "onboarding",
        "get_registration_appeal",
        registration_id=registration_id,
        token=token,
        appeal_id=appeal_id,
    )
