"""Changing one's number, account or identity: both proofs over the change (4.10).

A change of number may be gone through by who is logged in, or by who has lost the old
number and holds the right to just this (`recoveries`); any other only by the first.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from services.auth.gateway.answers import (
    AccountsAnswer,
    CeremonyAnswer,
    CeremonyStep,
    ChangeAnswer,
    ChangeStep,
)
from services.auth.gateway.bodies import (
    Body,
    CardNamed,
    IbanNamed,
    Id,
    Nothing,
    StrictRoute,
    Text,
)
from services.auth.gateway.ceremonies import Signature
from services.auth.gateway.challenges import Code
from services.auth.gateway.gate import AnswerT, Here, Visit
from services.auth.gateway.preconditions import ETAG, Seen, show_version
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import (
    ACCOUNT,
    BIOMETRICS_ASKED,
    CEREMONY,
    CHANGE,
    CODES,
    IDENTITY,
    REPEATABLE,
    SIGNATURE,
    refuses,
)
from services.auth.gateway.registrations import IdentityDocument
from services.auth.gateway.security import LookedIn, NumberChanger, SignedIn

router = APIRouter(tags=["change"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask the state, the bank, ЦОИД or an authority."""
_BEGUN: Final = ("change_without_difference", "change_too_often", *REPEATABLE)

Kind = Literal["phone", "account", "identity"]
"""What a change is of; each door opens its own kind only."""


class NewPhone(Body):
    """The new number, in any usual notation."""

    phone: Annotated[
        str, Field(min_length=1, max_length=40, examples=["+7 702 987 65 43"])
    ]


class AccountAct(Body):
    """What is done to which account; a card is named by its processor's token.

    ``add``: `iban` or `card_token`.  ``replace``: one of them, and `account_id` unless
    it is the selected account.  ``select`` and ``remove``: `account_id` alone.
    """

    act: Literal["add", "replace", "select", "remove"] = "replace"
    account_id: Annotated[Id | None, Field(examples=[None])] = None
    iban: IbanNamed = None
    card_token: CardNamed = None


class NewIdentity(Body):
    """Names and document as they are now; the ИИН stays (clause 4.11)."""

    surname: Annotated[Text, Field(examples=["Ахметова"])]
    given_name: Annotated[Text, Field(examples=["Айгерим"])]
    patronymic: Annotated[Text | None, Field(examples=["Сериковна"])] = None
    document: IdentityDocument


class Confirmation(Body):
    """The code from the message to the new number."""

    code: Code


@router.post(
    "/phone-changes",
    status_code=201,
    openapi_extra=refuses(*_BEGUN, "phone_invalid", "code_too_often"),
)
async def start_phone_change(
    here: Here, client_id: NumberChanger, body: NewPhone
) -> ChangeStep:
    """Begin; a code goes to the new number.  What was begun before is given up."""
    return await here.ask_for(
        ChangeStep,
        "onboarding",
        "start_phone_change",
        client_id=client_id,
        phone=body.phone,
    )


@router.post(
    "/phone-changes/{change_id}/confirmation",
    openapi_extra=refuses(
        *CHANGE, *CODES, "phone_already_registered", "phone_quarantined"
    ),
)
async def confirm_phone_change(
    here: Here, client_id: NumberChanger, change_id: UUID, body: Confirmation
) -> ChangeStep:
    """Prove that the new phone is in hand."""
    return await here.ask_for(
        ChangeStep,
        "onboarding",
        "confirm_phone_change",
        client_id=client_id,
        change_id=change_id,
        code=body.code,
    )


@router.post(
    "/phone-changes/{change_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(*CHANGE, "phone_not_confirmed", *BIOMETRICS_ASKED)
    | {PERSONAL: True},
)
async def open_phone_change_ceremony(
    here: Here, client_id: NumberChanger, change_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony: biometrics and ЭЦП over the change's statement.

    The state is asked first whether the number is this person's.
    """
    return await _ceremony(here, client_id, change_id, "phone")


@router.put(
    "/phone-changes/{change_id}/signature",
    openapi_extra=refuses("change_unknown", *CHANGE, *CEREMONY, *SIGNATURE),
)
async def sign_phone_change(
    here: Here, client_id: NumberChanger, change_id: UUID, body: Signature
) -> CeremonyStep:
    """Hand in the ЭЦП over the change's statement."""
    return await _sign(here, client_id, change_id, "phone", body)


@router.get("/phone-changes/{change_id}", openapi_extra=refuses("change_unknown"))
async def get_phone_change(
    here: Here, client_id: NumberChanger, change_id: UUID
) -> ChangeAnswer:
    """Where the change stands and what comes next."""
    return await _of_client(
        ChangeAnswer, here, client_id, "get_change", change_id, what="phone"
    )


@router.get("/accounts", responses={200: {"headers": ETAG}})
async def list_accounts(
    here: Here, session: LookedIn, response: Response
) -> AccountsAnswer:
    """The client's accounts, masked; the ETag names them for a change."""
    accounts = await here.ask_for(
        AccountsAnswer, "onboarding", "list_accounts", client_id=session.client_id
    )
    show_version(response, accounts.version)
    return accounts


@router.post(
    "/account-changes",
    status_code=201,
    openapi_extra=refuses(*_BEGUN, *ACCOUNT),
)
async def start_account_change(
    here: Here, session: SignedIn, seen: Seen, body: AccountAct
) -> ChangeStep:
    """Begin; what was begun before is given up.

    A payout that was drawn up for the old account does not go to the new one.  An
    account that is being added may be named in an application at once: the contract's
    ceremony covers it then.
    """
    return await here.ask_for(
        ChangeStep,
        "onboarding",
        "start_account_change",
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        act=body.act,
        seen=seen,
        account_id=body.account_id,
        iban=body.iban,
        card_token=body.card_token,
    )


@router.post(
    "/account-changes/{change_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(*CHANGE, *BIOMETRICS_ASKED) | {PERSONAL: True},
)
async def open_account_change_ceremony(
    here: Here, session: SignedIn, change_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony: biometrics and ЭЦП over the change's statement."""
    return await _ceremony(here, session.client_id, change_id, "account")


@router.put(
    "/account-changes/{change_id}/signature",
    openapi_extra=refuses(*CHANGE, *CEREMONY, *SIGNATURE),
)
async def sign_account_change(
    here: Here, session: SignedIn, change_id: UUID, body: Signature
) -> CeremonyStep:
    """Hand in the ЭЦП over the change's statement."""
    return await _sign(here, session.client_id, change_id, "account", body)


@router.get("/account-changes/{change_id}", openapi_extra=refuses("change_unknown"))
async def get_account_change(
    here: Here, session: LookedIn, change_id: UUID
) -> ChangeAnswer:
    """Where the change stands and what comes next."""
    return await _of_client(
        ChangeAnswer,
        here,
        session.client_id,
        "get_change",
        change_id,
        what="account",
    )


@router.post(
    "/identity-changes",
    status_code=201,
    openapi_extra=refuses(*_BEGUN, *IDENTITY),
)
async def start_identity_change(
    here: Here, session: SignedIn, body: NewIdentity
) -> ChangeStep:
    """Begin to record a renewed document, or other names; the ИИН stays.

    It may be begun with a document that has expired.  What was begun before is given
    up.
    """
    return await here.ask_for(
        ChangeStep,
        "onboarding",
        "start_identity_change",
        client_id=session.client_id,
        surname=body.surname,
        given_name=body.given_name,
        patronymic=body.patronymic,
        document=body.document.model_dump(mode="json"),
    )


@router.post(
    "/identity-changes/{change_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(
        *CHANGE, "consent_missing", "person_not_confirmed", *BIOMETRICS_ASKED
    )
    | {PERSONAL: True},
)
async def open_identity_change_ceremony(
    here: Here, session: SignedIn, change_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony: biometrics and ЭЦП over the change's statement.

    The state is asked first whether it knows the person just so.
    """
    return await _ceremony(here, session.client_id, change_id, "identity")


@router.put(
    "/identity-changes/{change_id}/signature",
    openapi_extra=refuses(*CHANGE, *CEREMONY, *SIGNATURE),
)
async def sign_identity_change(
    here: Here, session: SignedIn, change_id: UUID, body: Signature
) -> CeremonyStep:
    """Hand in the ЭЦП over the change's statement."""
    return await _sign(here, session.client_id, change_id, "identity", body)


@router.get("/identity-changes/{change_id}", openapi_extra=refuses("change_unknown"))
async def get_identity_change(
    here: Here, session: LookedIn, change_id: UUID
) -> ChangeAnswer:
    """Where the change stands and what comes next."""
    return await _of_client(
        ChangeAnswer,
        here,
        session.client_id,
        "get_change",
        change_id,
        what="identity",
    )


async def _ceremony(
    here: Visit, client_id: UUID, change_id: UUID, what: Kind
) -> CeremonyAnswer:
    return await _of_client(
        CeremonyAnswer,
        here,
        client_id,
        "open_change_ceremony",
        change_id,
        what=what,
    )


async def _sign(
    here: Visit, client_id: UUID, change_id: UUID, what: Kind, body: Signature
) -> CeremonyStep:
    return await _of_client(
        CeremonyStep,
        here,
        client_id,
        "sign_change",
        change_id,
        what=what,
        cms_b64=body.cms_b64,
    )


async def _of_client(
    kind: type[AnswerT],
    here: Visit,
    client_id: UUID,
    method: str,
    change_id: UUID,
    *,
    what: Kind,
    **more: str,
) -> AnswerT:
    return await here.ask_for(
        kind,
        "onboarding",
        method,
        client_id=client_id,
        timeout_s=OUTER_ANSWER_S,
        change_id=change_id,
        what=what,
        **more,
    )
