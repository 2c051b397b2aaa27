"""A second factor given again: opens one change of second factors (ASVS 7.5.1)."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from services.auth.domain.factors import CodeProof, PasskeyProof, Proof
from services.auth.domain.rules import STEP_UP_FRESH
from services.auth.domain.sessions import Session
from services.auth.gateway.answers import ChallengeAnswer
from services.auth.gateway.bodies import Nothing, StrictRoute
from services.auth.gateway.challenges import challenge_view, waiting_view
from services.auth.gateway.entry_answers import (
    OptionsAnswer,
    SteppedUpAnswer,
    WaitingAnswer,
)
from services.auth.gateway.gate import Here, Visit
from services.auth.gateway.refusals import CODES, FACTORS, refuses
from services.auth.gateway.security import SignedIn, set_session
from services.auth.gateway.sessions import PasskeyFactor, SecondFactor, Waiting

router = APIRouter(
    prefix="/sessions/current/step-up", tags=["factors"], route_class=StrictRoute
)

FRESH_S: Final = int(STEP_UP_FRESH.total_seconds())


@router.post("", status_code=201, openapi_extra=refuses("code_too_often"))
async def begin_step_up(
    here: Here, session: SignedIn, _body: Nothing | None = None
) -> WaitingAnswer:
    """Ask for a second factor again; what it opens, it opens in this session only."""
    challenge, methods = await here.gate.blocking(
        here.gate.use_cases.factors.begin_step_up, here.context, session=session
    )
    return waiting_view(challenge, methods)


@router.post(
    "/message", status_code=201, openapi_extra=refuses(*CODES, "code_too_often")
)
async def send_step_up_message(
    here: Here, session: SignedIn, body: Waiting
) -> ChallengeAnswer:
    """Send a code for a step-up that waits; its time is not prolonged."""
    challenge = await here.gate.blocking(
        here.gate.use_cases.factors.send_message,
        here.context,
        session=session,
        challenge_id=body.challenge_id,
    )
    return challenge_view(challenge)


@router.post("/passkey-options", openapi_extra=refuses(*CODES, "factor_not_found"))
async def ask_step_up_passkey(
    here: Here, session: SignedIn, body: Waiting
) -> OptionsAnswer:
    """Options of ``navigator.credentials.get``; their challenge is for one use."""
    options = await here.gate.blocking(
        here.gate.use_cases.factors.ask_passkey,
        here.context,
        session=session,
        challenge_id=body.challenge_id,
    )
    return OptionsAnswer(public_key=dict(options))


@router.post("/second-factor", openapi_extra=refuses(*FACTORS))
async def step_up(
    here: Here, session: SignedIn, body: SecondFactor, response: Response
) -> SteppedUpAnswer:
    """Give a code; the session gets a new token."""
    proof = CodeProof(body.method, body.code)
    return await _step_up(here, session, body, proof, response)


@router.post("/second-factor/passkey", openapi_extra=refuses(*CODES, "passkey_wrong"))
async def step_up_by_passkey(
    here: Here, session: SignedIn, body: PasskeyFactor, response: Response
) -> SteppedUpAnswer:
    """Give a passkey; the session gets a new token."""
    proof = PasskeyProof(body.credential)
    return await _step_up(here, session, body, proof, response)


async def _step_up(
    here: Visit,
    session: Session,
    body: SecondFactor | PasskeyFactor,
    proof: Proof,
    response: Response,
) -> SteppedUpAnswer:
    token = await here.gate.blocking(
        here.gate.use_cases.factors.step_up,
        here.context,
        session=session,
        challenge_id=body.challenge_id,
        proof=proof,
    )
    set_session(response, token)
    return SteppedUpAnswer(fresh_for_s=FRESH_S)
