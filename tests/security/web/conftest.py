"""The real nginx before the real door of the gateway, without what is behind it."""

import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from infra import pki
from infra.layout import Layout
from infra.leash import leashed
from infra.stack.ready import answers_ready
from infra.web import limits
from infra.web.limits import Limits
from infra.web.server import WebTier
from kernel.context import fresh_context
from services.auth.gateway.door import Door
from services.auth.gateway.gate import Gate
from services.auth.gateway.server import Server
from services.auth.gateway.sources import source_of
from services.auth.settings import Settings
from tests.integration.stack.conftest import open_folder
from tests.ports import free_port
from tests.security.web.visitor import Visitor
from tests.waiting import eventually
from tests.wire import fresh_ids

SITE: Final = "creditplus.kz"
UP_WITHIN_S: Final = 20.0
PIECE: Final = 50_000


@dataclass
class Behind:
    """A gateway of one process: its true door, and a mirror instead of use cases."""

    layout: Layout
    port: int
    seen: list[str] = field(default_factory=list)
    """Method and address of every request that came through the parser."""

    def __post_init__(self) -> None:
        self.server = Server(self._app(), self._settings())
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        eventually(self.server.is_open, within_s=UP_WITHIN_S)

    def stop(self) -> None:
        if self.thread.is_alive():
            self.server.stop()
            self.thread.join(timeout=UP_WITHIN_S)

    def _settings(self) -> Settings:
        folder, keys = self.layout.pki, self.layout.keys
        return Settings(
            principal="gateway",
            database_url="",
            broker_url="",
            tls_ca=folder / "ca.crt",
            tls_cert=folder / "gateway.crt",
            tls_key=folder / "gateway.key",
            stage="test",
            signing_key=keys,
            trust=keys,
            field_keys=keys,
            metrics_port=0,
            public_host=SITE,
            port=self.port,
            server_cert=folder / "gateway.crt",
            server_key=folder / "gateway.key",
        )

    def _app(self) -> Door:
        nothing = {name: lambda *_, **__: None for name in ("record", "note")}
        nobody = SimpleNamespace(**nothing)
        gate = Gate(
            use_cases=cast("Any", nobody),
            rpc=cast("Any", nobody),
            assertions=cast("Any", nobody),
            cursors=cast("Any", nobody),
            reads=cast("Any", nobody),
            new_context=lambda: fresh_context(fresh_ids()),
            hosts=frozenset({SITE, "127.0.0.1", "localhost"}),
            origins=frozenset({f"https://{SITE}"}),
        )
        return Door(self._mirror, gate)  # instead of the true resources

    async def _mirror(self, request: Request) -> Response:
        """What arrived; `large` bytes of an answer, after `wait` seconds, if asked."""
        raw = request.scope["raw_path"].decode()
        self.seen.append(f"{request.method} {raw}")
        body = await request.body()
        if "wait" in request.query_params:
            time.sleep(float(request.query_params["wait"]))  # noqa: ASYNC251 - stuck
        if "large" in request.query_params:
            return StreamingResponse(_large(int(request.query_params["large"])))
        told = {
            "source": source_of(request).address,
            "headers": [[name, value] for name, value in request.headers.items()],
            "address": f"{raw}?{request.url.query}",
            "length": len(body),
        }
        return JSONResponse(told)


async def _large(size: int) -> AsyncIterator[bytes]:
    """In pieces: whoever does not read fills no memory."""
    for _ in range(0, size, PIECE):
        yield b"x" * PIECE


@dataclass
class Site:
    """The tier as visitors find it, and the gateway behind."""

    layout: Layout
    tier: WebTier
    behind: Behind
    log: Path

    def visitor(self, source: str = "127.0.0.1") -> Visitor:
        """Somebody at an address of their own."""
        return Visitor(self.tier.port, self.layout.pki / "ca.crt", source)

    def plain(self, port: int | None = None) -> socket.socket:
        """A connection in clear."""
        at = ("127.0.0.1", port or self.tier.plain_port)
        return socket.create_connection(at, timeout=10)

    def identity(self, name: str) -> ssl.SSLContext:
        """What a principal of ours shows and trusts."""
        folder = self.layout.pki
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        return context

    def lines(self) -> str:
        """Everything that nginx has said."""
        return self.log.read_text()


Start = Callable[..., Site]


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Keys and certificates; nothing of it changes."""
    folder = Layout(tmp_path_factory.mktemp("web") / "state")
    folder.prepare()
    pki.ensure(folder, now=datetime.now(UTC))
    return folder


@pytest.fixture
def start(layout: Layout) -> Iterator[Start]:
    """Starts sites of a test's own; everything of them ends with the test."""
    with _sites(layout) as begin:
        yield begin


@pytest.fixture(scope="session")
def everyday(layout: Layout) -> Iterator[Site]:
    """One site with the limits of the public, for all who do not wear it out."""
    with _sites(layout) as begin:
        yield begin()


@pytest.fixture
def site(everyday: Site) -> Site:
    """The same, with nothing seen so far."""
    everyday.behind.seen.clear()
    return everyday


@contextmanager
def _sites(layout: Layout) -> Iterator[Start]:
    with open_folder() as folder:
        running: list[tuple[Site, subprocess.Popen[bytes]]] = []

        def begin(visitor: Limits = limits.PUBLIC, *, gateway: bool = True) -> Site:
            site = _site(layout, folder, visitor)
            if gateway:
                site.behind.start()
            with site.log.open("ab") as log:
                command = leashed(site.tier.command())
                nginx = subprocess.Popen(command, stdout=log, stderr=log)
            running.append((site, nginx))
            eventually(lambda: _is_up(site, gateway=gateway), within_s=UP_WITHIN_S)
            site.behind.seen.clear()
            return site

        yield begin
        for site, nginx in running:
            nginx.send_signal(signal.SIGTERM)
            assert nginx.wait(UP_WITHIN_S) == 0, site.lines()
            site.behind.stop()


def _site(layout: Layout, folder: Path, visitor: Limits) -> Site:
    taken = [free_port() for _ in range(4)]
    tier = WebTier(
        home=folder / "web",
        log=folder / "web" / "log",
        pki=layout.pki,
        port=taken[0],
        plain_port=taken[1],
        ready_port=taken[2],
        gateway_ports=(taken[3],),
        visitor=visitor,
    )
    tier.prepare()
    return Site(layout, tier, Behind(layout, taken[3]), folder / "web.log")


def _is_up(site: Site, *, gateway: bool) -> bool:
    if gateway:
        return answers_ready(site.layout, site.tier.ready_port)()
    try:
        site.plain().close()
    except OSError:
        return False
    return True
