"""What nginx itself refuses or cannot do, as problems (RFC 9457) like the gateway's.

Codes and members are the gateway's own, so that a client reads one language whoever
answered. A problem quotes nothing of the request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

MEDIA_TYPE = "application/problem+json"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_TYPE_PREFIX = "urn:kredit:problem:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer of nginx's own: for which of its errors, and what it says."""

    errors: tuple[int, ...]
    """nginx's error numbers; those from 494 to 497 are its inventions."""
    status: int
    code: str
    detail: str
    next_step: str
    headers: Mapping[str, str] = field(default_factory=dict)
    ends: bool = False
    """Whether the connection ends, where nginx would have gone on."""

    @property
    def place(self) -> str:
        """Where nginx finds it. No named location: those fail without an address."""
        return f"/.problem/{self.code}_{self.status}"

    def body(self, request_id: str) -> str:
        """The document; `request_id` is a variable that nginx fills in."""
        content = {
            "type": f"{_TYPE_PREFIX}{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
            "next_step": self.next_step,
        }
        return json.dumps(content)


def _unavailable(status: int, *, retry_after_s: int) -> Problem:
    return Problem(
        errors=(status,),
        status=status,
        code="temporarily_unavailable",
        detail="The service is busy or being restarted.",
        next_step="Send the request again in a moment, with the same Idempotency-Key.",
        headers={"Retry-After": str(retry_after_s)},
    )


HTTPS_REQUIRED = Problem(
    errors=(403, 497),
    status=403,
    code="https_required",
    detail="This address answers over HTTPS only.",
    next_step="Use https, and renew what was sent in clear: a password, a token.",
)
PROBLEMS = (
    Problem(
        errors=(400, 495, 496, 505),
        status=400,
        code="malformed_request",
        detail="The bytes are not an HTTP/1.1 request.",
        next_step="Correct the request and send it again.",
    ),
    Problem(
        errors=(403, 404),
        status=404,
        code="not_found",
        detail="There is nothing at this address.",
        next_step="Check the address.",
    ),
    Problem(
        errors=(405, 501),
        status=405,
        code="method_not_allowed",
        detail="This address does not answer to this method.",
        next_step="Use one of the methods listed in Allow.",
        headers={"Allow": ", ".join(METHODS)},
    ),
    Problem(
        errors=(411,),
        status=411,
        code="length_required",
        detail="The request does not say how long it is.",
        next_step="Send Content-Length instead of Transfer-Encoding.",
        ends=True,
    ),
    Problem(
        errors=(413,),
        status=413,
        code="too_large",
        detail="The body is too large.",
        next_step="Send less.",
    ),
    Problem(
        errors=(414, 494),
        status=431,
        code="head_too_large",
        detail="The address or the headers are too long.",
        next_step="Send less.",
    ),
    Problem(
        errors=(421,),
        status=421,
        code="host_unknown",
        detail="This server does not answer for that host.",
        next_step="Use the address of our site.",
    ),
    Problem(
        errors=(429,),
        status=429,
        code="too_many_requests",
        detail="Too many requests come from this address.",
        next_step="Wait as long as Retry-After says, then send fewer.",
        headers={"Retry-After": "10"},
    ),
    Problem(
        errors=(500,),
        status=500,
        code="internal_error",
        detail="Something went wrong on our side.",
        next_step="Tell us the request id.",
    ),
    _unavailable(502, retry_after_s=2),
    _unavailable(503, retry_after_s=2),
    _unavailable(504, retry_after_s=5),
)
