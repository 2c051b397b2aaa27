"""Deterministic example values for any event class, and the keys that sign them."""

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from typing import get_type_hints as type_hints
from uuid import UUID

import nacl.signing

from kernel.crypto import SigningKey, sha256
from kernel.events import Envelope, Event
from kernel.money import Money

FOLDER: Final = Path(__file__).parent
TRUST: Final = FOLDER / "trust.json"
MOMENT: Final = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
_SHARED_SPEAKER: Final = "contracts"
"""Who speaks in the examples of types that any service may publish."""

_TEXTS: Final = {
    "action": "give_consent",
    "approved_by": "controller",
    "asked_by": "operator",
    "channel": "lender_digital",
    "code": "example_code",
    "counts": "GET /contracts 200 7",
    "event_type": "contracts.contract_signed.v1",
    "outcome": "done",
    "refused_by": "controller",
    "template": "release_call",
    "what": "GET /api/v1/contracts",
}


class NoExampleError(TypeError):
    """A field has a type for which no example value is known."""


def example(event: type[Event]) -> Event:
    """An instance with the same values every time, by the names of its fields."""
    hints = type_hints(event, include_extras=True)
    return event(**{name: _value(name, hints[name]) for name in event.model_fields})


def golden_bytes(event: type[Event]) -> bytes:
    """The signed canonical bytes of the example."""
    key = example_key(speaker_of(event.TYPE))
    made = example(event)
    envelope = Envelope(
        id=_uuid(event.TYPE),
        source=speaker_of(event.TYPE),
        type=event.TYPE,
        time=MOMENT,
        subject=made.subject,
        subjectversion=1,
        sequence=1,
        traceparent=f"00-{sha256(b'trace').hex()[:32]}-{sha256(b'span').hex()[:16]}-01",
        correlation_id=_uuid("correlation"),
        causation_id=_uuid("cause"),
        keyid=key.keyid,
        data=made.to_data(),
    )
    return envelope.signed(key)


def goldens() -> list[Path]:
    """The examples on record; a type's version ends its name."""
    return sorted(FOLDER.glob("*.v*.json"))


def speaker_of(event_type: str) -> str:
    """The principal in whose name the example of this type is signed."""
    publisher = event_type.partition(".")[0]
    return _SHARED_SPEAKER if publisher == "platform" else publisher


def example_key(principal: str) -> SigningKey:
    """A key for examples alone: anybody may derive it, so nobody may trust it."""
    seed = sha256(f"golden example key of {principal}".encode())
    return SigningKey(f"golden-{principal}-1", nacl.signing.SigningKey(seed))


def _value(name: str, hint: Any) -> object:  # noqa: ANN401 - any annotation
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(name, arguments[0])
    if origin in (Union, types.UnionType):
        return _value(name, next(a for a in arguments if a is not type(None)))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return (_value(name, arguments[0]),)
    if hint is str:
        return _text(name)
    if hint is UUID:
        return _uuid(name)
    if hint not in _PLAIN:
        raise NoExampleError(f"{name}: {hint}")
    return _PLAIN[hint]


def _text(name: str) -> str:
    if name.endswith("_sha256"):
        return sha256(name.encode()).hex()
    if name.endswith("_token"):
        return f"k1.{sha256(name.encode()).hex()[:43]}"
    if name == "operation":
        return f"application:{_uuid('application_id')}"
    return _TEXTS.get(name, f"example-{name.replace('_', '-')}")


def _uuid(name: str) -> UUID:
    """A UUIDv7 of the fixed moment; the same name gives the same id."""
    raw = int(MOMENT.timestamp() * 1000).to_bytes(6, "big") + sha256(name.encode())[:10]
    number = int.from_bytes(raw, "big")
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(0x3 << 62) | 2 << 62)


_PLAIN: Final[dict[type, object]] = {
    int: 1,
    bool: True,
    datetime: MOMENT,
    date: MOMENT.date(),
    Decimal: Decimal("1.5"),
    Money: Money.from_wire("400000.00"),
}
