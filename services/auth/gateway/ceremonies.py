"""The identification ceremony as its owner's browser sees it (clauses 4.2, 5.2).

The owner is a client who is logged in, or who registers and holds the token of the
registration.  The return from ЦОИД comes across sites, where the session's cookie is
not sent: what carries it is `state`, a secret that only ЦОИД has sent the person with.
"""

from html import escape
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from kernel.errors import Refused
from services.auth.gateway.answers import CeremonyAnswer, CeremonyStep
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import AnswerT, Here, Visit
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import BIOMETRICS, CEREMONY, SIGNATURE, refuses
from services.auth.gateway.security import CeremonyHolder, Holder

router = APIRouter(prefix="/ceremonies", tags=["ceremony"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask ЦОИД or a certification authority."""
_LONGEST_CMS: Final = 48 * 1024
CABINET: Final = "/ceremony"
"""The cabinet's page that goes on with a ceremony."""
NOT_PASSED: Final = "not-passed"
"""Its last part when ЦОИД, or we, refused the attempt."""

Opaque = Annotated[
    str, Query(min_length=1, max_length=256, pattern="^[A-Za-z0-9._~-]+$")
]


class Signature(Body):
    """A detached CMS over the ceremony's document, in base64."""

    cms_b64: Annotated[
        str,
        Field(
            min_length=1,
            max_length=_LONGEST_CMS,
            pattern="^[A-Za-z0-9+/=]+$",
            examples=["MIIGfQYJKoZIhvcNAQcC"],
        ),
    ]


@router.get(
    "/return",
    response_model=CeremonyStep,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    openapi_extra=refuses(*BIOMETRICS, *CEREMONY),
)
async def return_from_biometrics(
    here: Here, request: Request, state: Opaque, code: Opaque
) -> CeremonyStep | Response:
    """The person comes back from ЦОИД; a browser gets a page of our own that goes on.

    A page and no redirect: only a navigation that begins on our site carries the
    Strict cookie of the session. A check that was not passed leads back too, to
    the screen that says so and offers the next attempt.
    """
    browser = "text/html" in request.headers.get("accept", "")
    try:
        answer = await here.ask_for(
            CeremonyStep,
            "onboarding",
            "complete_biometrics",
            timeout_s=OUTER_ANSWER_S,
            reference=state,
            code=code,
        )
    except Refused:
        if not browser:
            raise
        return _page(NOT_PASSED)
    return _page(str(answer.ceremony_id)) if browser else answer


def _page(step: str) -> Response:
    target = escape(f"{CABINET}/{step}", quote=True)
    return HTMLResponse(
        '<!doctype html><html lang="ru"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="0;url={target}">'
        f'<title>Kredit</title><a href="{target}">Продолжить</a></html>'
    )


@router.get(
    "/{ceremony_id}",
    openapi_extra=refuses("ceremony_unknown", "consent_missing") | {PERSONAL: True},
)
async def get_ceremony(
    here: Here, holder: CeremonyHolder, ceremony_id: UUID
) -> CeremonyAnswer:
    """The ceremony: its document, what has been proved, what is still to be done."""
    return await _of_owner(CeremonyAnswer, here, holder, "get_ceremony", ceremony_id)


@router.put("/{ceremony_id}/signature", openapi_extra=refuses(*CEREMONY, *SIGNATURE))
async def put_signature(
    here: Here, holder: CeremonyHolder, ceremony_id: UUID, body: Signature
) -> CeremonyStep:
    """Hand in the ЭЦП over the ceremony's document."""
    return await _of_owner(
        CeremonyStep, here, holder, "put_signature", ceremony_id, cms_b64=body.cms_b64
    )


async def _of_owner(
    kind: type[AnswerT],
    here: Visit,
    holder: Holder,
    method: str,
    ceremony_id: UUID,
    **more: str,
) -> AnswerT:
    return await here.ask_for(
        kind,
        "onboarding",
        method,
        client_id=holder.client_id,
        timeout_s=OUTER_ANSWER_S,
        ceremony_id=ceremony_id,
        token=holder.token,
        **more,
    )
