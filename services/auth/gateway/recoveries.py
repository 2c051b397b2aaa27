"""Who has forgotten the password, or lost the number (ADR 0013).

A code to the phone and biometrics give a new password; password and biometrics open the
change of a lost number; who has lost both visits the office, whose pass stands for the
password.  None of them opens the cabinet, nor a lock before its time (4.7).
"""

import base64
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, SecretStr

from kernel.clock import rfc3339
from kernel.values import Phone
from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.gateway.answers import CeremonyAnswer, ChallengeAnswer
from services.auth.gateway.bodies import Body, Id, Nothing, StrictRoute
from services.auth.gateway.challenges import Code, challenge_view
from services.auth.gateway.entry_answers import RecoveryAnswer, RightAnswer
from services.auth.gateway.gate import Here, Visit
from services.auth.gateway.passwords import Password
from services.auth.gateway.records import TELLS_ITSELF
from services.auth.gateway.refusals import BIOMETRICS_ASKED, CODES, refuses
from services.auth.gateway.security import RecoveryToken
from services.auth.gateway.sessions import Credentials
from services.auth.gateway.sources import source_of
from services.auth.wiring import CheckDue

router = APIRouter(tags=["recovery"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask ЦОИД."""
_BEGUN: Final = ("login_too_often", "recovery_too_often")
_GOES_ON: Final = ("recovery_not_found", "ceremony_unknown")


class Forgotten(Body):
    """The login whose password is forgotten, in any usual notation."""

    login: Annotated[
        str, Field(min_length=1, max_length=40, examples=["+7 701 123 45 67"])
    ]


class SentCode(Body):
    """The code of the message."""

    challenge_id: Id
    code: Code


class AtTheOffice(Body):
    """What the client was given at the office, used up by this."""

    office_pass: Annotated[
        SecretStr,
        Field(min_length=43, max_length=43, examples=["k" * 43]),
    ]


class Passed(Body):
    """The ceremony that was passed."""

    ceremony_id: Id


class NewPassword(Passed):
    """The ceremony that was passed, and the password from now on."""

    password: Password


@router.post(
    "/password-recoveries",
    status_code=201,
    openapi_extra=refuses("login_too_often", "phone_invalid", "code_too_often")
    | {TELLS_ITSELF: True},
)
async def start_password_recovery(
    request: Request, here: Here, body: Forgotten
) -> ChallengeAnswer:
    """A forgotten password: a code goes to the phone, if the number is a login.

    The answer is the same for every number.
    """
    challenge = await here.gate.blocking(
        here.gate.use_cases.recovery.send_code,
        here.context,
        phone=Phone(body.login),
        source=source_of(request),
    )
    return challenge_view(challenge)


@router.post(
    "/password-recoveries/phone-confirmation",
    status_code=201,
    openapi_extra=refuses(*CODES, *_BEGUN, "factor_locked") | {TELLS_ITSELF: True},
)
async def prove_recovery_phone(
    request: Request, here: Here, body: SentCode
) -> RecoveryAnswer:
    """Prove that the phone is in hand; biometrics are due before a new password."""
    due = await here.gate.blocking(
        here.gate.use_cases.recovery.prove_code,
        here.context,
        challenge_id=body.challenge_id,
        code=body.code,
        source=source_of(request),
    )
    return _view(due)


@router.post(
    "/password-recoveries/{recovery_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(*_GOES_ON, *BIOMETRICS_ASKED) | {TELLS_ITSELF: True},
)
async def open_password_ceremony(
    here: Here, token: RecoveryToken, recovery_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony; only its biometrics are asked for here."""
    return await _ceremony(here, recovery_id, token, "password")


@router.post(
    "/password-recoveries/{recovery_id}/completion",
    status_code=204,
    openapi_extra=refuses(*_GOES_ON, "recovery_unfinished", "password_weak")
    | {TELLS_ITSELF: True},
)
async def set_recovered_password(
    here: Here, token: RecoveryToken, recovery_id: UUID, body: NewPassword
) -> None:
    """Set a new password once ЦОИД knew the client; every session ends.

    It opens nothing by itself: one logs in with it, after a lock as well.
    """
    check = await _check(here, recovery_id, token, "password")
    ceremony = await _shown(here, check, body.ceremony_id)
    await here.gate.credentials(
        here.gate.use_cases.recovery.set_password,
        here.context,
        check=check,
        ceremony=ceremony.model_dump(mode="json"),
        password=body.password.get_secret_value(),
    )


@router.post(
    "/number-recoveries",
    status_code=201,
    openapi_extra=refuses("login_refused", "phone_invalid", *_BEGUN)
    | {TELLS_ITSELF: True},
)
async def start_number_recovery(
    request: Request, here: Here, body: Credentials
) -> RecoveryAnswer:
    """A lost number: the password is counted and refused as at a login.

    After it, biometrics are due; then the token opens the change of number alone.
    """
    due = await here.gate.credentials(
        here.gate.use_cases.recovery.prove_password,
        here.context,
        phone=Phone(body.login),
        password=body.password.get_secret_value(),
        source=source_of(request),
    )
    return _view(due)


@router.post(
    "/number-recoveries/by-office-pass",
    status_code=201,
    openapi_extra=refuses("pass_not_valid", *_BEGUN) | {TELLS_ITSELF: True},
)
async def start_recovery_by_office_pass(
    request: Request, here: Here, body: AtTheOffice
) -> RecoveryAnswer:
    """Number and password lost: the pass of the office stands for the password.

    After it, biometrics are due; then the token opens the change of number alone.
    """
    due = await here.gate.blocking(
        here.gate.use_cases.recovery.prove_visit,
        here.context,
        office_pass=body.office_pass.get_secret_value(),
        source=source_of(request),
    )
    return _view(due)


@router.post(
    "/number-recoveries/{recovery_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(*_GOES_ON, *BIOMETRICS_ASKED) | {TELLS_ITSELF: True},
)
async def open_number_ceremony(
    here: Here, token: RecoveryToken, recovery_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony; only its biometrics are asked for here."""
    return await _ceremony(here, recovery_id, token, "number")


@router.post(
    "/number-recoveries/{recovery_id}/completion",
    status_code=201,
    openapi_extra=refuses(*_GOES_ON, "recovery_unfinished") | {TELLS_ITSELF: True},
)
async def allow_number_change(
    here: Here, token: RecoveryToken, recovery_id: UUID, body: Passed
) -> RightAnswer:
    """Let the token change the number, once ЦОИД knew the client; nothing else."""
    check = await _check(here, recovery_id, token, "number")
    ceremony = await _shown(here, check, body.ceremony_id)
    right = await here.gate.blocking(
        here.gate.use_cases.recovery.allow_change,
        here.context,
        check=check,
        ceremony=ceremony.model_dump(mode="json"),
    )
    return RightAnswer(expires_at=rfc3339(right.expires_at))


def _view(due: CheckDue) -> RecoveryAnswer:
    return RecoveryAnswer(
        recovery_id=due.check.check_id,
        token=due.token,
        expires_at=rfc3339(due.check.expires_at),
    )


async def _check(here: Visit, recovery_id: UUID, token: str, aim: Aim) -> DeviceCheck:
    return await here.gate.blocking(
        here.gate.use_cases.recovery.find,
        here.context,
        recovery_id=recovery_id,
        token=token,
        aim=aim,
    )


async def _ceremony(
    here: Visit, recovery_id: UUID, token: str, aim: Aim
) -> CeremonyAnswer:
    check = await _check(here, recovery_id, token, aim)
    statement = here.gate.use_cases.recovery.statement(check)
    return await here.ask_for(
        CeremonyAnswer,
        "onboarding",
        "open_ceremony",
        client_id=check.client_id,
        timeout_s=OUTER_ANSWER_S,
        operation=check.operation,
        document_b64=base64.b64encode(statement).decode("ascii"),
    )


async def _shown(here: Visit, check: DeviceCheck, ceremony_id: UUID) -> CeremonyAnswer:
    return await here.ask_for(
        CeremonyAnswer,
        "onboarding",
        "get_ceremony",
        client_id=check.client_id,
        timeout_s=OUTER_ANSWER_S,
        ceremony_id=ceremony_id,
    )
