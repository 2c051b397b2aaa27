"""Coming in and going out: two factors, one session (clauses 4.3 to 4.9)."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from kernel.clock import rfc3339
from kernel.crypto import Json
from kernel.values import Phone
from services.auth.domain.sessions import Session
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.challenges import Code, challenge_view
from services.auth.gateway.gate import Gate, Here
from services.auth.gateway.passwords import Password
from services.auth.gateway.security import (
    LookedIn,
    SignedIn,
    clear_session,
    set_session,
)

router = APIRouter(prefix="/sessions", tags=["session"], route_class=StrictRoute)


class Credentials(Body):
    """Login (the phone number, in any usual notation) and password."""

    login: Annotated[str, Field(min_length=1, max_length=40)]
    password: Password


class SecondFactor(Body):
    """The code that was sent to the phone."""

    challenge_id: Id
    code: Code


@router.post("")
async def log_in(here: Here, body: Credentials) -> Response:
    """The first factor; a right one sends a code to the phone.

    A wrong password, an unknown number and a locked login get the same refusal
    ``login_refused``; when there is time to wait it says how long.
    """
    challenge = await here.gate.credentials(
        here.gate.use_cases.log_in,
        here.context,
        phone=Phone(body.login),
        password=body.password.get_secret_value(),
    )
    return JSONResponse(challenge_view(challenge))


@router.post("/second-factor", status_code=201)
async def open_session(here: Here, body: SecondFactor) -> Response:
    """The second factor; a right one opens the cabinet and sets the cookie."""
    session, token = await here.gate.blocking(
        here.gate.use_cases.open_session,
        here.context,
        challenge_id=body.challenge_id,
        code=body.code,
    )
    response = JSONResponse(_view(here.gate, session), status_code=201)
    set_session(response, token)
    return response


@router.get("/current")
async def get_session(here: Here, session: LookedIn) -> Response:
    """The session and its time left; asking does not prolong it."""
    return JSONResponse(_view(here.gate, session))


@router.delete("/current", status_code=204)
async def end_session(here: Here, session: SignedIn) -> Response:
    """Log out: the session is dead on the server before the answer comes."""
    await here.gate.blocking(
        here.gate.use_cases.end_session, here.context, session=session
    )
    response = Response(status_code=204)
    clear_session(response)
    return response


def _view(gate: Gate, session: Session) -> dict[str, Json]:
    return {
        "session_id": str(session.session_id),
        "client_id": str(session.client_id),
        "opened_at": rfc3339(session.opened_at),
        "idle_seconds_left": gate.use_cases.idle_left_s(session),
    }
