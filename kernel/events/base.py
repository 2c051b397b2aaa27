"""What every event is: an immutable fact with a type, a version and a subject.

Events are for ever: a change of meaning is a new class with a new version, and
every version ever published has a golden example in ``tests/golden`` (rule 5).
Within a version a class may only grow (ADR 0007): by fields with a default, and by
further words of a `Word`.  They carry ids and keyed tokens, never personal data.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from typing_extensions import override

from kernel.clock import rfc3339
from kernel.crypto import Json
from kernel.errors import KernelError
from kernel.money import Money

WordT = TypeVar("WordT")
_READING: Final = {"reading": True}


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


def _known_or_later(
    value: object, known: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> object:
    try:
        return known(value)
    except ValidationError:
        if info.context == _READING and isinstance(value, str):
            return value
        raise


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

Word = Annotated[
    WordT, WrapValidator(_known_or_later), PlainSerializer(str, return_type=str)
]
"""``Word[Literal["a", "b"]]``: one of the words we may write.

A newer publisher may write others, so reading takes any text: who acts on the word
needs a branch for those it does not know.
"""


class Event(BaseModel):
    """A fact that has happened, in the past tense.

    A subclass names its wire type and the kind of its subject::

        class ContractSigned(Event):
            TYPE = "contracts.contract_signed.v1"
            SUBJECT = "contract"
            contract_id: UUID

    The subject is then ``contract:<contract_id>``.  Unknown fields are ignored and
    unknown words of a `Word` taken, so that a publisher may be newer than its
    listener; missing or mistyped fields raise EventSchemaError.
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
            return cls.model_validate_json(
                orjson.dumps(data), strict=True, context=_READING
            )
        except ValidationError as error:
            where = sorted({".".join(map(str, e["loc"])) for e in error.errors()})
            raise EventSchemaError(
                f"{cls.TYPE}: wrong fields: {', '.join(where)}"
            ) from None
