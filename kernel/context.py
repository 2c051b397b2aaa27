"""Who asked, what caused this work, and how values stand on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from pydantic import BaseModel

from kernel.clock import rfc3339
from kernel.crypto import Json, random_bytes
from kernel.ids import Ids
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class Context:
    """What caused this work: carried from the browser's request to the audit leaf."""

    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str


def fresh_context(ids: Ids) -> Context:
    """A cause of its own: work that no request and no event began."""
    trace, span = random_bytes(16).hex(), random_bytes(8).hex()
    return Context(ids.new(), None, f"00-{trace}-{span}-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One verified request over the bus.

    ``caller`` is the principal the broker authenticated; ``client_id`` the client in
    whose name it asks, taken from a verified assertion; ``arguments_digest`` the
    SHA-256 of the canonical arguments.
    """

    id: UUID
    caller: str
    method: str
    deadline: datetime
    context: Context
    client_id: UUID | None
    idempotency_key: str | None
    arguments_digest: bytes


def jsonable(value: object) -> Json:
    """``value`` in our JSON profile: ids, instants, dates and money become text.

    Raises TypeError for what has no form on the wire (floats among them).
    """
    match value:
        case Enum():
            return jsonable(value.value)
        case None | bool() | int() | str():
            return value
        case UUID() | Decimal():
            return str(value)
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case Money():
            return value.to_wire()
        case BaseModel():
            return jsonable(value.model_dump(mode="python"))
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(item) for item in value]
        case _ if is_dataclass(value):
            return {f.name: jsonable(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form on the wire")
