"""Who is asking, and from where: sessions, registration tokens, same-origin rules."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from kernel.errors import Refused
from services.auth.domain.sessions import Session, session_required
from services.auth.gateway.gate import context_of, gate_of
from services.auth.gateway.problems import cross_site

SESSION_COOKIE: Final = "__Host-session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BACKGROUND: Final = "background"
"""Value of ``X-Activity`` of a page that asks by itself; it keeps no session alive."""

_LONGEST_TOKEN: Final = 512
_SAME_SITE_WORDS: Final = frozenset({"same-origin", "none"})

HEADERS: Final = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"Accept-Language"),
)
"""On every answer (ASVS 3.4)."""


def refuse_cross_site(request: Request, origins: frozenset[str]) -> None:
    """Refuse an unsafe request that says it was made by another site (case A09).

    Browsers tell by ``Sec-Fetch-Site`` or ``Origin``; whoever sends neither is no
    browser, and then `signed_in` accepts no cookie from it.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in _SAME_SITE_WORDS:
        raise cross_site()
    if origin is not None and origin not in origins:
        raise cross_site()


async def signed_in(request: Request) -> Session:
    """The living session of the cookie; Refused ``session_required``.

    An unsafe request must also show that our own page made it.
    """
    return await _session(request, activity=_is_activity(request))


async def looked_in(request: Request) -> Session:
    """As `signed_in`, but looking is no activity (clause 4.8, case A08)."""
    return await _session(request, activity=False)


async def _session(request: Request, *, activity: bool) -> Session:
    token = request.cookies.get(SESSION_COOKIE, "")
    if not 0 < len(token) <= _LONGEST_TOKEN:
        raise session_required()
    if request.method not in SAFE_METHODS and not _says_where_from(request):
        raise cross_site()
    gate = gate_of(request)
    knock = gate.use_cases.knock(token, activity=activity)
    session = await gate.sessions.ask(knock)
    if session is None:
        session = await gate.blocking(gate.use_cases.authenticate, knock)
    request.state.client_id = session.client_id
    return session


def _says_where_from(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") == "same-origin" or (
        "origin" in request.headers
    )


def _is_activity(request: Request) -> bool:
    return request.headers.get("x-activity") != BACKGROUND


async def registration_token(request: Request) -> str:
    """The bearer token of a registration (RFC 6750); Refused ``token_required``."""
    token = bearer(request)
    if token is None:
        raise Refused(
            "token_required",
            "The token that a former answer gave is missing.",
            next_step="Send it as Authorization: Bearer, or start again.",
        )
    return token


async def check_token(request: Request) -> str:
    """The bearer token of a new browser's check; Refused ``token_required``."""
    return await registration_token(request)


async def recovery_token(request: Request) -> str:
    """The bearer token of a recovery; Refused ``token_required``."""
    return await registration_token(request)


async def number_changer(request: Request) -> UUID:
    """Whose number may be changed: of who is logged in, or has lost the old one.

    The token of a lost number opens this and nothing else: no other operation asks for
    it.  Refused ``session_required``.
    """
    token = bearer(request)
    if token is None:
        return (await signed_in(request)).client_id
    gate = gate_of(request)
    client_id = await gate.blocking(
        gate.use_cases.recovery.client_of_right, context_of(request), token=token
    )
    request.state.client_id = client_id
    return client_id


def bearer(request: Request) -> str | None:
    """The token of ``Authorization: Bearer``, if there is one of a sane length."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    return token


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a ceremony may belong to: a registration's token, or a client logged in."""

    token: str | None
    client_id: UUID | None


async def holder(request: Request) -> Holder:
    """The bearer of a registration's token, else whoever is logged in."""
    token = bearer(request)
    if token is not None:
        return Holder(token, None)
    return Holder(None, (await signed_in(request)).client_id)


def set_session(response: Response, token: str) -> None:
    """Give the browser its token: for this host, out of reach of scripts, unsaved.

    No lifetime: the browser forgets it when it closes (clause 4.9).
    """
    response.set_cookie(
        SESSION_COOKIE, token, path="/", secure=True, httponly=True, samesite="strict"
    )


def clear_session(response: Response) -> None:
    """Take the token away."""
    response.delete_cookie(
        SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="strict"
    )


SignedIn = Annotated[Session, Depends(signed_in)]
LookedIn = Annotated[Session, Depends(looked_in)]
CheckToken = Annotated[str, Depends(check_token)]
RegistrationToken = Annotated[str, Depends(registration_token)]
RecoveryToken = Annotated[str, Depends(recovery_token)]
NumberChanger = Annotated[UUID, Depends(number_changer)]
CeremonyHolder = Annotated[Holder, Depends(holder)]
