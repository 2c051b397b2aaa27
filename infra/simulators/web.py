"""What every simulated server says alike: JSON in and out, refusals, control, time.

The `Date` header is ours and not the web server's, because it has to follow the
simulators' clock.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.simulators.clock import Clock, http_date
from infra.simulators.journal import JournalBrokenError

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

MAX_BODY_BYTES = 1 << 20
MAX_TEXT_LENGTH = 10_000
MAX_INTEGER = 2**53 - 1

IIN = re.compile(r"[0-9]{12}")
IBAN = re.compile(r"KZ[0-9]{5}[A-Z0-9]{13}")
PHONE = re.compile(r"\+7[0-9]{10}")
NAME = re.compile(r"[^\x00-\x1f]{1,64}")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class RefusedError(Exception):
    """An answer with a reason: `code` is stable, `status` is HTTP's."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail


def answer(body: Json, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, media_type="application/json")


async def raw_body(request: Request, *, most: int = MAX_BODY_BYTES) -> bytes:
    """The request's bytes; refuses more than `most` (413)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise RefusedError(413, "too_large")
    return bytes(body)


async def json_body(request: Request, *, most: int = MAX_BODY_BYTES) -> Json:
    """The request's JSON object; anything else is refused (400 malformed)."""
    try:
        body = orjson.loads(await raw_body(request, most=most))
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "malformed", "not JSON") from error
    if not isinstance(body, dict):
        raise RefusedError(400, "malformed", "not an object")
    return body


def text(body: Json, field: str, pattern: re.Pattern[str] | None = None) -> str:
    """A required, non-empty string, of the given form if one is given."""
    value = body.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_LENGTH:
        raise RefusedError(400, "malformed", field)
    if pattern is not None and not pattern.fullmatch(value):
        raise RefusedError(400, "malformed", field)
    return value


def optional_text(
    body: Json, field: str, pattern: re.Pattern[str] | None = None
) -> str | None:
    """A string as in `text`, or None when the field is absent or null."""
    return None if body.get(field) is None else text(body, field, pattern)


def whole(body: Json, field: str, *, least: int, default: int | None = None) -> int:
    """An integer from `least` to 2^53 - 1; a boolean is no integer."""
    value = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RefusedError(400, "malformed", field)
    if not least <= value <= MAX_INTEGER:
        raise RefusedError(400, "malformed", field)
    return value


def flag(body: Json, field: str, *, default: bool = False) -> bool:
    """A boolean."""
    value = body.get(field, default)
    if not isinstance(value, bool):
        raise RefusedError(400, "malformed", field)
    return value


def guarded(endpoint: Endpoint, token: str) -> Endpoint:
    """The same endpoint for the holder of the control token only."""
    expected = b"Bearer " + token.encode()

    async def checked(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            raise RefusedError(401, "control_token_wrong")
        return await endpoint(request)

    return checked


def ready_route(name: str, is_ready: Callable[[], bool]) -> Route:
    """`GET /ready`: 200 when the process can do its work, else 503."""

    async def ready(_: Request) -> Response:
        able = is_ready()
        return answer({"name": name, "ready": able}, 200 if able else 503)

    return Route("/ready", ready, methods=["GET"])


def application(routes: Sequence[Route]) -> Starlette:
    """The routes, with refusals turned into answers."""
    return Starlette(
        routes=list(routes),
        exception_handlers={
            RefusedError: _refused,
            JournalBrokenError: _broken,
            404: _not_found,
            405: _not_found,
        },
    )


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    body = {"code": error.code}
    if error.detail:
        body["detail"] = error.detail
    return answer(body, error.status)


async def _broken(_: Request, __: Exception) -> Response:
    return answer({"code": "journal_broken"}, 503)


async def _not_found(_: Request, __: Exception) -> Response:
    return answer({"code": "no_such_address"}, 404)


class Dated:
    """Puts the simulators' own `Date` on every answer."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application (asgi.readthedocs.io)."""

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                stamp = http_date(self._clock.now()).encode()
                headers = [*message.get("headers", []), (b"date", stamp)]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, stamped)
