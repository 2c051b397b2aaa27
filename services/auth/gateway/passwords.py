"""The first password, chosen at the end of registration (clause 4.3)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, SecretStr

from kernel.errors import Broken, Refused
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.devices import Came, set_device
from services.auth.gateway.gate import Here, member
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import RegistrationToken

router = APIRouter(
    prefix="/registrations", tags=["registration"], route_class=StrictRoute
)

Password = Annotated[
    SecretStr, Field(min_length=1, max_length=512, examples=["a sentence I know"])
]
"""As typed or pasted; its own rules are judged later, on its normal form."""


class NewPassword(Body):
    """The password to be set."""

    password: Password


@router.post(
    "/{registration_id}/password",
    status_code=204,
    openapi_extra=refuses(
        "registration_unknown",
        "registration_unfinished",
        "password_weak",
        "password_already_set",
    ),
)
async def set_first_password(
    here: Here,
    registration_id: UUID,
    token: RegistrationToken,
    came: Came,
    body: NewPassword,
    response: Response,
) -> None:
    """Set the password of an active registration; once.

    The browser that passed the registration's ceremony is known from then on.
    """
    registration = await here.ask(
        "onboarding", "get_registration", registration_id=registration_id, token=token
    )
    if member(registration, "state") != "active":
        raise Refused(
            "registration_unfinished",
            "The registration is not finished yet.",
            next_step="Go on with the registration.",
        )
    client_id = member(registration, "client_id")
    if not isinstance(client_id, str):
        raise Broken("an active registration without a client")
    await here.gate.credentials(
        here.gate.use_cases.set_first_password,
        here.context,
        client_id=UUID(client_id),
        password=body.password.get_secret_value(),
    )
    await here.gate.blocking(
        here.gate.use_cases.entry.admit_registered,
        here.context,
        client_id=UUID(client_id),
        browser=came,
    )
    set_device(response, came.fresh_mark)
