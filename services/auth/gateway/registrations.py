"""Registration, from the first code to the ceremony (clauses 4.1, 4.2).

The gateway checks shapes; onboarding owns every rule.  Whoever registers proves it by
the bearer token the first step answered with.
"""

import base64
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field

from kernel.values import Phone
from services.auth.domain.languages import DEFAULT
from services.auth.gateway.answers import (
    CeremonyAnswer,
    Hint,
    PhotoJudged,
    PhotoStep,
    RegistrationAnswer,
    RegistrationStarted,
    RegistrationStep,
    Sha256,
)
from services.auth.gateway.bodies import (
    MOST_PHOTO_BYTES,
    Body,
    CardNamed,
    IbanNamed,
    Nothing,
    StrictRoute,
    Text,
    read_bounded,
)
from services.auth.gateway.challenges import Code
from services.auth.gateway.gate import Here
from services.auth.gateway.languages import language_of, sentences_in
from services.auth.gateway.problems import media_type_unknown
from services.auth.gateway.refusals import CODES, PERSON, REGISTRATION, refuses
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

    phone: Annotated[
        str, Field(min_length=1, max_length=40, examples=["+7 701 123 45 67"])
    ]


class Confirmation(Body):
    """The code from the message."""

    code: Code


class IdentityDocument(Body):
    """The document of clause 4.1c."""

    kind: Annotated[Text, Field(examples=["identity_card"])]
    number: Annotated[Text, Field(examples=["012345678"])]
    valid_until: Day


class Consent(Body):
    """A consent given: to what, and to which text."""

    kind: Annotated[Text, Field(examples=["personal_data"])]
    text_sha256: Sha256


class Person(Body):
    """What a natural person enters to register (clauses 4.1a to 4.1c).

    The account by `iban`, or a card by its processor's token: one of the two.
    """

    surname: Annotated[Text, Field(examples=["Ахметова"])]
    given_name: Annotated[Text, Field(examples=["Айгерим"])]
    patronymic: Annotated[Text | None, Field(examples=["Сериковна"])] = None
    iin: Annotated[str, Field(pattern="^[0-9]{12}$", examples=["900101300017"])]
    document: IdentityDocument
    iban: IbanNamed = None
    card_token: CardNamed = None
    consents: Annotated[list[Consent], Field(max_length=_MOST_CONSENTS)]


@router.post(
    "", status_code=201, openapi_extra=refuses("phone_invalid", "code_too_often")
)
async def start_registration(
    request: Request, here: Here, body: NewRegistration
) -> RegistrationStarted:
    """Begin; a code goes to the phone, the bearer token to the caller.

    Messages come in the language of Accept-Language, until another is chosen.
    """
    wish = request.headers.get("accept-language")
    if wish:
        await here.gate.blocking(
            here.gate.use_cases.suggest_language,
            here.context,
            phone=Phone(body.phone),
            language=language_of(wish, otherwise=DEFAULT),
        )
    return await here.ask_for(
        RegistrationStarted, "onboarding", "start_registration", phone=body.phone
    )


@router.post(
    "/{registration_id}/phone-confirmation",
    openapi_extra=refuses(*REGISTRATION, *CODES),
)
async def confirm_phone(
    here: Here, registration_id: UUID, token: RegistrationToken, body: Confirmation
) -> RegistrationStep:
    """Prove that the phone is in hand."""
    return await here.ask_for(
        RegistrationStep,
        "onboarding",
        "confirm_phone",
        registration_id=registration_id,
        token=token,
        code=body.code,
    )


@router.put("/{registration_id}/person", openapi_extra=refuses(*REGISTRATION, *PERSON))
async def put_person(
    here: Here, registration_id: UUID, token: RegistrationToken, body: Person
) -> RegistrationStep:
    """Enter who one is, with document and account."""
    account: dict[str, Any] = {"iban": body.iban, "card_token": body.card_token}
    return await here.ask_for(
        RegistrationStep,
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
        consents=[consent.model_dump() for consent in body.consents],
        **{name: given for name, given in account.items() if given is not None},
    )


@router.put(
    "/{registration_id}/photo",
    openapi_extra=refuses(
        *REGISTRATION,
        "photo_too_large",
        "photo_not_an_image",
        "photo_dimensions",
        "photo_not_readable",
        "photo_not_one_face",
        "photo_not_front",
        "photo_expression",
        "photo_mouth_open",
        "photo_background",
        "photo_tries_exhausted",
        requestBody={
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in sorted(_PHOTO_TYPES)
            },
        },
    ),
)
async def put_photo(
    here: Here, registration_id: UUID, token: RegistrationToken, request: Request
) -> PhotoStep:
    """Send the photo of clause 4.1e, JPEG or PNG, at most 8 MiB.

    A refusal lists in `errors` all that is wrong. A photo in doubt waits for a person;
    a better one may be sent meanwhile, unless the registration is held.
    """
    if request.headers.get("content-type", "").lower() not in _PHOTO_TYPES:
        raise media_type_unknown(accepted="image/jpeg or image/png")
    photo = await read_bounded(request, limit=MOST_PHOTO_BYTES)
    judged = await here.ask_for(
        PhotoJudged,
        "onboarding",
        "put_photo",
        timeout_s=OUTER_ANSWER_S,
        registration_id=registration_id,
        token=token,
        photo_b64=base64.b64encode(photo).decode("ascii"),
    )
    hints = sentences_in(language_of(request.headers.get("accept-language", ""))).hints
    return PhotoStep(
        **judged.model_dump(exclude={"faults"}),
        hints=[
            Hint(code=fault, message=hints[fault])
            for fault in judged.faults
            if fault in hints
        ],
    )


@router.post(
    "/{registration_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(
        *REGISTRATION, "consent_missing", "identity_document_expired"
    ),
)
async def open_registration_ceremony(
    here: Here,
    registration_id: UUID,
    token: RegistrationToken,
    _body: Nothing | None = None,
) -> CeremonyAnswer:
    """Open the ceremony: biometrics and ЭЦП over the registration statement."""
    return await here.ask_for(
        CeremonyAnswer,
        "onboarding",
        "open_registration_ceremony",
        timeout_s=OUTER_ANSWER_S,
        registration_id=registration_id,
        token=token,
    )


@router.get("/{registration_id}", openapi_extra=refuses("registration_unknown"))
async def get_registration(
    here: Here, registration_id: UUID, token: RegistrationToken
) -> RegistrationAnswer:
    """Where the registration stands and what comes next."""
    return await here.ask_for(
        RegistrationAnswer,
        "onboarding",
        "get_registration",
        registration_id=registration_id,
        token=token,
    )
