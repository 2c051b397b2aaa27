"""Contracts: reading, signing, the two statements of clause 5.5, refusing."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from kernel.crypto import Json
from kernel.errors import Refused
from services.auth.domain.codes import Act, ActPurpose
from services.auth.domain.sessions import Session
from services.auth.gateway.bodies import Body, Id, Nothing, StrictRoute
from services.auth.gateway.challenges import Code
from services.auth.gateway.gate import Here, Visit, member
from services.auth.gateway.security import SignedIn

router = APIRouter(tags=["cabinet"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 15.0
"""Steps that make contracts ask other services or outer systems."""


class Statement(Body):
    """A statement of the client: a fresh second factor, over the text shown."""

    challenge_id: Id
    code: Code
    text_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@router.get("/contracts")
async def list_contracts(here: Here, session: SignedIn) -> Response:
    """The client's contracts."""
    answer = await here.ask("contracts", "list_contracts", client_id=session.client_id)
    return JSONResponse(answer)


@router.get("/contracts/{contract_id}")
async def get_contract(here: Here, session: SignedIn, contract_id: UUID) -> Response:
    """One contract, with the time left and what comes next."""
    return JSONResponse(await _about(here, session, "get_contract", contract_id))


@router.get("/contracts/{contract_id}/document")
async def get_document(here: Here, session: SignedIn, contract_id: UUID) -> Response:
    """The document's own bytes (base64) and their hash (clause 5.1)."""
    return JSONResponse(await _about(here, session, "get_document", contract_id))


@router.post("/contracts/{contract_id}/signing", status_code=201)
async def open_signing(
    here: Here, session: SignedIn, contract_id: UUID, _body: Nothing | None = None
) -> Response:
    """Open the ceremony: biometrics and ЭЦП over the document (clause 5.2)."""
    answer = await _about(here, session, "open_signing", contract_id)
    return JSONResponse(answer, status_code=201)


@router.get("/texts/{kind}")
async def get_text(
    here: Here, session: SignedIn, kind: ActPurpose, contract_id: UUID
) -> Response:
    """The text to be agreed to now, and its hash."""
    contract = await _about(here, session, "get_contract", contract_id)
    statement = member(contract, "statement")
    if statement is None or member(statement, "kind") != kind:
        raise Refused(
            "text_not_due",
            "There is no such statement to be made now.",
            next_step="Look at the contract's next step.",
        )
    return JSONResponse(statement)


@router.post("/contracts/{contract_id}/consent")
async def give_consent(
    here: Here, session: SignedIn, contract_id: UUID, body: Statement
) -> Response:
    """The additional consent (дополнительное согласие, clause 5.5)."""
    at = await _second_factor(here, session, Act("consent", contract_id), body)
    return JSONResponse(
        await _state(here, session, "give_consent", contract_id, body, at)
    )


@router.post("/contracts/{contract_id}/release")
async def confirm_release(
    here: Here, session: SignedIn, contract_id: UUID, body: Statement
) -> Response:
    """The confirmation after the cooling period (clause 5.5)."""
    at = await _second_factor(here, session, Act("release", contract_id), body)
    return JSONResponse(
        await _state(here, session, "confirm_release", contract_id, body, at)
    )


@router.post("/contracts/{contract_id}/refusal")
async def refuse_contract(
    here: Here, session: SignedIn, contract_id: UUID, _body: Nothing | None = None
) -> Response:
    """Refuse the microcredit; possible until the money is sent."""
    return JSONResponse(await _about(here, session, "refuse_contract", contract_id))


@router.get("/contracts/{contract_id}/payout")
async def get_payout(here: Here, session: SignedIn, contract_id: UUID) -> Response:
    """Where the money is."""
    answer = await here.ask(
        "disbursement",
        "get_payout",
        client_id=session.client_id,
        contract_id=contract_id,
    )
    return JSONResponse(answer)


async def _about(here: Visit, session: Session, method: str, contract_id: UUID) -> Json:
    return await here.ask(
        "contracts",
        method,
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=contract_id,
    )


async def _second_factor(
    here: Visit, session: Session, act: Act, body: Statement
) -> datetime:
    """When the fresh second factor of this act was given; a repeat finds the first."""
    factor = await here.gate.blocking(
        here.gate.use_cases.confirm_act,
        here.context,
        session=session,
        act=act,
        challenge_id=body.challenge_id,
        code=body.code,
        idempotency_key=here.idempotency_key,
    )
    return factor.at


async def _state(
    here: Visit,
    session: Session,
    method: str,
    contract_id: UUID,
    body: Statement,
    at: datetime,
) -> Json:
    return await here.ask(
        "contracts",
        method,
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=contract_id,
        text_sha256=body.text_sha256,
        second_factor_at=at,
    )
