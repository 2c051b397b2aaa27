"""TLS listeners of one process, several if need be, in one event loop.

Two things uvicorn does not offer are added: signals that stop all listeners of the
process together, and a connection that can be cut without an answer.
"""

import asyncio
import contextlib
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.simulators.settings import SettingsError, Tls, environment

CUT = "simulators.cut"
GRACE_S = 1
BAD_SETTINGS = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port; `partners_only` demands a client certificate of the outer CA."""

    app: ASGIApp
    host: str
    port: int
    tls: Tls
    partners_only: bool


def start(name: str, run: Callable[[Mapping[str, str]], Sequence[Listener]]) -> None:
    """Build the listeners from the environment and serve until a signal.

    Ends the process with status 2 and one line per problem when the settings are
    incomplete.
    """
    logging.basicConfig(format=f"{name}: %(message)s", level=logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        listeners = run(environment())
    except SettingsError as error:
        _give_up(name, error)
    asyncio.run(_serve(listeners))


def _give_up(name: str, error: SettingsError) -> NoReturn:
    for problem in error.problems:
        print(f"{name}: {problem}", file=sys.stderr)
    sys.exit(BAD_SETTINGS)


async def _serve(listeners: Sequence[Listener]) -> None:
    servers = [_Server(_config(listener)) for listener in listeners]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    for listener in listeners:
        log.info("https://%s:%d", listener.host, listener.port)
    await asyncio.gather(*(server.serve() for server in servers))


class _Server(uvicorn.Server):
    """A server that leaves signals to `_serve`, which stops all of them."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _CuttableProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose application may end the connection without an answer."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"cut": self.transport.abort}}


def _config(listener: Listener) -> uvicorn.Config:
    return uvicorn.Config(
        listener.app,
        host=listener.host,
        port=listener.port,
        http=_CuttableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # the bank's addresses carry account numbers
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_context_factory=lambda _config, _default: _context(listener),
    )


def _context(listener: Listener) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listener.tls.certificate, listener.tls.key)
    if listener.partners_only:
        context.load_verify_locations(listener.tls.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
