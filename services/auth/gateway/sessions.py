"""Coming in and going out: two factors, one session (clauses 4.3 to 4.9)."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from kernel.clock import rfc3339
from kernel.values import Phone
from services.auth.domain.devices import Browser
from services.auth.domain.factors import (
    CodeMethod,
    CodeProof,
    PasskeyProof,
    Proof,
)
from services.auth.domain.sessions import Session
from services.auth.gateway.answers import ChallengeAnswer, SessionAnswer
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.challenges import AnyCode, challenge_view, waiting_view
from services.auth.gateway.devices import Came, check_view, set_device
from services.auth.gateway.entry_answers import (
    EntryAnswer,
    ListedSession,
    OptionsAnswer,
    SessionsAnswer,
    WaitingAnswer,
)
from services.auth.gateway.gate import Gate, Here, Visit
from services.auth.gateway.passwords import Password
from services.auth.gateway.records import TELLS_ITSELF
from services.auth.gateway.refusals import CODES, FACTORS, refuses
from services.auth.gateway.security import (
    LookedIn,
    SignedIn,
    clear_session,
    set_session,
)
from services.auth.gateway.sources import source_of
from services.auth.wiring import CheckDue, Entered

router = APIRouter(prefix="/sessions", tags=["session"], route_class=StrictRoute)

SETS_COOKIES: Final[dict[int | str, dict[str, Any]]] = {
    201: {"headers": {"Set-Cookie": {"schema": {"type": "string"}}}}
}


class Credentials(Body):
    """Login (the phone number, in any usual notation) and password."""

    login: Annotated[
        str, Field(min_length=1, max_length=40, examples=["+7 701 123 45 67"])
    ]
    password: Password


class Waiting(Body):
    """What waits for its second factor."""

    challenge_id: Id


class SecondFactor(Body):
    """A code: of the message, of an authenticator, or one of those on paper."""

    challenge_id: Id
    method: CodeMethod = "sms"
    code: AnyCode


class PasskeyFactor(Body):
    """What ``navigator.credentials.get`` gave, as ``toJSON`` writes it."""

    challenge_id: Id
    credential: Annotated[dict[str, Any], Field(examples=[{"id": "bGV0dGVycw"}])]


@router.post(
    "",
    openapi_extra=refuses(
        "login_refused", "login_too_often", "phone_invalid", "code_too_often"
    )
    | {TELLS_ITSELF: True},
)
async def log_in(request: Request, here: Here, body: Credentials) -> WaitingAnswer:
    """The first factor; the answer to a right one says what may be the second.

    A code is sent to the phone at once unless the client has a better second factor.
    A wrong password, an unknown number and a locked login get the same refusal
    ``login_refused``; when there is time to wait it says how long.  Who fails too often
    gets ``login_too_often``, whatever the number, and nothing is counted.
    """
    challenge, methods = await here.gate.credentials(
        here.gate.use_cases.log_in,
        here.context,
        phone=Phone(body.login),
        password=body.password.get_secret_value(),
        source=source_of(request),
    )
    return waiting_view(challenge, methods)


@router.post(
    "/second-factor/message",
    status_code=201,
    openapi_extra=refuses(*CODES, "code_too_often"),
)
async def send_login_message(here: Here, body: Waiting) -> ChallengeAnswer:
    """Send a code for a login that waits; its time is not prolonged."""
    challenge = await here.gate.blocking(
        here.gate.use_cases.entry.send_message,
        here.context,
        challenge_id=body.challenge_id,
    )
    return challenge_view(challenge)


@router.post(
    "/second-factor/passkey-options",
    openapi_extra=refuses(*CODES, "factor_not_found"),
)
async def ask_login_passkey(here: Here, body: Waiting) -> OptionsAnswer:
    """Options of ``navigator.credentials.get``; their challenge is for one use."""
    options = await here.gate.blocking(
        here.gate.use_cases.entry.ask_passkey,
        here.context,
        challenge_id=body.challenge_id,
    )
    return OptionsAnswer(public_key=dict(options))


@router.post(
    "/second-factor",
    status_code=201,
    responses=SETS_COOKIES,
    openapi_extra=refuses(*FACTORS, "device_check_too_often") | {TELLS_ITSELF: True},
)
async def open_session(
    here: Here, came: Came, body: SecondFactor, response: Response
) -> EntryAnswer:
    """The second factor; a right one opens the cabinet and sets the cookie.

    In a browser new to the login it answers with a check instead: biometrics are due
    before the cabinet opens.
    """
    proof = CodeProof(body.method, body.code)
    return await _enter(here, came, body.challenge_id, proof, response)


@router.post(
    "/second-factor/passkey",
    status_code=201,
    responses=SETS_COOKIES,
    openapi_extra=refuses(*CODES, "passkey_wrong", "device_check_too_often")
    | {TELLS_ITSELF: True},
)
async def open_by_passkey(
    here: Here, came: Came, body: PasskeyFactor, response: Response
) -> EntryAnswer:
    """A passkey as the second factor; the answers are those of a code."""
    proof = PasskeyProof(body.credential)
    return await _enter(here, came, body.challenge_id, proof, response)


@router.get("")
async def list_sessions(here: Here, session: SignedIn) -> SessionsAnswer:
    """Where the client is logged in: since when, where, and which one this is."""
    found = await here.gate.blocking(
        here.gate.use_cases.stays.list_own, here.context, session=session
    )
    return SessionsAnswer(sessions=[_listed(one, current=session) for one in found])


@router.get("/current")
async def get_session(here: Here, session: LookedIn) -> SessionAnswer:
    """The session and its time left; asking does not prolong it."""
    return SessionAnswer(
        session_id=session.session_id,
        client_id=session.client_id,
        opened_at=rfc3339(session.opened_at),
        idle_seconds_left=here.gate.use_cases.idle_left_s(session),
    )


@router.delete("/current", status_code=204)
async def end_session(here: Here, session: SignedIn, response: Response) -> None:
    """Log out: the session is dead on the server before the answer comes."""
    await here.gate.blocking(
        here.gate.use_cases.end_session, here.context, session=session
    )
    clear_session(response)


@router.delete("/others", status_code=204)
async def end_other_sessions(here: Here, session: SignedIn) -> None:
    """End all the client's sessions but this one."""
    await here.gate.blocking(
        here.gate.use_cases.stays.revoke_others, here.context, session=session
    )


@router.delete(
    "/{session_id}", status_code=204, openapi_extra=refuses("session_not_found")
)
async def revoke_session(here: Here, session: SignedIn, session_id: UUID) -> None:
    """End one of the client's sessions, wherever it was opened."""
    await here.gate.blocking(
        here.gate.use_cases.stays.revoke,
        here.context,
        session=session,
        session_id=session_id,
    )


async def _enter(
    here: Visit, came: Browser, challenge_id: UUID, proof: Proof, response: Response
) -> EntryAnswer:
    answer = await here.gate.blocking(
        here.gate.use_cases.entry.open_session,
        here.context,
        challenge_id=challenge_id,
        proof=proof,
        browser=came,
    )
    if isinstance(answer, CheckDue):
        return check_view(answer)
    return entered(here.gate, answer, response)


def entered(gate: Gate, opened: Entered, response: Response) -> EntryAnswer:
    """The answer that opens the cabinet: the session's cookie and the browser's."""
    set_session(response, opened.token)
    set_device(response, opened.mark)
    session = opened.session
    return EntryAnswer(
        session_id=session.session_id,
        client_id=session.client_id,
        opened_at=rfc3339(session.opened_at),
        idle_seconds_left=gate.use_cases.idle_left_s(session),
        device_check=None,
    )


def _listed(session: Session, *, current: Session) -> ListedSession:
    return ListedSession(
        session_id=session.session_id,
        opened_at=rfc3339(session.opened_at),
        active_at=rfc3339(session.active_at),
        browser=session.browser,
        current=session.session_id == current.session_id,
    )
