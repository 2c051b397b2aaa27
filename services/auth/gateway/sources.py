"""Where a request comes from: the one place that believes an address.

A browser is named for antifraud by an id of its own in a cookie, apart from the mark by
which a login knows it (`devices`): the mark is made anew, and this one stays, whoever
registers or logs in there (ADR 0060).  It opens nothing and is kept nowhere; what
leaves the gateway is its keyed token.
"""

import re
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from kernel.crypto import b64url, random_bytes
from services.auth.domain.sources import Source

BROWSER_COOKIE: Final = "__Host-browser"
_BROWSER_KEPT_S: Final = 400 * 24 * 3600
"""Longer no browser keeps a cookie (RFC 6265bis, section 5.5)."""
_BROWSER_BYTES: Final = 32
_BROWSER_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def source_of(request: Request) -> Source:
    """The visitor's address by the word of the web tier alone; never for a log.

    Nobody else passes our handshake, and it writes over whatever a visitor says of
    themselves (ASVS 4.1.3, 15.3.4); no other header counts.  Without its word all
    visitors are one source, the peer of the connection.
    """
    said = request.headers.getlist("x-real-ip")
    if len(said) == 1:
        return Source.of(said[0])
    return Source.of(request.client.host if request.client else None)


async def _browser_id(request: Request, response: Response) -> str:
    """The browser's id; one that brings none, or none of our form, is given one."""
    said = request.cookies.get(BROWSER_COOKIE, "")
    if _BROWSER_ID.fullmatch(said):
        return said
    fresh = b64url(random_bytes(_BROWSER_BYTES))
    response.set_cookie(
        BROWSER_COOKIE,
        fresh,
        max_age=_BROWSER_KEPT_S,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return fresh


BrowserId = Annotated[str, Depends(_browser_id)]
