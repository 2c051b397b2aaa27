"""Reading what others answer: untrusted until it fits a strict schema."""

from typing import TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
)

Schema = TypeVar("Schema", bound=BaseModel)


class Answer(BaseModel):
    """What a partner said: strict types, unknown members ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, arbitrary_types_allowed=True
    )


def read_as(schema: type[Schema], body: bytes) -> Schema | None:
    """The answer if it has the schema's shape, else None."""
    try:
        return schema.model_validate_json(body)
    except ValidationError:
        return None
