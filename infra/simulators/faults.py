"""Faults on demand: what networks and partners do to a client, in a scripted order.

A fault is armed for a path prefix and a number of requests; the next matching
requests consume it. The work is done in every mode but `down`: the dangerous
failures are those where the partner has acted and the client does not know it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.simulators import web
from infra.simulators.lies import distorted
from infra.simulators.serving import CUT

LIES_ASKED = "simulators.lies"
EXEMPT = ("/_control", "/ready")
MAX_DELAY_S = 600.0
GARBAGE = b'\x00\xff{"garbled'


class Mode(StrEnum):
    """What happens to the answer."""

    DELAY = "delay"
    LOSE = "lose"
    GARBLE = "garble"
    WRONG = "wrong"
    DOWN = "down"


@dataclass(slots=True, kw_only=True)
class Fault:
    """Armed for `times` requests under `path_prefix` (of `method`, if given).

    `fields` says which parts of a wrong answer are wrong; empty leaves the choice
    to the simulator.
    """

    path_prefix: str
    mode: Mode
    times: int
    delay_s: float
    method: str | None
    fields: tuple[str, ...]

    def hits(self, method: str, path: str) -> bool:
        return (
            self.times > 0
            and path.startswith(self.path_prefix)
            and self.method in (None, method)
        )

    def record(self) -> web.Json:
        return {
            "path_prefix": self.path_prefix,
            "mode": self.mode.value,
            "times": self.times,
            "delay_s": self.delay_s,
            "method": self.method,
            "fields": list(self.fields),
        }


class FaultBook:
    """The armed faults of one process, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def armed(self) -> list[web.Json]:
        """The faults that are still waiting, with the times left."""
        return [fault.record() for fault in self._faults if fault.times > 0]

    def take(self, method: str, path: str) -> Fault | None:
        """The oldest fault for this request, one time of it used up."""
        for fault in self._faults:
            if fault.hits(method, path):
                fault.times -= 1
                return fault
        return None


def lies_asked(request: Request) -> tuple[str, ...] | None:
    """The fields a signed answer must get wrong; None = tell the truth.

    Plain JSON is distorted afterwards; what carries a signature has to be wrong
    before it is signed.
    """
    asked: tuple[str, ...] | None = request.scope.get(LIES_ASKED)
    return asked


def control_routes(book: FaultBook, token: str) -> list[Route]:
    """`/_control/faults`: POST arms, GET lists, DELETE clears."""

    async def arm(request: Request) -> Response:
        fault = _fault(await web.json_body(request))
        book.arm(fault)
        return web.answer(fault.record(), 201)

    async def armed(_: Request) -> Response:
        return web.answer({"faults": book.armed()})

    async def clear(_: Request) -> Response:
        book.clear()
        return Response(status_code=204)

    path = "/_control/faults"
    return [
        Route(path, web.guarded(arm, token), methods=["POST"]),
        Route(path, web.guarded(armed, token), methods=["GET"]),
        Route(path, web.guarded(clear, token), methods=["DELETE"]),
    ]


class FaultGate:
    """The middleware that lets armed faults happen."""

    def __init__(self, app: ASGIApp, book: FaultBook) -> None:
        self._app = app
        self._book = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application (asgi.readthedocs.io)."""
        fault = self._fault_for(scope)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.mode is Mode.DOWN:
            await web.answer({"code": "down"}, 503)(scope, receive, send)
        else:
            await self._spoil(fault, scope, receive, send)

    def _fault_for(self, scope: Scope) -> Fault | None:
        path: str = scope["path"]
        if path.startswith(EXEMPT):
            return None
        return self._book.take(scope["method"], path)

    async def _spoil(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        held = _HeldAnswer()
        if fault.mode is Mode.WRONG:
            scope[LIES_ASKED] = fault.fields
        await self._app(scope, receive, held.keep)
        match fault.mode:
            case Mode.LOSE:
                await _cut(scope, receive)
                return
            case Mode.DELAY:
                await asyncio.sleep(fault.delay_s)
            case Mode.GARBLE:
                held.body = held.body[: len(held.body) // 2] + GARBAGE
            case Mode.WRONG:
                held.body = _wrong(held.body, fault.fields)
        await held.release(send)


class _HeldAnswer:
    """An answer that is finished but not yet sent."""

    def __init__(self) -> None:
        self.body = b""
        self._start: Message = {}

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self.body += message.get("body", b"")

    async def release(self, send: Send) -> None:
        length = (b"content-length", str(len(self.body)).encode())
        headers = [
            header
            for header in self._start["headers"]
            if header[0].lower() != b"content-length"
        ]
        await send({**self._start, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": self.body})


async def _cut(scope: Scope, receive: Receive) -> None:
    scope["extensions"][CUT]["cut"]()
    # Returning before the connection is gone would make the server answer 500.
    while (await receive())["type"] != "http.disconnect":
        pass


def _wrong(body: bytes, fields: Sequence[str]) -> bytes:
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        # A page or DER: whoever made it has lied already, or has nothing to lie about.
        return body
    return orjson.dumps(distorted(content, fields))


def _fault(body: web.Json) -> Fault:
    delay_s = body.get("delay_s", 0)
    if isinstance(delay_s, bool) or not isinstance(delay_s, int | float):
        raise web.RefusedError(400, "malformed", "delay_s")
    fields = body.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(f, str) for f in fields):
        raise web.RefusedError(400, "malformed", "fields")
    return Fault(
        path_prefix=web.text(body, "path_prefix"),
        mode=_mode(web.text(body, "mode")),
        times=web.whole(body, "times", least=1, default=1),
        delay_s=min(max(float(delay_s), 0.0), MAX_DELAY_S),
        method=web.optional_text(body, "method"),
        fields=tuple(fields),
    )


def _mode(name: str) -> Mode:
    try:
        return Mode(name)
    except ValueError as error:
        raise web.RefusedError(400, "malformed", "mode") from error
