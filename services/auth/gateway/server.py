"""HTTP/1.1 over TLS with the web tier, bounded in every direction (cases A22, A23).

Visitors come through the web tier only (clauses 2.2, 2.3): whoever shows no certificate
of our authority fails the handshake, and whoever shows another's is hung up on.

The parser is llhttp, strict about what a message is, so that a proxy in front and we
never disagree where one ends (request smuggling); only what follows a last request is
passed over.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httptools
import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from kernel.tls import server_context
from services.auth.gateway.door import MOST_HEAD_BYTES
from services.auth.gateway.security import HEADERS
from services.auth.settings import Settings, given

WEB_TIER: Final = "web"
"""The common name of whom this door opens to."""
MOST_CONNECTIONS: Final = 1024
QUIET_S: Final = 15.0
"""A connection without a request being served is closed after this: idle ones, and
those whose headers, or the rest of whose refused body, come by drops."""
STOP_S: Final = 10


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a clock on connections that are not served.

    Beyond the parser it refuses what two servers might read differently: a head without
    end, two hosts, a change of protocol.
    """

    _quiet: asyncio.TimerHandle | None = None
    _head_bytes: int | None = None
    """Of a head that has begun and is not complete, after its first read."""

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if not _is_web_tier(transport.get_extra_info("peercert")):
            transport.abort()
            return
        self._watch()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self.send_400_response("")
                return
        super().data_received(data)

    @override
    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._head_bytes = None
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts != 1 or self.parser.should_upgrade():
            raise httptools.HttpParserError
        super().on_headers_complete()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._unwatch()
        cycle.transport = _Whole(cycle)
        super()._start_asgi_task(cycle, app)

    @override
    def on_response_complete(self) -> None:
        self._watch()
        super().on_response_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a problem as well, then the connection ends.

        Unless the answer to an earlier request, or to its good half, is on its way.
        """
        if self.transport.is_closing():
            return
        self._watch()  # who goes on sending is cut off
        serving = self.cycle
        if (
            serving is None  # type: ignore[redundant-expr] # until the first request
            or serving.response_complete
            or (serving.more_body and not serving.response_started)
        ):
            self.transport.write(_NOT_HTTP)
        self.transport.close()

    def _watch(self) -> None:
        self._unwatch()
        self._quiet = self.loop.call_later(QUIET_S, self._too_quiet)

    def _unwatch(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None

    def _too_quiet(self) -> None:
        self.transport.abort()


class _Whole(asyncio.Transport):
    """The way out of one answer, whose head leaves with what follows it.

    So a usual answer is one record of TLS and one packet instead of two.
    """

    def __init__(self, cycle: RequestResponseCycle) -> None:
        super().__init__()
        self._cycle, self._out = cycle, cycle.transport
        self._head = b""
        self._begun = cycle.scope["method"] == "HEAD"  # nothing follows its head

    @override
    def write(self, data: Any) -> None:
        if self._begun or not self._cycle.response_started:  # 100 Continue waits not
            self._out.write(data)
        elif not self._head:
            self._head = data
        else:
            self._begun = True
            self._out.write(self._head + data)

    @override
    def close(self) -> None:
        self._out.close()

    @override
    def is_closing(self) -> bool:
        return self._out.is_closing()


def _is_web_tier(certificate: Mapping[str, Any] | None) -> bool:
    """Whether what was shown, of our authority by now, is the web tier's."""
    subject = (certificate or {}).get("subject", ())
    names = [pair for part in subject for pair in part]
    return [told for name, told in names if name == "commonName"] == [WEB_TIER]


def _not_http() -> bytes:
    body = json.dumps(
        {
            "type": "urn:kredit:problem:malformed_request",
            "title": "Malformed request",
            "status": 400,
            "code": "malformed_request",
            "detail": "The bytes are not an HTTP/1.1 request.",
            "request_id": None,
            "next_step": "Correct the request and send it again.",
        }
    ).encode()
    headers = (
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *HEADERS,
    )
    lines = [b"%s: %s\r\n" % pair for pair in headers]
    return b"".join([b"HTTP/1.1 400 Bad Request\r\n", *lines, b"\r\n", body])


_NOT_HTTP: Final = _not_http()


class Server:
    """The public door, shut until `run` listens, and again when told to stop."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._server = uvicorn.Server(configured(app, settings))

    def is_open(self) -> bool:
        """Whether a visitor is let in right now."""
        return self._server.started and not self._server.should_exit

    def run(self) -> None:
        """Serve until the process is told to stop, or by `stop`."""
        self._server.run()

    def stop(self) -> None:
        """Let in nobody more; `run` returns when who is inside has been served."""
        self._server.should_exit = True


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """The server's every limit.  Broken without a certificate."""
    certificate = given(settings.server_cert, name="SERVER_CERT")
    key = given(settings.server_key, name="SERVER_KEY")
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=int(QUIET_S),
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_context_factory=lambda _config, _default: server_context(
            settings.tls_ca, Path(certificate), Path(key), client_required=True
        ),
    )
