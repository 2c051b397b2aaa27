"""The shape of others' answers: each is validated as if a stranger had sent it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.crypto import Json
from kernel.errors import Broken, Refused

NEIGHBOUR_TIMEOUT_S: Final = 3.0

ModelT = TypeVar("ModelT", bound="Answer")

# One line of printable text: an answer must not lay out our document.
Line = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Answer(BaseModel):
    """An answer's shape: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@contextmanager
def must_answer(sentence: str) -> Iterator[None]:
    """A neighbour that says no where no rule lets it is a defect, not an answer."""
    try:
        yield
    except Refused as refused:
        raise Broken(sentence) from refused


def read(model: type[ModelT], answer: Json) -> ModelT:
    try:
        return model.model_validate_json(orjson.dumps(answer), strict=True)
    except ValidationError:
        # `from None`: the validator's text would show the answer.
        raise Broken(f"A neighbour's answer is no {model.__name__}") from None
