"""A person's own data: what they consent to, and who reads it (law №94-V)."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from services.auth.gateway.answers import Sha256
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.data_answers import (
    ConsentsAnswer,
    ConsentTexts,
    ReadingPage,
)
from services.auth.gateway.gate import Here
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import LookedIn, SignedIn

router = APIRouter(
    prefix="/personal-data", tags=["personal data"], route_class=StrictRoute
)

Purpose = Literal["personal_data", "biometrics", "credit_bureau"]


class ShownText(Body):
    """The text that was shown, by its digest."""

    text_sha256: Annotated[Sha256, Field(examples=["5e" * 32])]


@router.get("/consent-texts")
async def list_consent_texts(here: Here) -> ConsentTexts:
    """The texts that may be consented to, one per purpose."""
    return await here.ask_for(ConsentTexts, "onboarding", "get_consent_texts")


@router.get("/consents")
async def list_own_consents(here: Here, session: LookedIn) -> ConsentsAnswer:
    """What the client consented to and took back, the newest act first."""
    return await here.ask_for(
        ConsentsAnswer, "onboarding", "list_consents", client_id=session.client_id
    )


@router.put("/consents/{purpose}", openapi_extra=refuses("consent_text_changed"))
async def give_data_consent(
    here: Here, session: SignedIn, purpose: Purpose, body: ShownText
) -> ConsentsAnswer:
    """Consent to one purpose; once more changes nothing."""
    return await here.ask_for(
        ConsentsAnswer,
        "onboarding",
        "give_consent",
        client_id=session.client_id,
        purpose=purpose,
        text_sha256=body.text_sha256,
    )


@router.delete(
    "/consents/{purpose}",
    openapi_extra=refuses("consent_not_given", "obligations_open"),
)
async def withdraw_data_consent(
    here: Here, session: SignedIn, purpose: Purpose
) -> ConsentsAnswer:
    """Take a consent back; not while a contract is not fulfilled."""
    return await here.ask_for(
        ConsentsAnswer,
        "onboarding",
        "withdraw_consent",
        client_id=session.client_id,
        purpose=purpose,
    )


@router.get("/readings", openapi_extra=refuses("cursor_invalid"))
async def list_readings(here: Here, session: SignedIn, asked: Asked) -> ReadingPage:
    """Who read the client's data in clear, the newest reading first."""
    return await page_of(
        ReadingPage,
        "onboarding",
        "list_readings",
        here=here,
        session=session,
        asked=asked,
    )
