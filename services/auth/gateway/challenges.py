"""Fresh second factors for single acts of a client who is logged in (ASVS 7.5.3)."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from kernel.clock import rfc3339
from services.auth.domain.codes import Act, ActPurpose, Challenge
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/challenges", tags=["cabinet"], route_class=StrictRoute)

Code = Annotated[str, Field(pattern="^[0-9]{6}$")]
"""The six digits of a message."""


class NewChallenge(Body):
    """The act a code is asked for."""

    purpose: ActPurpose
    contract_id: Id


@router.post("", status_code=201)
async def send_challenge(here: Here, session: SignedIn, body: NewChallenge) -> Response:
    """Send a code for one act on one contract; it opens nothing else."""
    challenge = await here.gate.blocking(
        here.gate.use_cases.challenge_client,
        here.context,
        session=session,
        act=Act(body.purpose, body.contract_id),
    )
    return JSONResponse(challenge_view(challenge), status_code=201)


def challenge_view(challenge: Challenge) -> dict[str, str]:
    """What may be told of a challenge."""
    return {
        "challenge_id": str(challenge.challenge_id),
        "expires_at": rfc3339(challenge.expires_at),
    }
