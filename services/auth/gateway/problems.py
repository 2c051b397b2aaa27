"""How a failure looks from outside: problem details (RFC 9457), and nothing more.

The only place where the three kinds of failure become HTTP.  A problem names a stable
code, says what to do next, and never quotes what was sent: field errors have a pointer
and a code, no value.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kernel.crypto import Json
from kernel.errors import KernelError, Refused, Transient

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "urn:kredit:problem:"
_MOST_FIELD_ERRORS: Final = 20
_LONGEST_POINTER: Final = 120

_STATUS_OF_CODE: Final[Mapping[str, HTTPStatus]] = {
    # Who is at the door.
    "session_required": HTTPStatus.UNAUTHORIZED,
    "token_required": HTTPStatus.UNAUTHORIZED,
    "token_invalid": HTTPStatus.UNAUTHORIZED,
    "assertion_invalid": HTTPStatus.UNAUTHORIZED,
    "login_refused": HTTPStatus.UNAUTHORIZED,
    "cross_site": HTTPStatus.FORBIDDEN,
    "not_permitted": HTTPStatus.FORBIDDEN,
    "host_unknown": HTTPStatus.MISDIRECTED_REQUEST,
    # What was sent.
    "malformed_json": HTTPStatus.BAD_REQUEST,
    "malformed_request": HTTPStatus.BAD_REQUEST,
    "query_duplicate": HTTPStatus.BAD_REQUEST,
    "idempotency_key_invalid": HTTPStatus.BAD_REQUEST,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "media_type_unknown": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "head_too_large": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "timed_out": HTTPStatus.REQUEST_TIMEOUT,
    "code_expired": HTTPStatus.UNPROCESSABLE_ENTITY,
    "code_spent": HTTPStatus.UNPROCESSABLE_ENTITY,
    "password_weak": HTTPStatus.UNPROCESSABLE_ENTITY,
    "registration_step_wrong": HTTPStatus.CONFLICT,
    "not_base64": HTTPStatus.UNPROCESSABLE_ENTITY,
    "currency_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "under_age": HTTPStatus.UNPROCESSABLE_ENTITY,
    "text_changed": HTTPStatus.CONFLICT,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
}
_STATUS_OF_ENDING: Final = (
    ("not_found", HTTPStatus.NOT_FOUND),
    ("_unknown", HTTPStatus.NOT_FOUND),
    ("_too_often", HTTPStatus.TOO_MANY_REQUESTS),
    ("_invalid", HTTPStatus.UNPROCESSABLE_ENTITY),
    ("_wrong", HTTPStatus.UNPROCESSABLE_ENTITY),
    ("_missing", HTTPStatus.UNPROCESSABLE_ENTITY),
    ("_not_accepted", HTTPStatus.UNPROCESSABLE_ENTITY),
    ("_not_confirmed", HTTPStatus.UNPROCESSABLE_ENTITY),
    ("_mismatch", HTTPStatus.UNPROCESSABLE_ENTITY),
)
_WANT_OF_RIGHT: Final = frozenset(
    {
        *("session_required", "token_required", "token_invalid"),
        *("assertion_invalid", "cross_site", "not_permitted"),
    }
)
"""Refusals to be recorded (clause 6.1b); a refused login has events of its own."""
_LOCKABLE: Final = frozenset({"login_refused"})
"""Codes that become 429 when they say how long to wait (clause 4.7)."""

_SENTENCES: Final[Mapping[int, tuple[str, str, str]]] = {
    404: ("not_found", "There is nothing at this address.", "Check the address."),
    405: (
        "method_not_allowed",
        "This address does not answer to this method.",
        "Use one of the methods listed in Allow.",
    ),
}
_UNKNOWN_FAILURE: Final = (
    "malformed_request",
    "The request cannot be read.",
    "Correct the request and send it again.",
)


class BadRequestError(Refused):
    """A request refused before anybody looked at what it asks."""


def malformed_json() -> BadRequestError:
    """The body is not one JSON value of our profile."""
    return BadRequestError(
        "malformed_json",
        "The body is not acceptable JSON.",
        next_step="Send one JSON object in UTF-8, each name once.",
    )


def too_large(*, limit: int) -> BadRequestError:
    """More bytes than this resource takes."""
    return BadRequestError(
        "too_large",
        "The body is too large.",
        next_step="Send less.",
        limit_bytes=limit,
    )


def media_type_unknown(*, accepted: str) -> BadRequestError:
    """A content type this resource does not read."""
    return BadRequestError(
        "media_type_unknown",
        "The content type is not accepted here.",
        next_step=f"Send {accepted}.",
    )


def cross_site() -> BadRequestError:
    """The request was made by another site's page, or does not say by whose (A09)."""
    return BadRequestError(
        "cross_site",
        "The request does not come from our own pages.",
        next_step="Open the cabinet and try again there.",
    )


def host_unknown() -> BadRequestError:
    """The request was meant for another site (A22)."""
    return BadRequestError(
        "host_unknown",
        "This server does not answer for that host.",
        next_step="Use the address of our site.",
    )


def head_too_large(*, limit: int) -> BadRequestError:
    """Address and headers are longer than we read."""
    return BadRequestError(
        "head_too_large",
        "The address or the headers are too long.",
        next_step="Send less.",
        limit_bytes=limit,
    )


def two_lengths() -> BadRequestError:
    """The message says twice how long it is."""
    return BadRequestError(
        "malformed_request",
        "The request has both Content-Length and Transfer-Encoding.",
        next_step="Send one of them.",
    )


def timed_out() -> BadRequestError:
    """The request took longer than any may."""
    return BadRequestError(
        "timed_out",
        "The request took too long.",
        next_step="Send it again, with the same Idempotency-Key.",
    )


def is_want_of_right(refused: Refused) -> bool:
    """Whether somebody was turned away at the door."""
    return refused.code in _WANT_OF_RIGHT


def status_of(refused: Refused) -> HTTPStatus:
    """The HTTP status of a refusal: by its code, by the code's ending, else 409."""
    if refused.code in _LOCKABLE and "seconds_left" in refused.details:
        return HTTPStatus.TOO_MANY_REQUESTS
    if refused.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[refused.code]
    for ending, status in _STATUS_OF_ENDING:
        if refused.code.endswith(ending):
            return status
    return HTTPStatus.CONFLICT


def of_refused(refused: Refused, *, request_id: str) -> JSONResponse:
    """A rule's answer; a time left becomes Retry-After where waiting is the answer."""
    status = status_of(refused)
    headers = {}
    if status == HTTPStatus.TOO_MANY_REQUESTS and "seconds_left" in refused.details:
        headers["Retry-After"] = str(refused.details["seconds_left"])
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Session realm="cabinet"'
    return _problem(
        status,
        refused.code,
        refused.sentence,
        refused.next_step,
        request_id=request_id,
        more=dict(refused.details),
        headers=headers,
    )


def of_transient(error: Transient, *, request_id: str) -> JSONResponse:
    """Something is away; the inner sentence stays inside."""
    return _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        "The service is busy or being restarted.",
        "Send the request again in a moment, with the same Idempotency-Key.",
        request_id=request_id,
        headers={"Retry-After": str(max(1, error.retry_after_s))},
    )


def of_defect(*, request_id: str) -> JSONResponse:
    """A defect of ours: an id to quote, and not a word of what happened (A24)."""
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong on our side.",
        "Tell us the request id.",
        request_id=request_id,
    )


def of_kernel(error: KernelError, *, request_id: str) -> JSONResponse:
    """The problem of any of the three kinds."""
    match error:
        case Refused():
            return of_refused(error, request_id=request_id)
        case Transient():
            return of_transient(error, request_id=request_id)
        case _:
            return of_defect(request_id=request_id)


def of_http(error: HTTPException, *, request_id: str) -> JSONResponse:
    """What the framework refuses by itself: unknown addresses and methods."""
    status = HTTPStatus(error.status_code)
    code, sentence, next_step = _SENTENCES.get(status, _UNKNOWN_FAILURE)
    return _problem(
        status,
        code,
        sentence,
        next_step,
        request_id=request_id,
        headers=dict(error.headers or {}),
    )


def of_fields(error: RequestValidationError, *, request_id: str) -> JSONResponse:
    """Fields that are not as described: where and what kind, never the value."""
    found: list[Json] = [
        _field_error(item) for item in error.errors()[:_MOST_FIELD_ERRORS]
    ]
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "fields_invalid",
        "Some fields are missing, unknown or not as described.",
        "Correct the fields listed in errors.",
        request_id=request_id,
        more={"errors": found},
    )


_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "string_type": "must be a text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has not the form described",
    "int_type": "must be a whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "literal_error": "is none of the words allowed",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
}


def _field_error(item: Mapping[str, Any]) -> dict[str, Json]:
    # The library's own message may quote the value; only its kind is told.
    kind = str(item["type"])
    return {
        "pointer": _pointer(item["loc"]),
        "code": kind,
        "message": _MESSAGES.get(kind, "is not as described"),
    }


def _pointer(location: Sequence[str | int]) -> str:
    """RFC 6901; query and path parameters stand under their own first step."""
    steps = location[1:] if location and location[0] == "body" else location
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    pointer = "".join(f"/{step}" for step in escaped)
    return pointer[:_LONGEST_POINTER]


def _problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    next_step: str,
    *,
    request_id: str,
    more: Mapping[str, Json] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    content: dict[str, Json] = {
        **(more or {}),
        "type": f"{_TYPE_PREFIX}{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "code": code,
        "detail": detail,
        "request_id": request_id,
        "next_step": next_step,
    }
    return JSONResponse(
        content,
        status_code=int(status),
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )
