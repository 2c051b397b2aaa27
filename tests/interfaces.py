"""The API's models as the cabinet's TypeScript knows them: made from the description.

A word that may grow (`x-extensible-enum`) is a union that any other string fits too.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.marks import ROOT

FILE: Final = ROOT / "infra/web/cabinet/src/api/schema.ts"
_PRIMITIVES: Final = {"string": "string", "integer": "number", "boolean": "boolean"}


def text(document: dict[str, Any]) -> str:
    """The whole file."""
    models = sorted(document["components"]["schemas"].items())
    lines = ["/** Generated from docs/openapi.json: make openapi. */"]
    for name, model in models:
        if model.get("type") == "object":
            lines += ["", *_interface(name, model)]
    return "\n".join(lines) + "\n"


def _interface(name: str, model: dict[str, Any]) -> Iterator[str]:
    required = model.get("required", [])
    yield f"export interface {name} {{"
    for member, schema in model.get("properties", {}).items():
        yield f"  {member}{'' if member in required else '?'}: {_type(schema)};"
    yield "}"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    if "x-extensible-enum" in schema:
        known = " | ".join(json.dumps(one) for one in schema["x-extensible-enum"])
        return f"{known} | (string & {{}})"
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"({_type(schema['items'])})[]"
    if schema.get("type") == "null":
        return "null"
    return _PRIMITIVES.get(str(schema.get("type")), "unknown")
