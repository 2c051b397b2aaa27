"""Coming in and going out: two factors, one session (clauses 4.3 to 4.9)."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from kernel.clock import rfc3339
from kernel.values import Phone
from services.auth.domain.sessions import Session
from services.auth.gateway.answers import ChallengeAnswer, SessionAnswer
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.challenges import Code, challenge_view
from services.auth.gateway.gate import Gate, Here
from services.auth.gateway.passwords import Password
from services.auth.gateway.records import TELLS_ITSELF
from services.auth.gateway.refusals import CODES, refuses
from services.auth.gateway.security import (
    LookedIn,
    SignedIn,
    clear_session,
    set_session,
)
from services.auth.gateway.sources import source_of

router = APIRouter(prefix="/sessions", tags=["session"], route_class=StrictRoute)


class Credentials(Body):
    """Login (the phone number, in any usual notation) and password."""

    login: Annotated[
        str, Field(min_length=1, max_length=40, examples=["+7 701 123 45 67"])
    ]
    password: Password


class SecondFactor(Body):
    """The code that was sent to the phone."""

    challenge_id: Id
    code: Code


@router.post(
    "",
    openapi_extra=refuses(
        "login_refused", "login_too_often", "phone_invalid", "code_too_often"
    )
    | {TELLS_ITSELF: True},
)
async def log_in(request: Request, here: Here, body: Credentials) -> ChallengeAnswer:
    """The first factor; a right one sends a code to the phone.

    A wrong password, an unknown number and a locked login get the same refusal
    ``login_refused``; when there is time to wait it says how long.  Who fails too often
    gets ``login_too_often``, whatever the number, and nothing is counted.
    """
    challenge = await here.gate.credentials(
        here.gate.use_cases.log_in,
        here.context,
        phone=Phone(body.login),
        password=body.password.get_secret_value(),
        source=source_of(request),
    )
    return challenge_view(challenge)


@router.post(
    "/second-factor",
    status_code=201,
    responses={201: {"headers": {"Set-Cookie": {"schema": {"type": "string"}}}}},
    openapi_extra=refuses(*CODES) | {TELLS_ITSELF: True},
)
async def open_session(
    here: Here, body: SecondFactor, response: Response
) -> SessionAnswer:
    """The second factor; a right one opens the cabinet and sets the cookie."""
    session, token = await here.gate.blocking(
        here.gate.use_cases.open_session,
        here.context,
        challenge_id=body.challenge_id,
        code=body.code,
    )
    set_session(response, token)
    return _view(here.gate, session)


@router.get("/current")
async def get_session(here: Here, session: LookedIn) -> SessionAnswer:
    """The session and its time left; asking does not prolong it."""
    return _view(here.gate, session)


@router.delete("/current", status_code=204)
async def end_session(here: Here, session: SignedIn, response: Response) -> None:
    """Log out: the session is dead on the server before the answer comes."""
    await here.gate.blocking(
        here.gate.use_cases.end_session, here.context, session=session
    )
    clear_session(response)


def _view(gate: Gate, session: Session) -> SessionAnswer:
    return SessionAnswer(
        session_id=session.session_id,
        client_id=session.client_id,
        opened_at=rfc3339(session.opened_at),
        idle_seconds_left=gate.use_cases.idle_left_s(session),
    )
