"""What every event is: an immutable fact with a type, a version and a subject.

Events are for ever: a change of meaning is a new class with a new version, and
every version ever published has a golden example in ``tests/golden`` (rule 5).
They carry ids and keyed tokens, never personal data.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)
from typing_extensions import override

from kernel.clock import rfc3339
from kernel.crypto import Json
from kernel.errors import KernelError
from kernel.money import Money


class EventSchemaError(ValueError):
    """The data are not what the schema of this event type says."""


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return value.astimezone(UTC)


def _money(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return Money.from_wire(value)
    except KernelError as error:
        raise ValueError("not an amount of money") from error


Instant = Annotated[
    datetime, AfterValidator(_aware_utc), PlainSerializer(rfc3339, return_type=str)
]
"""An aware UTC instant; on the wire RFC 3339 with microseconds and ``Z``."""

WireMoney = Annotated[
    Money,
    BeforeValidator(_money),
    PlainSerializer(lambda money: money.to_wire(), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["400000.00"]}),
]
"""Money; on the wire a decimal string in tenge, ``"400000.00"``."""


class Event(BaseModel):
    """A fact that has happened, in the past tense.

    A subclass names its wire type and the kind of its subject::

        class ContractSigned(Event):
            TYPE = "contracts.contract_signed.v1"
            SUBJECT = "contract"
            contract_id: UUID

    The subject is then ``contract:<contract_id>``.  Unknown fields are ignored,
    so that a publisher may be newer than its listener; missing or mistyped ones
    raise EventSchemaError.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]
    known: ClassVar[dict[str, type["Event"]]] = {}

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Enter the class into the published language, once."""
        if cls.TYPE in Event.known:
            raise TypeError(f"{cls.TYPE} is declared twice")
        Event.known[cls.TYPE] = cls

    @property
    def subject(self) -> str:
        """``<kind>:<id>``: what order is promised for."""
        subject_id: UUID = getattr(self, f"{self.SUBJECT}_id")
        return f"{self.SUBJECT}:{subject_id}"

    def to_data(self) -> dict[str, Json]:
        """The data as they stand in the envelope."""
        return self.model_dump(mode="json")

    @classmethod
    def from_data(cls, data: Json) -> Self:
        """Read the data of an envelope; raises EventSchemaError."""
        try:
            return cls.model_validate_json(orjson.dumps(data), strict=True)
        except ValidationError as error:
            where = sorted({".".join(map(str, e["loc"])) for e in error.errors()})
            raise EventSchemaError(
                f"{cls.TYPE}: wrong fields: {', '.join(where)}"
            ) from None
