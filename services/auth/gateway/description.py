"""The API's description (OpenAPI 3.1): read off the code, then told what the door does.

Operations, parameters, bodies and answers come from the handlers and their models.
Here each operation gets who may call it, the headers every one of them understands,
and the problems it can answer with: its own (`refusals`) and those of the door.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from services.auth.gateway import security
from services.auth.gateway.languages import sentences_in
from services.auth.gateway.preconditions import (
    HELD_HEADER,
    NOT_MODIFIED,
    STRONG,
    VERSION_HEADER,
    seen_version,
)
from services.auth.gateway.problems import MEDIA_TYPE, Problem, status_of_code
from services.auth.gateway.refusals import OWN_CODES, REPEATABLE

Description = dict[str, Any]

SUMMARY: Final = "Microcredits online: registration, contract, payout."
_SCHEMES: Final[Mapping[str, Description]] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": security.SESSION_COOKIE,
        "description": "A stay in the cabinet. An unsafe request also shows by Origin"
        " or Sec-Fetch-Site that our own page made it.",
    },
    "registration": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token a registration began with; it opens only that one.",
    },
    "device_check": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a new browser's check; it opens only that one.",
    },
    "recovery": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a recovery; it opens only that one. Of a lost"
        " number, once biometrics were passed, the change of number as well.",
    },
}
_SECURITY: Final[Mapping[object, list[Description]]] = {
    security.signed_in: [{"session": []}],
    security.looked_in: [{"session": []}],
    security.registration_token: [{"registration": []}],
    security.check_token: [{"device_check": []}],
    security.recovery_token: [{"recovery": []}],
    security.number_changer: [{"session": []}, {"recovery": []}],
    security.holder: [{"session": []}, {"registration": []}],
}
_REFUSED_BY_SCHEME: Final = {
    "session": ("session_required",),
    "registration": ("token_required",),
    "device_check": ("token_required",),
    "recovery": ("token_required",),
}
_ALWAYS: Final = (
    *("malformed_request", "query_duplicate", "not_acceptable", "timed_out"),
    *("host_unknown", "head_too_large", "internal_error", "temporarily_unavailable"),
    "card_number_refused",
)
_UNSAFE: Final = ("cross_site", "idempotency_key_invalid")
_WITH_BODY: Final = (
    *("malformed_json", "media_type_unknown", "too_large"),
    *("content_digest_invalid", "content_digest_mismatch"),
)
_WITH_VERSION: Final = ("precondition_required", "version_stale")
_WITH_FIELDS: Final = ("fields_invalid",)

_PARAMETERS: Final[Mapping[str, Description]] = {
    "Language": {
        "name": "Accept-Language",
        "in": "header",
        "description": "Problems are told in kk, ru or en.",
        "schema": {"type": "string", "maxLength": 200},
        "example": "kk, ru;q=0.8",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and body again get the stored reply.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "01a2130e-4a68-713f-b993-5feed469ea37",
    },
    "Digest": {
        "name": "Content-Digest",
        "in": "header",
        "description": "RFC 9530, sha-256 or sha-512; a body that differs is refused.",
        "schema": {"type": "string", "maxLength": 1024},
        "example": "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
    },
    "Held": {
        "name": HELD_HEADER,
        "in": "header",
        "description": "ETags of copies that are there; one that fits gets 304.",
        "schema": {"type": "string", "maxLength": 1024},
        "example": f'"{"5f" * 32}"',
    },
    "Activity": {
        "name": "X-Activity",
        "in": "header",
        "description": "A page that asks by itself keeps no session alive.",
        "schema": {"type": "string", "enum": [security.BACKGROUND]},
    },
}
_HEADERS: Final[Mapping[str, Description]] = {
    "X-Request-Id": {"schema": {"type": "string", "format": "uuid"}},
    "Content-Digest": {"schema": {"type": "string"}},
    "Content-Language": {"schema": {"type": "string", "enum": ["kk", "ru", "en"]}},
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
}
_HEADER_OF_STATUS: Final = {
    401: "WWW-Authenticate",
    429: "Retry-After",
    503: "Retry-After",
}


def description_of(
    routes: Sequence[APIRoute], *, title: str, version: str, prefix: str
) -> Description:
    """The whole description of the operations at `routes`, served below `prefix`."""
    document = get_openapi(
        title=title,
        version=version,
        summary=SUMMARY,
        routes=routes,
    )
    document["paths"] = {prefix + path: on for path, on in document["paths"].items()}
    schemas: Description = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas[Problem.__name__] = problem
    document["components"] |= {
        "securitySchemes": dict(_SCHEMES),
        "parameters": dict(_PARAMETERS),
        "headers": dict(_HEADERS),
    }
    for route in routes:
        for method in route.methods or ():
            operation = document["paths"][prefix + route.path][method.lower()]
            unsafe = method not in security.SAFE_METHODS
            _complete(operation, route, schemas, unsafe=unsafe)
    return document


def _complete(
    operation: Description, route: APIRoute, schemas: Description, *, unsafe: bool
) -> None:
    calls = list(dict.fromkeys(_calls(route.dependant)))
    sentences = (route.description or "").split("\n\n", 1)
    operation["summary"] = " ".join(sentences[0].split())
    operation["description"] = route.description
    operation["security"] = [
        scheme for call in calls for scheme in _SECURITY.get(call, ())
    ]
    own = operation.pop(OWN_CODES, [])
    codes = {*own, *_codes_of_the_door(operation, calls, unsafe=unsafe)}
    answers = operation["responses"]
    answers.pop("422", None)
    for answer in answers.values():
        answer["description"] = _said_of(answer, schemas)
        names = ["X-Request-Id", *(["Content-Digest"] if "content" in answer else [])]
        answer["headers"] = {**_referred(names), **answer.get("headers", {})}
    answers.update(_problems(codes))
    operation["responses"] = dict(sorted(answers.items()))
    if seen_version in calls:
        _require_version(operation)
    operation.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{name}"}
        for name in _understood(operation, calls, own=own)
    )


def _said_of(answer: Description, schemas: Description) -> str:
    """What the model of an answer says of itself."""
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return "Done; there is nothing to tell."
    name = content["schema"]["$ref"].rpartition("/")[2]
    return str(schemas[name]["description"])


def _require_version(operation: Description) -> None:
    """The code takes a request without one to say itself what is missing (428)."""
    for parameter in operation["parameters"]:
        if parameter["name"].lower() == VERSION_HEADER.lower():
            parameter["name"], parameter["required"] = VERSION_HEADER, True
            parameter["schema"] = {"type": "string", "pattern": STRONG.pattern}
            parameter["example"] = f'"{"5f" * 16}"'


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def _codes_of_the_door(
    operation: Description, calls: list[object], *, unsafe: bool
) -> Iterator[str]:
    yield from _ALWAYS
    for requirement in operation["security"]:
        for scheme in requirement:
            yield from _REFUSED_BY_SCHEME[scheme]
    if unsafe:
        yield from _UNSAFE
    if "requestBody" in operation:
        yield from _WITH_BODY
    if seen_version in calls:
        yield from _WITH_VERSION
    if "requestBody" in operation or operation.get("parameters"):
        yield from _WITH_FIELDS


def _understood(
    operation: Description, calls: list[object], *, own: list[str]
) -> Iterator[str]:
    yield "Language"
    if "requestBody" in operation:
        yield "Digest"
    if set(REPEATABLE) <= set(own):
        yield "IdempotencyKey"
    if str(NOT_MODIFIED) in operation["responses"]:
        yield "Held"
    if security.signed_in in calls:
        yield "Activity"


def _problems(codes: set[str]) -> dict[str, Description]:
    """The problems by status, each with the codes it may carry."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(int(status_of_code(code)), []).append(code)
    if "login_refused" in codes:  # with a time left it is 429 (clause 4.7)
        by_status.setdefault(int(HTTPStatus.TOO_MANY_REQUESTS), []).append(
            "login_refused"
        )
    return {str(status): _problem(status, found) for status, found in by_status.items()}


def _problem(status: int, codes: list[str]) -> Description:
    names = ["X-Request-Id", "Content-Language"]
    if status in _HEADER_OF_STATUS:
        names.append(_HEADER_OF_STATUS[status])
    if "request_in_progress" in codes:
        names.append("Retry-After")
    known = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    reference = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        "description": sentences_in("en").titles[str(status)],
        "headers": _referred(names),
        "content": {MEDIA_TYPE: {"schema": {"allOf": [reference, known]}}},
    }


def _referred(names: Iterable[str]) -> Description:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
