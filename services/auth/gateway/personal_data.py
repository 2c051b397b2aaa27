"""A person's own data: what they consent to, and who reads it (law №94-V)."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter
from pydantic import Field

from services.auth.gateway.answers import Sha256
from services.auth.gateway.bodies import Body, Nothing, StrictRoute
from services.auth.gateway.data_answers import (
    AccessPage,
    ConsentsAnswer,
    ConsentTexts,
    DisclosurePage,
    ErasureAnswer,
    ExportAnswer,
    ReadingPage,
)
from services.auth.gateway.gate import Here
from services.auth.gateway.pages import Asked, Source, merged_page_of, page_of
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import LookedIn, SignedIn

router = APIRouter(
    prefix="/personal-data", tags=["personal data"], route_class=StrictRoute
)

EXPORT_S: Final = 20.0
"""An export carries the photo, up to 8 MiB."""
Purpose = Literal["personal_data", "biometrics", "credit_bureau"]


READINGS: Final = Source(
    service="onboarding",
    method="list_readings",
    id_of="reading_id",
    shown=lambda one: {
        "access_id": one["reading_id"],
        "kind": "reading",
        "who": one["reader"],
        "what": one.get("what"),
        "why": one["purpose"],
        "at": one["at"],
        "until": None,
    },
)
DISCLOSURES: Final = Source(
    service="contracts",
    method="list_own_disclosures",
    id_of="disclosure_id",
    shown=lambda one: {
        "access_id": one["disclosure_id"],
        "kind": "disclosure",
        "who": one["recipient"],
        "what": None,
        "why": one["ground"],
        "at": one["at"],
        "until": one["until"],
    },
)


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


@router.get("/disclosures", openapi_extra=refuses("cursor_invalid"))
async def list_disclosures(
    here: Here, session: SignedIn, asked: Asked
) -> DisclosurePage:
    """To whom the client's data may be told and on what ground, the newest first.

    What the law forbids to tell is not among them (law on microfinance, art. 21).
    """
    return await page_of(
        DisclosurePage,
        "contracts",
        "list_own_disclosures",
        here=here,
        session=session,
        asked=asked,
    )


@router.get("/access-history", openapi_extra=refuses("cursor_invalid"))
async def list_access(here: Here, session: SignedIn, asked: Asked) -> AccessPage:
    """Who read the client's data and to whom they may be told, the newest first.

    The readings and the disclosures as one list (clauses 1.3a, 6.1c, 6.2).
    """
    return await merged_page_of(
        AccessPage, (READINGS, DISCLOSURES), here=here, session=session, asked=asked
    )


@router.post("/export", openapi_extra=refuses("step_up_required") | {PERSONAL: True})
async def export_own_data(
    here: Here, session: SignedIn, _body: Nothing | None = None
) -> ExportAnswer:
    """Everything kept of the client as a person; needs a second factor just before.

    Applications, contracts and payouts have lists of their own.
    """
    await here.gate.blocking(
        here.gate.use_cases.factors.use_step_up, here.context, session=session
    )
    return await here.ask_for(
        ExportAnswer,
        "onboarding",
        "export_own_data",
        client_id=session.client_id,
        timeout_s=EXPORT_S,
    )


@router.post("/erasure", status_code=202, openapi_extra=refuses("step_up_required"))
async def ask_erasure(
    here: Here, session: SignedIn, _body: Nothing | None = None
) -> ErasureAnswer:
    """Ask to be erased; needs a second factor just before. Once more changes nothing.

    While a contract obliges, or the law asks for the data to be kept, the wish stands;
    it is carried out by itself as soon as that is possible, and ends the cabinet.
    """
    await here.gate.blocking(
        here.gate.use_cases.factors.use_step_up, here.context, session=session
    )
    return await here.ask_for(
        ErasureAnswer, "onboarding", "ask_erasure", client_id=session.client_id
    )


@router.get("/erasure")
async def get_erasure(here: Here, session: LookedIn) -> ErasureAnswer:
    """Whether the client asked to be erased, and what that waits for."""
    return await here.ask_for(
        ErasureAnswer, "onboarding", "show_erasure", client_id=session.client_id
    )


@router.delete("/erasure", openapi_extra=refuses("erasure_not_asked"))
async def withdraw_erasure(here: Here, session: SignedIn) -> ErasureAnswer:
    """Take the wish to be erased back."""
    return await here.ask_for(
        ErasureAnswer, "onboarding", "withdraw_erasure", client_id=session.client_id
    )
