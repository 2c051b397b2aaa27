"""A good request for every operation of the API, filled from its own description."""

import json
from typing import Any, Final

from tests.behind import DIGEST, ID
from tests.openapi import Operation, document

PARAMETERS: Final = {
    **dict.fromkeys(
        (
            *("registration_id", "ceremony_id", "contract_id", "application_id"),
            *("session_id", "passkey_id", "check_id", "change_id", "recovery_id"),
            *("inquiry_id", "amendment_id", "appeal_id"),
        ),
        ID,
    ),
    "kind": "consent",
    "purpose": "biometrics",
    "state": "state",
    "code": "code",
    "product": "standard",
    "amount": "400000.00",
    "term_days": "90",
    "day": "2026-12-14",
    **dict.fromkeys(("sha256", "digest"), DIGEST),
}
_PHOTO: Final = b"\xff\xd8\xff"


def request_of(operation: Operation) -> dict[str, Any]:
    """Arguments for httpx: path is filled by `path_of`, headers and body are here."""
    described = operation.described
    headers = {
        parameter["name"]: parameter["example"]
        for parameter in described["parameters"]
        if parameter.get("in") == "header"
    }
    query = {
        parameter["name"]: PARAMETERS[parameter["name"]]
        for parameter in described["parameters"]
        if parameter.get("in") == "query" and parameter["required"]
    }
    request: dict[str, Any] = {"headers": headers, "params": query}
    content = described.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = example_of(content["application/json"]["schema"])
        request["content"] = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    elif content:
        request["content"] = _PHOTO
        headers["Content-Type"] = min(content)
    return request


def path_of(operation: Operation, **values: object) -> str:
    """The operation's path below the prefix."""
    return operation.address(**{**PARAMETERS, **values})


def example_of(schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """The value a schema gives as its example."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example_of(document()["components"]["schemas"][name])
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {
                name: example_of(schema["properties"][name])
                for name in schema.get("required", ())
            }
        case "array":
            return [example_of(schema["items"])]
        case _:
            return _PLAIN[schema["format"]]


_PLAIN: Final = {"uuid": ID, "date": "2030-01-01"}
