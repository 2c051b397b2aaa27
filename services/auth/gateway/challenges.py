"""Fresh second factors for single acts of a client who is logged in (ASVS 7.5.3)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from kernel.clock import rfc3339
from services.auth.domain.codes import Act, ActPurpose, Challenge
from services.auth.domain.factors import Method
from services.auth.gateway.answers import ChallengeAnswer
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.entry_answers import WaitingAnswer
from services.auth.gateway.gate import Here
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/challenges", tags=["cabinet"], route_class=StrictRoute)

Code = Annotated[str, Field(pattern="^[0-9]{6}$", examples=["123456"])]
"""The six digits of a message."""
AnyCode = Annotated[
    str,
    Field(
        pattern="^([0-9]{6}|([A-Za-z2-7]{4}[- ]?){3}[A-Za-z2-7]{4})$",
        examples=["123456"],
    ),
]
"""Six digits, or the sixteen letters of a recovery code, in groups or not."""


class NewChallenge(Body):
    """The act a code is asked for."""

    purpose: ActPurpose
    contract_id: Id


@router.post("", status_code=201, openapi_extra=refuses("code_too_often"))
async def send_challenge(
    here: Here, session: SignedIn, body: NewChallenge
) -> ChallengeAnswer:
    """Send a code for one act on one contract; it opens nothing else."""
    challenge = await here.gate.blocking(
        here.gate.use_cases.challenge_client,
        here.context,
        session=session,
        act=Act(body.purpose, body.contract_id),
    )
    return challenge_view(challenge)


def challenge_view(challenge: Challenge) -> ChallengeAnswer:
    """What may be told of a challenge."""
    return ChallengeAnswer(
        challenge_id=challenge.challenge_id, expires_at=rfc3339(challenge.expires_at)
    )


def waiting_view(challenge: Challenge, methods: Sequence[Method]) -> WaitingAnswer:
    """A challenge, and what may be given for it; the best first."""
    return WaitingAnswer(
        challenge_id=challenge.challenge_id,
        expires_at=rfc3339(challenge.expires_at),
        second_factors=list(methods),
    )
