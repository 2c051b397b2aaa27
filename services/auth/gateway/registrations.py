"""Registration, from the first code to the ceremony (clauses 4.1, 4.2).

The gateway checks shapes; onboarding owns every rule.  Whoever registers proves it by
the bearer token the first step answered with.
"""

import base64
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BeforeValidator, Field

from services.auth.gateway.bodies import (
    MOST_PHOTO_BYTES,
    Body,
    Nothing,
    StrictRoute,
    Text,
    read_bounded,
)
from services.auth.gateway.challenges import Code
from services.auth.gateway.gate import Here
from services.auth.gateway.problems import media_type_unknown
from services.auth.gateway.security import RegistrationToken

router = APIRouter(
    prefix="/registrations", tags=["registration"], route_class=StrictRoute
)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask the state, the bank or ЦОИД."""
_PHOTO_TYPES: Final = frozenset({"image/jpeg", "image/png"})
_MOST_CONSENTS: Final = 20


def _day(value: object) -> object:
    """A date stands as YYYY-MM-DD, in no other of the forms a parser might take."""
    if not isinstance(value, str):
        raise ValueError("a date is a text")  # noqa: TRY004 - pydantic wants ValueError
    return date.fromisoformat(value) if len(value) == len("2026-01-01") else None


Day = Annotated[date, BeforeValidator(_day)]


class NewRegistration(Body):
    """The number that becomes the login (clauses 4.1d, 4.4)."""

    phone: Annotated[str, Field(min_length=1, max_length=40)]


class Confirmation(Body):
    """The code from the message."""

    code: Code


class IdentityDocument(Body):
    """The document of clause 4.1c."""

    kind: Text
    number: Text
    valid_until: Day


class Consent(Body):
    """A consent given: to what, and to which text."""

    kind: Text
    text_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Person(Body):
    """What a natural person enters to register (clauses 4.1a to 4.1c)."""

    surname: Text
    given_name: Text
    patronymic: Text | None = None
    iin: Annotated[str, Field(pattern="^[0-9]{12}$")]
    document: IdentityDocument
    iban: Annotated[str, Field(min_length=1, max_length=40)]
    consents: Annotated[list[Consent], Field(max_length=_MOST_CONSENTS)]


@router.post("", status_code=201)
async def start_registration(here: Here, body: NewRegistration) -> Response:
    """Begin; a code goes to the phone, the bearer token to the caller."""
    answer = await here.ask("onboarding", "start_registration", phone=body.phone)
    return JSONResponse(answer, status_code=201)


@router.post("/{registration_id}/phone-confirmation")
async def confirm_phone(
    here: Here, registration_id: UUID, token: RegistrationToken, body: Confirmation
) -> Response:
    """Prove that the phone is in hand."""
    answer = await here.ask(
        "onboarding",
        "confirm_phone",
        registration_id=registration_id,
        token=token,
        code=body.code,
    )
    return JSONResponse(answer)


@router.put("/{registration_id}/person")
async def put_person(
    here: Here, registration_id: UUID, token: RegistrationToken, body: Person
) -> Response:
    """Enter who one is, with document and account."""
    answer = await here.ask(
        "onboarding",
        "put_person",
        timeout_s=OUTER_ANSWER_S,
        registration_id=registration_id,
        token=token,
        surname=body.surname,
        given_name=body.given_name,
        patronymic=body.patronymic,
        iin=body.iin,
        document=body.document,
        iban=body.iban,
        consents=[consent.model_dump() for consent in body.consents],
    )
    return JSONResponse(answer)


@router.put(
    "/{registration_id}/photo",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in sorted(_PHOTO_TYPES)
            },
        }
    },
)
async def put_photo(
    here: Here, registration_id: UUID, token: RegistrationToken, request: Request
) -> Response:
    """Send the photo of clause 4.1e, JPEG or PNG, at most 8 MiB."""
    if request.headers.get("content-type", "").lower() not in _PHOTO_TYPES:
        raise media_type_unknown(accepted="image/jpeg or image/png")
    photo = await read_bounded(request, limit=MOST_PHOTO_BYTES)
    answer = await here.ask(
        "onboarding",
        "put_photo",
        timeout_s=OUTER_ANSWER_S,
        registration_id=registration_id,
        token=token,
        photo_b64=base64.b64encode(photo).decode("ascii"),
    )
    return JSONResponse(answer)


@router.post("/{registration_id}/ceremony", status_code=201)
async def open_registration_ceremony(
    here: Here,
    registration_id: UUID,
    token: RegistrationToken,
    _body: Nothing | None = None,
) -> Response:
    """Open the ceremony: biometrics and ЭЦП over the registration statement."""
    answer = await here.ask(
        "onboarding",
        "open_registration_ceremony",
        timeout_s=OUTER_ANSWER_S,
        registration_id=registration_id,
        token=token,
    )
    return JSONResponse(answer, status_code=201)


@router.get("/{registration_id}")
async def get_registration(
    here: Here, registration_id: UUID, token: RegistrationToken
) -> Response:
    """Where the registration stands and what comes next."""
    answer = await here.ask(
        "onboarding", "get_registration", registration_id=registration_id, token=token
    )
    return JSONResponse(answer)
