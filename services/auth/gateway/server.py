"""HTTP/1.1 over TLS with the web tier, bounded in every direction (cases A22, A23).

Visitors come through the web tier only (clauses 2.2, 2.3): whoever shows no certificate
of our authority fails the handshake, and whoever shows another's is hung up on.

The parser is h11: strict about what a message is, so that a proxy in front and we
never disagree where one ends (request smuggling).
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from fastapi import FastAPI
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

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


class BoundedProtocol(H11Protocol):
    """uvicorn's h11 protocol with a clock on connections that are not served."""

    _quiet: asyncio.TimerHandle | None = None

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
    def handle_events(self) -> None:
        served = self.cycle
        super().handle_events()
        if self.cycle is not served and not self.cycle.response_complete:
            self._unwatch()

    @override
    def on_response_complete(self) -> None:
        self._watch()
        super().on_response_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a problem as well, then the connection ends."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        body = json.dumps(_NOT_HTTP).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *HEADERS,
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        self._unwatch()
        self._quiet = self.loop.call_later(QUIET_S, self._too_quiet)

    def _unwatch(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None

    def _too_quiet(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def _is_web_tier(certificate: Mapping[str, Any] | None) -> bool:
    """Whether what was shown, of our authority by now, is the web tier's."""
    subject = (certificate or {}).get("subject", ())
    names = [pair for part in subject for pair in part]
    return [told for name, told in names if name == "commonName"] == [WEB_TIER]


_NOT_HTTP: Final = {
    "type": "urn:kredit:problem:malformed_request",
    "title": "Malformed request",
    "status": 400,
    "code": "malformed_request",
    "detail": "The bytes are not an HTTP/1.1 request.",
    "request_id": None,
    "next_step": "Correct the request and send it again.",
}


class Server:
    """The public door, shut until `run` listens, and again when told to stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
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


def configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
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
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_context_factory=lambda _config, _default: server_context(
            settings.tls_ca, Path(certificate), Path(key), client_required=True
        ),
    )
