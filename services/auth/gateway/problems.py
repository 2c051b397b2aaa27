"""How a failure looks from outside: problem details (RFC 9457), and nothing more.

The only place where the three kinds of failure become HTTP.  A problem names a stable
code, says what to do next, and never quotes what was sent: field errors have a pointer
and a code, no value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import KernelError, Refused, Transient
from services.auth.domain.languages import Language
from services.auth.gateway.languages import DEFAULT, language_of, sentences_in

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "urn:kredit:problem:"
_MOST_FIELD_ERRORS: Final = 20
_LONGEST_POINTER: Final = 120
_FAULTS: Final = "faults"
"""A refused photo's detail: the codes of its faults, in words."""

_STATUS_OF_CODE: Final[Mapping[str, HTTPStatus]] = {
    # Who is at the door.
    "session_required": HTTPStatus.UNAUTHORIZED,
    "token_required": HTTPStatus.UNAUTHORIZED,
    "token_invalid": HTTPStatus.UNAUTHORIZED,
    "assertion_invalid": HTTPStatus.UNAUTHORIZED,
    "login_refused": HTTPStatus.UNAUTHORIZED,
    "factor_locked": HTTPStatus.TOO_MANY_REQUESTS,
    "step_up_required": HTTPStatus.FORBIDDEN,
    "cross_site": HTTPStatus.FORBIDDEN,
    "not_permitted": HTTPStatus.FORBIDDEN,
    "host_unknown": HTTPStatus.MISDIRECTED_REQUEST,
    # What was sent.
    "malformed_json": HTTPStatus.BAD_REQUEST,
    "malformed_request": HTTPStatus.BAD_REQUEST,
    "query_duplicate": HTTPStatus.BAD_REQUEST,
    "idempotency_key_invalid": HTTPStatus.BAD_REQUEST,
    "content_digest_invalid": HTTPStatus.BAD_REQUEST,
    "content_digest_mismatch": HTTPStatus.BAD_REQUEST,
    "not_acceptable": HTTPStatus.NOT_ACCEPTABLE,
    "precondition_required": HTTPStatus.PRECONDITION_REQUIRED,
    "version_stale": HTTPStatus.PRECONDITION_FAILED,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "media_type_unknown": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "head_too_large": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "timed_out": HTTPStatus.REQUEST_TIMEOUT,
    "card_number_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "fields_invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "temporarily_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "code_expired": HTTPStatus.UNPROCESSABLE_ENTITY,
    "code_spent": HTTPStatus.UNPROCESSABLE_ENTITY,
    "password_weak": HTTPStatus.UNPROCESSABLE_ENTITY,
    "registration_step_wrong": HTTPStatus.CONFLICT,
    "not_base64": HTTPStatus.UNPROCESSABLE_ENTITY,
    "currency_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "under_age": HTTPStatus.UNPROCESSABLE_ENTITY,
    **dict.fromkeys(
        (
            "photo_not_one_face",
            "photo_not_front",
            "photo_expression",
            "photo_mouth_open",
            "photo_background",
            "photo_not_readable",
        ),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
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
_RECORDED: Final = _WANT_OF_RIGHT | {"content_digest_mismatch"}
"""A mismatch in data exchange is recorded as well (clause 3.4)."""
_RETRY_AFTER_S: Final[Mapping[str, int]] = {"request_in_progress": 1}
_LOCKABLE: Final = frozenset({"login_refused"})
"""Codes that become 429 when they say how long to wait (clause 4.7)."""

_CODES_OF_HTTP: Final[Mapping[int, tuple[str, str, str]]] = {
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


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a problem is for: the request it answers, and the language they read."""

    request_id: str
    language: Language

    @classmethod
    def of(cls, scope: Scope) -> "Reader":
        """The reader of the answer to a request."""
        context: Context = scope["state"]["context"]
        wish = Headers(scope=scope).get("accept-language", "")
        return cls(str(context.correlation_id), language_of(wish))


class FieldError(BaseModel):
    """One field that is not as described: where (RFC 6901), and of what kind."""

    pointer: Annotated[str, Field(examples=["/amount"])]
    code: Annotated[str, Field(examples=["missing"])]
    message: Annotated[str, Field(examples=["is required"])]


class Problem(BaseModel):
    """Why there is no answer (RFC 9457); further members depend on the code."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Annotated[str, Field(examples=["urn:kredit:problem:not_found"])]
    title: Annotated[str, Field(examples=["Not found"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[404])]
    code: Annotated[str, Field(examples=["not_found"])]
    detail: Annotated[str, Field(examples=["There is no such contract."])]
    request_id: Annotated[str, Field(examples=["01a2130e-4a68-713f-b993-5feed469ea37"])]
    next_step: Annotated[str, Field(examples=["Look at your contracts."])]
    errors: list[FieldError] | None = None


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


def not_acceptable() -> BadRequestError:
    """The client takes no JSON."""
    return BadRequestError(
        "not_acceptable",
        "Answers are JSON only.",
        next_step="Send Accept: application/json.",
    )


def timed_out() -> BadRequestError:
    """The request took longer than any may."""
    return BadRequestError(
        "timed_out",
        "The request took too long.",
        next_step="Send it again, with the same Idempotency-Key.",
    )


def is_recorded(refused: Refused) -> bool:
    """Whether it is a security event: no right, or not what was sent."""
    return refused.code in _RECORDED


def status_of(refused: Refused) -> HTTPStatus:
    """The HTTP status of a refusal; of a lock it is 429."""
    if refused.code in _LOCKABLE and "seconds_left" in refused.details:
        return HTTPStatus.TOO_MANY_REQUESTS
    return status_of_code(refused.code)


def status_of_code(code: str) -> HTTPStatus:
    """The HTTP status of a code: its own, or by its ending, else 409."""
    if code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[code]
    for ending, status in _STATUS_OF_ENDING:
        if code.endswith(ending):
            return status
    return HTTPStatus.CONFLICT


def of_refused(refused: Refused, reader: Reader) -> Response:
    """A rule's answer; where waiting is the answer it says how long."""
    status = status_of(refused)
    headers = {}
    wait_s = _RETRY_AFTER_S.get(refused.code)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = int(refused.details.get("seconds_left", 0)) or None
    if wait_s is not None:
        headers["Retry-After"] = str(wait_s)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Session realm="cabinet"'
    more = dict(refused.details)
    faults = str(more.pop(_FAULTS, "")).split()
    return _problem(
        status,
        refused.code,
        (refused.sentence, refused.next_step),
        reader=reader,
        more=more,
        errors=_of_photo(faults, reader) or None,
        headers=headers,
    )


def of_transient(error: Transient, reader: Reader) -> Response:
    """Something is away; the inner sentence stays inside."""
    return _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        (
            "The service is busy or being restarted.",
            "Send the request again in a moment, with the same Idempotency-Key.",
        ),
        reader=reader,
        headers={"Retry-After": str(max(1, error.retry_after_s))},
    )


def of_defect(reader: Reader) -> Response:
    """A defect of ours: an id to quote, and not a word of what happened (A24)."""
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        ("Something went wrong on our side.", "Tell us the request id."),
        reader=reader,
    )


def of_kernel(error: KernelError, reader: Reader) -> Response:
    """The problem of any of the three kinds."""
    match error:
        case Refused():
            return of_refused(error, reader)
        case Transient():
            return of_transient(error, reader)
        case _:
            return of_defect(reader)


def of_http(error: HTTPException, reader: Reader) -> Response:
    """What the framework refuses by itself: unknown addresses and methods."""
    status = HTTPStatus(error.status_code)
    code, sentence, next_step = _CODES_OF_HTTP.get(status, _UNKNOWN_FAILURE)
    return _problem(
        status,
        code,
        (sentence, next_step),
        reader=reader,
        headers=dict(error.headers or {}),
    )


def of_fields(error: RequestValidationError, reader: Reader) -> Response:
    """Fields that are not as described: where and what kind, never the value."""
    messages = sentences_in(reader.language).fields
    found = [
        _field_error(item, messages) for item in error.errors()[:_MOST_FIELD_ERRORS]
    ]
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "fields_invalid",
        (
            "Some fields are missing, unknown or not as described.",
            "Correct the fields listed in errors.",
        ),
        reader=reader,
        errors=found,
    )


def _of_photo(faults: Sequence[str], reader: Reader) -> list[FieldError]:
    """All that is wrong with a photo: the whole body is meant, so no pointer."""
    hints = sentences_in(reader.language).hints
    return [
        FieldError(pointer="", code=fault, message=hints[fault])
        for fault in faults
        if fault in hints
    ]


def _field_error(item: Mapping[str, Any], messages: Mapping[str, str]) -> FieldError:
    # The library's own message may quote the value; only its kind is told.
    kind = str(item["type"])
    return FieldError(
        pointer=_pointer(item["loc"]),
        code=kind,
        message=messages.get(kind, messages["other"]),
    )


def _pointer(location: Sequence[str | int]) -> str:
    """RFC 6901; query and path parameters stand under their own first step."""
    steps = location[1:] if location and location[0] == "body" else location
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    pointer = "".join(f"/{step}" for step in escaped)
    return pointer[:_LONGEST_POINTER]


def _problem(
    status: HTTPStatus,
    code: str,
    english: tuple[str, str],
    *,
    reader: Reader,
    more: Mapping[str, Json] | None = None,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    sentences = sentences_in(reader.language)
    translated = sentences.problems.get(code)
    detail, next_step = translated or english
    known = translated is not None or reader.language == DEFAULT
    problem = Problem(
        **(more or {}),
        type=f"{_TYPE_PREFIX}{code}",
        title=sentences.titles[str(int(status))],
        status=int(status),
        code=code,
        detail=detail,
        request_id=reader.request_id,
        next_step=next_step,
        errors=errors,
    )
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=int(status),
        headers={
            "Content-Language": reader.language if known else DEFAULT,
            **(headers or {}),
        },
        media_type=MEDIA_TYPE,
    )
