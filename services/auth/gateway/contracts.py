"""Contracts: reading, signing, the two statements of clause 5.5, refusing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from kernel.errors import Refused
from services.auth.domain.codes import Act, ActPurpose
from services.auth.domain.sessions import Session
from services.auth.gateway.answers import (
    CeremonyAnswer,
    ContractAnswer,
    ContractPage,
    DocumentAnswer,
    PayoutAnswer,
    RefusalAnswer,
    ScheduleAnswer,
    Sha256,
    StatementText,
)
from services.auth.gateway.bodies import Body, Id, Nothing, StrictRoute
from services.auth.gateway.challenges import Code
from services.auth.gateway.gate import AnswerT, Here, Visit
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.preconditions import ETAG, Seen, show_version
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import (
    BIOMETRICS_ASKED,
    REPEATABLE,
    STATEMENT,
    refuses,
)
from services.auth.gateway.security import SignedIn

router = APIRouter(tags=["cabinet"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 15.0
"""Steps that make contracts ask other services or outer systems."""


class Statement(Body):
    """A statement of the client: a fresh second factor, over the text shown."""

    challenge_id: Id
    code: Code
    text_sha256: Sha256


@dataclass(frozen=True, slots=True)
class _Stated:
    """A statement about one version of one contract, with its second factor."""

    contract_id: UUID
    body: Statement
    seen: str
    second_factor_at: datetime


@router.get("/contracts", openapi_extra=refuses("cursor_invalid"))
async def list_contracts(here: Here, session: SignedIn, asked: Asked) -> ContractPage:
    """A page of the client's contracts."""
    return await page_of(
        ContractPage,
        "contracts",
        "list_contracts",
        here=here,
        session=session,
        asked=asked,
    )


@router.get(
    "/contracts/{contract_id}",
    responses={200: {"headers": ETAG}},
    openapi_extra=refuses("not_found"),
)
async def get_contract(
    here: Here, session: SignedIn, contract_id: UUID, response: Response
) -> ContractAnswer:
    """One contract, with the time left and what comes next; its ETag names it."""
    contract = await _about(ContractAnswer, here, session, "get_contract", contract_id)
    show_version(response, contract.version)
    return contract


@router.get(
    "/contracts/{contract_id}/document",
    openapi_extra=refuses("not_found") | {PERSONAL: True},
)
async def get_document(
    here: Here, session: SignedIn, contract_id: UUID
) -> DocumentAnswer:
    """The document's own bytes (base64) and their hash (clause 5.1)."""
    return await _about(DocumentAnswer, here, session, "get_document", contract_id)


@router.get("/contracts/{contract_id}/schedule", openapi_extra=refuses("not_found"))
async def get_schedule(
    here: Here, session: SignedIn, contract_id: UUID
) -> ScheduleAnswer:
    """The schedule in force: as offered, then as counted from the money's arrival."""
    return await _about(ScheduleAnswer, here, session, "get_schedule", contract_id)


@router.post(
    "/contracts/{contract_id}/signing",
    status_code=201,
    openapi_extra=refuses(
        "not_found",
        "already_signed",
        "silence_passed",
        "stop_credit",
        "identity_changed",
        "account_changed",
        "account_not_proved",
        "account_unknown",
        "change_expired",
        "change_refused",
        "change_step_wrong",
        "change_superseded",
        *BIOMETRICS_ASKED,
        "contract_annulled",
        "contract_blocked",
    ),
)
async def open_signing(
    here: Here, session: SignedIn, contract_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open the ceremony: biometrics and ЭЦП over the document (clause 5.2)."""
    return await _about(CeremonyAnswer, here, session, "open_signing", contract_id)


@router.get("/texts/{kind}", openapi_extra=refuses("not_found", "text_not_due"))
async def get_text(
    here: Here, session: SignedIn, kind: ActPurpose, contract_id: UUID
) -> StatementText:
    """The text to be agreed to now, and its hash."""
    contract = await _about(ContractAnswer, here, session, "get_contract", contract_id)
    if contract.statement is None or contract.statement.kind != kind:
        raise Refused(
            "text_not_due",
            "There is no such statement to be made now.",
            next_step="Look at the contract's next step.",
        )
    return contract.statement


@router.post(
    "/contracts/{contract_id}/consent",
    openapi_extra=refuses(*STATEMENT, "not_signed", "already_consented"),
)
async def give_consent(
    here: Here, session: SignedIn, contract_id: UUID, seen: Seen, body: Statement
) -> ContractAnswer:
    """The additional consent (дополнительное согласие, clause 5.5)."""
    at = await _second_factor(here, session, Act("consent", contract_id), body)
    stated = _Stated(contract_id, body, seen=seen, second_factor_at=at)
    return await _state(here, session, "give_consent", stated)


@router.post(
    "/contracts/{contract_id}/release",
    openapi_extra=refuses(
        *STATEMENT,
        "not_consented",
        "confirmation_not_needed",
        "already_released",
        "release_too_early",
    ),
)
async def confirm_release(
    here: Here, session: SignedIn, contract_id: UUID, seen: Seen, body: Statement
) -> ContractAnswer:
    """The confirmation after the cooling period (clause 5.5)."""
    at = await _second_factor(here, session, Act("release", contract_id), body)
    stated = _Stated(contract_id, body, seen=seen, second_factor_at=at)
    return await _state(here, session, "confirm_release", stated)


@router.post(
    "/contracts/{contract_id}/refusal",
    openapi_extra=refuses(
        *REPEATABLE,
        "not_found",
        "refusal_too_late",
        "contract_active",
        "contract_blocked",
    ),
)
async def refuse_contract(
    here: Here, session: SignedIn, contract_id: UUID, _body: Nothing | None = None
) -> RefusalAnswer:
    """Refuse the microcredit; possible until the money is sent."""
    return await _about(RefusalAnswer, here, session, "refuse_contract", contract_id)


@router.get("/contracts/{contract_id}/payout", openapi_extra=refuses("payout_unknown"))
async def get_payout(here: Here, session: SignedIn, contract_id: UUID) -> PayoutAnswer:
    """Where the money is."""
    return await here.ask_for(
        PayoutAnswer,
        "disbursement",
        "get_payout",
        client_id=session.client_id,
        contract_id=contract_id,
    )


async def _about(
    kind: type[AnswerT], here: Visit, session: Session, method: str, contract_id: UUID
) -> AnswerT:
    return await here.ask_for(
        kind,
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
    here: Visit, session: Session, method: str, stated: _Stated
) -> ContractAnswer:
    return await here.ask_for(
        ContractAnswer,
        "contracts",
        method,
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=stated.contract_id,
        text_sha256=stated.body.text_sha256,
        second_factor_at=stated.second_factor_at,
        seen=stated.seen,
    )
