"""The outermost layer: every request gets an id, a time limit, and a proper answer."""

import asyncio
import time
from typing import Final

from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kernel.context import Context, continued
from kernel.errors import Broken, Refused
from kernel.logging import canonical, get_logger
from kernel.metrics import SECONDS
from services.auth.gateway import problems
from services.auth.gateway.gate import Gate
from services.auth.gateway.problems import Reader
from services.auth.gateway.reads import Read
from services.auth.gateway.records import client_of, object_of
from services.auth.gateway.routes import Answering
from services.auth.gateway.security import HEADERS, refuse_cross_site

log = get_logger(__name__)

MOST_HEAD_BYTES: Final = 16 * 1024
"""Address and header fields together."""
REQUEST_S: Final = 30.0
"""The longest a request may take, its slow sender included (case A23)."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOOKING: Final = frozenset({"GET", "HEAD"})
_HEALTH: Final = "/health/"
"""Asked every second by machines, about nobody."""
HTTP_SECONDS: Final = Histogram(
    "http_request_seconds",
    "Time of one request at the public door",
    ("method", "route", "outcome"),
    buckets=SECONDS,
)


class Door:
    """The ASGI application around whatever answers."""

    def __init__(self, answer: Answering, gate: Gate) -> None:
        self._answer = answer
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            return
        header = Headers(scope=scope).getlist("traceparent")
        context = continued(self._gate.new_context(), header)
        scope.setdefault("state", {}).update(context=context, gate=self._gate)
        answer = _Answer(send, str(context.correlation_id))
        started = time.monotonic()
        outcome = await self._answered(scope, receive, answer)
        took_s = time.monotonic() - started
        method, route = method_of(scope), route_of(scope)
        if method in _LOOKING and _HEALTH not in route:
            self._note(scope, what=f"{method} {route}", status=answer.status)
        HTTP_SECONDS.labels(method, route, outcome).observe(took_s)
        canonical(
            "gateway",
            "request",
            outcome=outcome,
            method=method,
            route=route,
            status=answer.status,
            ms=round(took_s * 1000),
            request_id=str(context.correlation_id),
            trace_id=context.trace_id,
        )

    def _note(self, scope: Scope, *, what: str, status: int) -> None:
        read = Read(
            request_id=scope["state"]["context"].correlation_id,
            client_id=client_of(scope),
            object_id=object_of(scope),
            what=what,
            status=status,
        )
        try:
            self._gate.reads.note(read)
        except Broken:
            log.exception("read_not_noted", request_id=str(read.request_id))

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> str:
        """How it went: ok, refused or broken; an answer has been sent."""
        limit = asyncio.timeout(REQUEST_S)
        try:
            async with limit:
                response = await self._response(Request(scope, receive))
                await response(scope, receive, answer.send)
        except Exception as error:  # the last resort (ASVS 16.5.4): the process lives
            reader = Reader.of(scope)
            if isinstance(error, TimeoutError) and limit.expired():
                problem = problems.of_refused(problems.timed_out(), reader)
            else:
                log.exception("request_defect", request_id=reader.request_id)
                problem = problems.of_defect(reader)
            await answer.instead(problem, scope, receive)
        return _outcome(answer.status)

    async def _response(self, request: Request) -> Response:
        try:
            _refuse_long_head(request)
            _refuse_two_lengths(request)
            self._refuse_strange_host(request)
            refuse_cross_site(request, self._gate.origins)
        except Refused as refused:
            return await turned_away(self._gate, request.scope, refused)
        return await self._answer(request)

    def _refuse_strange_host(self, request: Request) -> None:
        host = request.headers.get("host", "").lower()
        name = host.rpartition(":")[0] if ":" in host else host
        if name not in self._gate.hosts:
            raise problems.host_unknown()


def _refuse_long_head(request: Request) -> None:
    """The parser bounds what comes by drops; this bounds what came at once."""
    target = len(request.scope["path"]) + len(request.scope["query_string"])
    headers = sum(len(name) + len(value) for name, value in request.headers.raw)
    if target + headers > MOST_HEAD_BYTES:
        raise problems.head_too_large(limit=MOST_HEAD_BYTES)


def _refuse_two_lengths(request: Request) -> None:
    """A proxy and we might choose differently, and disagree where it ends (A22)."""
    if {"content-length", "transfer-encoding"} <= set(request.headers):
        raise problems.two_lengths()


async def turned_away(gate: Gate, scope: Scope, refused: Refused) -> Response:
    """The answer to a refusal, recorded if it is a security event (clause 6.1e)."""
    context: Context = scope["state"]["context"]
    if problems.is_recorded(refused):
        what = f"{method_of(scope)} {route_of(scope)}"
        await gate.record_refusal(context, what=what, code=refused.code)
    return problems.of_refused(refused, Reader.of(scope))


class _Answer:
    """The way out: headers on everything, and a note of what was sent."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("ascii")
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass on; the first message gets the headers."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            given = list(message.get("headers", []))
            own = {name for name, _ in given}
            message = {
                **message,
                "headers": [
                    *given,
                    *(pair for pair in HEADERS if pair[0] not in own),
                    (b"x-request-id", self._request_id),
                ],
            }
        await self._send(message)

    async def instead(self, response: Response, scope: Scope, receive: Receive) -> None:
        """Send `response`, unless an answer has begun already."""
        if self.status == 0:
            await response(scope, receive, self.send)


def method_of(scope: Scope) -> str:
    """The method, if it is one we know: a visitor may write any word there."""
    return scope["method"] if scope["method"] in METHODS else "other"


def route_of(scope: Scope) -> str:
    """The pattern of the route, never the address: that may hold what must not leak."""
    return str(scope.get("route", "unmatched"))


def _outcome(status: int) -> str:
    if status >= 500:  # noqa: PLR2004 - the class of status codes
        return "transient" if status == 503 else "broken"  # noqa: PLR2004
    return "refused" if status >= 400 else "ok"  # noqa: PLR2004
