"""Acting upon what one has seen: ETag and If-Match (RFC 9110 §8.8.3, §13.1.1).

Two writers meet at a contract: the client on two devices, and the clock.  The two
statements that lead to money (clause 5.5) must therefore name the version they were
decided upon; so must an act on one of several accounts (4.10).  A refusal need not:
whoever wants out must not lose a race for it.  Everything else a client writes is
written once, by the states of its owner.
"""

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Response

from services.auth.gateway.problems import BadRequestError

ETAG: Final = {"ETag": {"schema": {"type": "string"}}}
VERSION_HEADER: Final = "If-Match"
HELD_HEADER: Final = "If-None-Match"
"""Names what the client has already (RFC 9110 §13.1.2)."""
NOT_MODIFIED: Final = 304
STRONG: Final = re.compile(r'^"([!#-~]{1,64})"$')


async def seen_version(
    if_match: Annotated[
        str | None,
        Header(description="The ETag of what the client has decided upon."),
    ] = None,
) -> str:
    """The version a request names; another one than strong and single never matches.

    BadRequestError: ``precondition_required``, ``version_stale``.
    """
    if if_match is None or if_match.strip() == "*":
        raise BadRequestError(
            "precondition_required",
            "The request does not say which version was seen.",
            next_step="Read what is to be decided upon and send its ETag in If-Match.",
        )
    named = STRONG.fullmatch(if_match.strip())
    if named is None:
        raise BadRequestError(
            "version_stale",
            "It has changed since it was shown.",
            next_step="Look at it again, then decide.",
        )
    return named[1]


Seen = Annotated[str, Depends(seen_version)]


def show_version(response: Response, version: str) -> None:
    """Name the version that is sent."""
    response.headers["ETag"] = f'"{version}"'
