"""Second factors of a client who is logged in (clause 4.3).

Each change needs a step-up just before, gives the session a new token, ends the
client's other sessions and is told to the phone.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kernel.clock import rfc3339
from services.auth.domain.passkeys import Passkey
from services.auth.gateway.bodies import Body, Nothing, StrictRoute
from services.auth.gateway.challenges import Code
from services.auth.gateway.entry_answers import (
    FactorsAnswer,
    OptionsAnswer,
    PasskeyAnswer,
    RecoveryCodesAnswer,
    TotpAnswer,
)
from services.auth.gateway.gate import Here
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import SignedIn, set_session

router = APIRouter(prefix="/factors", tags=["factors"], route_class=StrictRoute)

Name = Annotated[str, Field(min_length=1, max_length=40, examples=["phone"])]
"""What its owner calls a passkey."""


class FirstCode(Body):
    """The first code of an authenticator."""

    code: Code


class NewPasskey(Body):
    """What ``navigator.credentials.create`` gave, as ``toJSON`` writes it."""

    name: Name
    credential: Annotated[dict[str, Any], Field(examples=[{"id": "bGV0dGVycw"}])]


class NewName(Body):
    """What a passkey is to be called."""

    name: Name


@router.get("")
async def list_factors(here: Here, session: SignedIn) -> FactorsAnswer:
    """Which second factors there are; the code by message is always one."""
    found = await here.gate.blocking(
        here.gate.use_cases.factors.show, here.context, session=session
    )
    since = found.standing.totp_since
    return FactorsAnswer(
        methods=list(found.standing.methods),
        totp_since=None if since is None else rfc3339(since),
        recovery_codes_left=found.standing.recovery_left,
        passkeys=[_passkey_view(key) for key in found.passkeys],
    )


@router.post(
    "/totp",
    status_code=201,
    openapi_extra=refuses("step_up_required", "factor_exists"),
)
async def begin_totp(
    here: Here, session: SignedIn, _body: Nothing | None = None
) -> TotpAnswer:
    """A secret for an authenticator, shown this once; it counts once confirmed."""
    begun = await here.gate.blocking(
        here.gate.use_cases.factors.begin_totp, here.context, session=session
    )
    return TotpAnswer(key=begun.secret, otpauth_uri=begun.uri)


@router.post(
    "/totp/confirmation",
    status_code=204,
    openapi_extra=refuses(
        "code_wrong", "factor_locked", "factor_exists", "factor_not_found"
    ),
)
async def confirm_totp(
    here: Here, session: SignedIn, body: FirstCode, response: Response
) -> None:
    """Enrol the authenticator by its first code."""
    token = await here.gate.blocking(
        here.gate.use_cases.factors.confirm_totp,
        here.context,
        session=session,
        code=body.code,
    )
    set_session(response, token)


@router.delete(
    "/totp",
    status_code=204,
    openapi_extra=refuses("step_up_required", "factor_not_found"),
)
async def remove_totp(here: Here, session: SignedIn, response: Response) -> None:
    """Forget the authenticator."""
    token = await here.gate.blocking(
        here.gate.use_cases.factors.remove_totp, here.context, session=session
    )
    set_session(response, token)


@router.post(
    "/recovery-codes", status_code=201, openapi_extra=refuses("step_up_required")
)
async def replace_recovery_codes(
    here: Here, session: SignedIn, response: Response, _body: Nothing | None = None
) -> RecoveryCodesAnswer:
    """A new set of recovery codes, shown this once; earlier ones open nothing."""
    codes, token = await here.gate.blocking(
        here.gate.use_cases.factors.replace_recovery_codes,
        here.context,
        session=session,
    )
    set_session(response, token)
    return RecoveryCodesAnswer(codes=codes)


@router.post(
    "/passkeys/options", openapi_extra=refuses("step_up_required", "passkeys_too_many")
)
async def begin_passkey(
    here: Here, session: SignedIn, _body: Nothing | None = None
) -> OptionsAnswer:
    """Options of ``navigator.credentials.create``; their challenge is for one use."""
    options = await here.gate.blocking(
        here.gate.use_cases.factors.begin_passkey, here.context, session=session
    )
    return OptionsAnswer(public_key=dict(options))


@router.post("/passkeys", status_code=201, openapi_extra=refuses("passkey_wrong"))
async def add_passkey(
    here: Here, session: SignedIn, body: NewPasskey, response: Response
) -> PasskeyAnswer:
    """Keep a passkey whose holder the authenticator has verified."""
    passkey, token = await here.gate.blocking(
        here.gate.use_cases.factors.add_passkey,
        here.context,
        session=session,
        name=body.name,
        credential=body.credential,
    )
    set_session(response, token)
    return _passkey_view(passkey)


@router.put("/passkeys/{passkey_id}/name", openapi_extra=refuses("factor_not_found"))
async def rename_passkey(
    here: Here, session: SignedIn, passkey_id: UUID, body: NewName
) -> PasskeyAnswer:
    """Call a passkey something else."""
    passkey = await here.gate.blocking(
        here.gate.use_cases.factors.rename_passkey,
        here.context,
        session=session,
        passkey_id=passkey_id,
        name=body.name,
    )
    return _passkey_view(passkey)


@router.delete(
    "/passkeys/{passkey_id}",
    status_code=204,
    openapi_extra=refuses("step_up_required", "factor_not_found"),
)
async def remove_passkey(
    here: Here, session: SignedIn, passkey_id: UUID, response: Response
) -> None:
    """Forget a passkey."""
    token = await here.gate.blocking(
        here.gate.use_cases.factors.remove_passkey,
        here.context,
        session=session,
        passkey_id=passkey_id,
    )
    set_session(response, token)


def _passkey_view(passkey: Passkey) -> PasskeyAnswer:
    used = passkey.used_at
    return PasskeyAnswer(
        passkey_id=passkey.passkey_id,
        name=passkey.name,
        added_at=rfc3339(passkey.added_at),
        used_at=None if used is None else rfc3339(used),
        suspended=passkey.suspended_at is not None,
    )
