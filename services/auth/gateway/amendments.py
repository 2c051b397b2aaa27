"""Amendments of a contract: wished for, read, signed, given up."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter

from services.auth.gateway.answers import (
    AmendmentAnswer,
    AmendmentList,
    CeremonyAnswer,
)
from services.auth.gateway.bodies import Body, Id, Nothing, StrictRoute
from services.auth.gateway.contracts import OUTER_ANSWER_S
from services.auth.gateway.gate import Here
from services.auth.gateway.refusals import BIOMETRICS_ASKED, REPEATABLE, refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(tags=["cabinet"], route_class=StrictRoute)

_AMENDMENT: Final = "/contracts/{contract_id}/amendments/{amendment_id}"


class Wish(Body):
    """To which of the client's accounts the loan is to be paid instead."""

    account_id: Id


@router.get("/contracts/{contract_id}/amendments", openapi_extra=refuses("not_found"))
async def list_amendments(
    here: Here, session: SignedIn, contract_id: UUID
) -> AmendmentList:
    """The contract's amendments; their documents are read as the contract's are."""
    return await here.ask_for(
        AmendmentList,
        "contracts",
        "list_amendments",
        client_id=session.client_id,
        contract_id=contract_id,
    )


@router.post(
    "/contracts/{contract_id}/amendments",
    status_code=201,
    openapi_extra=refuses(
        *REPEATABLE,
        "not_found",
        "account_unknown",
        "amendment_changes_nothing",
        "amendment_pending",
        "not_amendable",
        "refusal_pending",
        "contract_active",
        "contract_annulled",
        "contract_blocked",
    ),
)
async def request_amendment(
    here: Here, session: SignedIn, contract_id: UUID, body: Wish
) -> AmendmentAnswer:
    """Ask to be paid to another account; nothing is paid before both have signed."""
    return await here.ask_for(
        AmendmentAnswer,
        "contracts",
        "request_amendment",
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=contract_id,
        account_id=body.account_id,
    )


@router.post(
    f"{_AMENDMENT}/signing",
    status_code=201,
    openapi_extra=refuses(
        "not_found",
        "amendment_not_found",
        "amendment_not_ready",
        "amendment_ended",
        "already_signed",
        "refusal_pending",
        "account_changed",
        "account_unknown",
        "change_expired",
        "change_superseded",
        *BIOMETRICS_ASKED,
    ),
)
async def open_amendment_signing(
    here: Here,
    session: SignedIn,
    contract_id: UUID,
    amendment_id: UUID,
    _body: Nothing | None = None,
) -> CeremonyAnswer:
    """Open the ceremony: biometrics and ЭЦП over the amendment (4.10, 5.2)."""
    return await here.ask_for(
        CeremonyAnswer,
        "contracts",
        "open_amendment_signing",
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=contract_id,
        amendment_id=amendment_id,
    )


@router.post(
    f"{_AMENDMENT}/withdrawal",
    openapi_extra=refuses(
        *REPEATABLE,
        "not_found",
        "amendment_not_found",
        "amendment_needed",
        "amendment_ended",
        "already_signed",
    ),
)
async def withdraw_amendment(
    here: Here,
    session: SignedIn,
    contract_id: UUID,
    amendment_id: UUID,
    _body: Nothing | None = None,
) -> AmendmentAnswer:
    """Keep the account the contract names; the cooling-off period begins anew."""
    return await here.ask_for(
        AmendmentAnswer,
        "contracts",
        "withdraw_amendment",
        client_id=session.client_id,
        contract_id=contract_id,
        amendment_id=amendment_id,
    )
