"""Bodies: counted while they arrive, and parsed once, strictly (case B06).

JSON here has one reading only: UTF-8, no name twice, no NaN, no lone surrogate, depth
and numbers bounded.  Whatever else a parser might make of it is refused.
"""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any, Final, NoReturn
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from kernel.errors import Refused
from services.auth.gateway import digests
from services.auth.gateway.cardnumbers import (
    refuse_card_number_around,
    refuse_card_number_in,
)
from services.auth.gateway.operations import ABSENT, Operation
from services.auth.gateway.problems import (
    BadRequestError,
    malformed_json,
    media_type_unknown,
    not_acceptable,
    too_large,
)
from services.auth.gateway.records import Recorder

MOST_JSON_BYTES: Final = 64 * 1024
MOST_PHOTO_BYTES: Final = 8 * 1024 * 1024
DEEPEST: Final = 16
LONGEST_NUMBER: Final = 18

_JSON_TYPES: Final = frozenset({"application/json", "application/json;charset=utf-8"})

_OUR_FORMS: Final = (
    *("*/*", "application/*", "application/json"),
    *("text/html", "application/pdf"),
)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Body(BaseModel):
    """A request's body: every field known and of its own type, nothing beside."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_no_object(cls, value: object) -> object:
        """The framework would take any Python object for a model without fields."""
        if not isinstance(value, dict):
            raise ValueError("not an object")  # noqa: TRY004 - pydantic wants ValueError
        return value


class Nothing(Body):
    """The body of an act that needs no words: absent, or an empty object."""


Id = Annotated[UUID, Field(strict=False)]
"""A UUID; in JSON it is a text."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
IbanNamed = Annotated[
    str | None, Field(min_length=1, max_length=40, examples=["KZ86125KZT5004100100"])
]
CardNamed = Annotated[
    str | None, Field(pattern="^[A-Za-z0-9_-]{22,64}$", examples=[None])
]
"""An account by its IBAN, or a card by its processor's token (clause 5.3)."""


class StrictRoute(APIRoute):
    """A route that reads its JSON body through this module only.

    Its operationId is the function's name.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        kwargs["generate_unique_id_function"] = lambda route: route.name
        super().__init__(*args, **kwargs)

    @override
    def get_route_handler(self) -> Handler:
        operation = Operation(self)
        reads_json = self.body_field is not None
        recorder = Recorder(self)

        async def handle(request: Request) -> Response:
            refuse_card_number_around(request)
            _refuse_duplicate_query(request)
            _refuse_other_forms(request)
            body = await _json_of(request) if reads_json else ABSENT
            try:
                response = await operation.ask(request, body)
            except Refused as refused:
                await recorder.refused(request, refused)
                raise
            await recorder.done(request)
            if response.body:
                digest = digests.digest_of(bytes(response.body))
                response.headers[digests.HEADER] = digest
            return response

        return handle


async def _json_of(request: Request) -> object:
    """The body, if there is one.

    Raises BadRequestError ``media_type_unknown``, ``too_large``, malformed_json, and
    ``card_number_refused``: the body goes no further then.
    """
    content_type = request.headers.get("content-type")
    if content_type is not None and not _is_json(content_type):
        raise media_type_unknown(accepted="application/json")
    raw = await read_bounded(request, limit=MOST_JSON_BYTES)
    if raw and content_type is None:
        raise media_type_unknown(accepted="application/json")
    if not raw:
        return ABSENT
    value = parse(raw)
    refuse_card_number_in(value)
    return value


def _is_json(content_type: str) -> bool:
    plain = content_type.lower().replace(" ", "").replace('"', "")
    return plain in _JSON_TYPES


async def read_bounded(request: Request, *, limit: int) -> bytes:
    """The body, if it is not longer than `limit` bytes; counted as it comes.

    Raises BadRequestError ``too_large``, on the announced length already, and what
    `digests` refuses.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:LONGEST_NUMBER]) > limit:
        raise too_large(limit=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large(limit=limit)
    digests.refuse_other_bytes(bytes(body), request.headers.get(digests.HEADER))
    return bytes(body)


def parse(raw: bytes) -> object:
    """The one value of a JSON text.  Raises BadRequestError ``malformed_json``."""
    try:
        text = raw.decode("utf-8")
        _refuse_depth(text)
        value: object = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_bounded_decimal,
        )
        _refuse_bad_texts(value)
    except (ValueError, RecursionError) as error:
        raise malformed_json() from error
    return value


def _refuse_depth(text: str) -> None:
    """Count brackets outside texts, before a recursive parser sees them."""
    depth, in_text, escaped = 0, False, False
    for char in text:
        if in_text:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_text = False
        elif char == '"':
            in_text = True
        elif char in "[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError("too deep")
        elif char in "]}":
            depth -= 1


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and infinities are not JSON")


def _bounded_int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(digits)


def _bounded_decimal(digits: str) -> Decimal:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return Decimal(digits)


def _refuse_bad_texts(value: object) -> None:
    """A lone surrogate has no UTF-8, and a NUL no place in a database."""
    match value:
        case str():
            if "\0" in value:
                raise ValueError("a NUL in a text")
            value.encode("utf-8")
        case dict():
            for key, item in value.items():
                _refuse_bad_texts(key)
                _refuse_bad_texts(item)
        case list():
            for item in value:
                _refuse_bad_texts(item)
        case _:
            return


def _refuse_other_forms(request: Request) -> None:
    """Who takes neither JSON nor anything is told so before anything is done."""
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(form in accepted for form in _OUR_FORMS):
        raise not_acceptable()


def _refuse_duplicate_query(request: Request) -> None:
    """Two parsers would read a parameter given twice differently (ASVS 15.3.7)."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) != len(set(names)):
        raise BadRequestError(
            "query_duplicate",
            "A query parameter stands twice.",
            next_step="Name each parameter once.",
        )
