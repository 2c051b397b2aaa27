"""Biometrics in a new browser, between both factors and the cabinet (ADR 0010).

Whoever gave both factors holds the token of the check, and nothing else yet.
"""

import base64
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.auth.domain.devices import DeviceCheck
from services.auth.gateway.answers import CeremonyAnswer
from services.auth.gateway.bodies import Body, Id, Nothing, StrictRoute
from services.auth.gateway.devices import Came
from services.auth.gateway.entry_answers import EntryAnswer
from services.auth.gateway.gate import Here, Visit
from services.auth.gateway.records import TELLS_ITSELF
from services.auth.gateway.refusals import BIOMETRICS_ASKED, refuses
from services.auth.gateway.security import CheckToken
from services.auth.gateway.sessions import SETS_COOKIES, entered

router = APIRouter(
    prefix="/sessions/device-checks", tags=["session"], route_class=StrictRoute
)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask ЦОИД."""


class Passed(Body):
    """The ceremony that was passed."""

    ceremony_id: Id


@router.post(
    "/{check_id}/ceremony",
    status_code=201,
    openapi_extra=refuses(
        "device_check_not_found", "ceremony_unknown", *BIOMETRICS_ASKED
    )
    | {TELLS_ITSELF: True},
)
async def open_check_ceremony(
    here: Here, token: CheckToken, check_id: UUID, _body: Nothing | None = None
) -> CeremonyAnswer:
    """Open (or show) the ceremony; only its biometrics are asked for here."""
    check = await _check(here, check_id, token)
    statement = here.gate.use_cases.entry.statement(check)
    return await here.ask_for(
        CeremonyAnswer,
        "onboarding",
        "open_ceremony",
        client_id=check.client_id,
        timeout_s=OUTER_ANSWER_S,
        operation=check.operation,
        document_b64=base64.b64encode(statement).decode("ascii"),
    )


@router.post(
    "/{check_id}/completion",
    status_code=201,
    responses=SETS_COOKIES,
    openapi_extra=refuses(
        "device_check_not_found", "device_check_unfinished", "ceremony_unknown"
    )
    | {TELLS_ITSELF: True},
)
async def complete_check(
    here: Here,
    token: CheckToken,
    came: Came,
    check_id: UUID,
    body: Passed,
    response: Response,
) -> EntryAnswer:
    """Open the cabinet once ЦОИД knew the client; the browser is known from then on."""
    check = await _check(here, check_id, token)
    ceremony = await here.ask_for(
        CeremonyAnswer,
        "onboarding",
        "get_ceremony",
        client_id=check.client_id,
        timeout_s=OUTER_ANSWER_S,
        ceremony_id=body.ceremony_id,
    )
    opened = await here.gate.blocking(
        here.gate.use_cases.entry.enter_checked,
        here.context,
        check=check,
        ceremony=ceremony.model_dump(mode="json"),
        browser=came,
    )
    return entered(here.gate, opened, response)


async def _check(here: Visit, check_id: UUID, token: str) -> DeviceCheck:
    return await here.gate.blocking(
        here.gate.use_cases.entry.find_check,
        here.context,
        check_id=check_id,
        token=token,
    )
