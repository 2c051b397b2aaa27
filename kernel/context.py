"""Who asked, what caused this work, and how values stand on the wire."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from kernel.clock import rfc3339
from kernel.crypto import Json, random_bytes
from kernel.errors import Broken
from kernel.ids import Ids
from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """From where somebody acts, by keyed tokens: browser and network (clause 6.1g)."""

    device: str
    network: str


@dataclass(frozen=True, slots=True)
class Context:
    """What caused this work: carried from the browser's request to the audit leaf.

    ``origin`` is told by the gateway, of requests that do something; what no request
    of a visitor's has caused has none.
    """

    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str
    origin: Origin | None = None

    @property
    def trace_id(self) -> str:
        """The part of ``traceparent`` that stays the same from door to leaf."""
        return trace_id_of(self.traceparent)


_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})"
    r"-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})(?P<more>-[!-~]{0,200})?"
)
"""W3C Trace Context, level 1: what a later version adds is allowed and ignored."""


def trace_id_of(traceparent: str) -> str:
    """The trace id of a ``traceparent``: 32 hexadecimal digits."""
    return traceparent.partition("-")[2].partition("-")[0]


def fresh_context(ids: Ids) -> Context:
    """A cause of its own: work that no request and no event began."""
    trace, span = random_bytes(16).hex(), random_bytes(8).hex()
    return Context(ids.new(), None, f"00-{trace}-{span}-01")


def continued(context: Context, traceparents: Sequence[str]) -> Context:
    """``context`` as a part of the caller's trace, if it named exactly one.

    ``traceparents`` are the header's values as they came from outside.  The span is
    ours; a header that is missing, repeated or misshapen begins a trace of our own.
    """
    if len(traceparents) != 1:
        return context
    found = _TRACEPARENT.fullmatch(traceparents[0])
    if found is None or (found["version"] == "00" and found["more"] is not None):
        return context
    span = context.traceparent.split("-")[2]
    sampled = int(found["flags"], 16) & 1  # the other flags mean nothing to us
    return replace(context, traceparent=f"00-{found['trace']}-{span}-{sampled:02x}")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who of the staff asks, and what they may do, as a verified token says it."""

    id: UUID
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether this very permission was granted; nothing implies another."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One verified request over the bus.

    ``caller`` is the principal the broker authenticated; ``client_id`` the client in
    whose name it asks, taken from a verified assertion; ``staff`` the member of the
    staff, taken from a verified token; ``arguments_digest`` the SHA-256 of the
    canonical arguments.
    """

    id: UUID
    caller: str
    method: str
    deadline: datetime
    context: Context
    client_id: UUID | None
    idempotency_key: str | None
    arguments_digest: bytes
    staff: StaffMember | None = None

    @property
    def by(self) -> StaffMember:
        """The member of the staff who asks; Broken where no permission was asked."""
        if self.staff is None:
            raise Broken("a method of the staff was reached without a member of it")
        return self.staff


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
