"""The identification ceremony as its owner's browser sees it (clauses 4.2, 5.2).

The owner is a client who is logged in, or who registers and holds the token of the
registration.  The return from ЦОИД comes across sites, where the session's cookie is
not sent: what carries it is `state`, a secret that only ЦОИД has sent the person with.
"""

from html import escape
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import Field

from kernel.crypto import Json
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import Here, Visit, member
from services.auth.gateway.security import bearer, signed_in

router = APIRouter(prefix="/ceremonies", tags=["ceremony"], route_class=StrictRoute)

OUTER_ANSWER_S: Final = 20.0
"""Steps that make onboarding ask ЦОИД or a certification authority."""
_LONGEST_CMS: Final = 48 * 1024
CABINET: Final = "/ceremony"
"""The cabinet's page that goes on with a ceremony."""

Opaque = Annotated[
    str, Query(min_length=1, max_length=256, pattern="^[A-Za-z0-9._~-]+$")
]


class Signature(Body):
    """A detached CMS over the ceremony's document, in base64."""

    cms_b64: Annotated[
        str, Field(min_length=1, max_length=_LONGEST_CMS, pattern="^[A-Za-z0-9+/=]+$")
    ]


@router.get("/return")
async def return_from_biometrics(
    here: Here, request: Request, state: Opaque, code: Opaque
) -> Response:
    """The person comes back from ЦОИД; a browser gets a page of our own that goes on.

    A page and no redirect: only a navigation that begins on our site carries the
    Strict cookie of the session.
    """
    answer = await here.ask(
        "onboarding",
        "complete_biometrics",
        timeout_s=OUTER_ANSWER_S,
        reference=state,
        code=code,
    )
    if "text/html" in request.headers.get("accept", ""):
        return _page(str(member(answer, "ceremony_id")))
    return JSONResponse(answer)


def _page(ceremony_id: str) -> Response:
    target = escape(f"{CABINET}/{ceremony_id}", quote=True)
    return HTMLResponse(
        '<!doctype html><html lang="ru"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="0;url={target}">'
        f'<title>Kredit</title><a href="{target}">Продолжить</a></html>'
    )


@router.get("/{ceremony_id}")
async def get_ceremony(here: Here, request: Request, ceremony_id: UUID) -> Response:
    """The ceremony: its document, what has been proved, what is still to be done."""
    answer = await _of_owner(here, request, "get_ceremony", ceremony_id)
    return JSONResponse(answer)


@router.put("/{ceremony_id}/signature")
async def put_signature(
    here: Here, request: Request, ceremony_id: UUID, body: Signature
) -> Response:
    """Hand in the ЭЦП over the ceremony's document."""
    answer = await _of_owner(
        here, request, "put_signature", ceremony_id, cms_b64=body.cms_b64
    )
    return JSONResponse(answer)


async def _of_owner(
    here: Visit, request: Request, method: str, ceremony_id: UUID, **more: str
) -> Json:
    token = bearer(request)
    client_id = None if token else (await signed_in(request)).client_id
    return await here.ask(
        "onboarding",
        method,
        client_id=client_id,
        timeout_s=OUTER_ANSWER_S,
        ceremony_id=ceremony_id,
        token=token,
        **more,
    )
