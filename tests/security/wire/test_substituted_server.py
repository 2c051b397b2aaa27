"""Clause 3.3a: who meets a substituted server (подмена сервера) tells it nothing.

On every kind of link the platform opens: to the broker, to the database, to an outer
system over HTTPS.  The impostor holds a certificate for our address by another
authority, or one by our own authority for another name.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg2
import pytest

from infra.pki.certificates import Authority, Leaf
from kernel.bus import BROKER_ERRORS, Broker, close_quietly
from kernel.tls import client_context, postgres_tls

TIMEOUT_S: Final = 5
HERE: Final = ("localhost", "127.0.0.1")
NOW: Final = datetime.now(UTC)
TLS_HANDSHAKE: Final = b"\x16"
POSTGRES_ASKS_FOR_TLS: Final = bytes.fromhex("0000000804d2162f")


@dataclass
class Server:
    """Says TLS with one certificate, and remembers what it was told."""

    folder: Path
    name: str
    heard: bytes = b""
    door: socket.socket = field(default_factory=socket.socket)

    def __post_init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = (self.folder / f"{self.name}.crt", self.folder / f"{self.name}.key")
        self.context.load_cert_chain(*pair)
        self.door.bind(("127.0.0.1", 0))
        self.door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.door.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self.door.accept()
            except OSError:
                return  # the test is over
            with visitor:
                visitor.settimeout(TIMEOUT_S)
                self._meet(visitor)

    def _meet(self, visitor: socket.socket) -> None:
        try:
            if visitor.recv(8, socket.MSG_PEEK) == POSTGRES_ASKS_FOR_TLS:
                visitor.recv(8)
                visitor.sendall(b"S")
            if visitor.recv(1, socket.MSG_PEEK) not in (TLS_HANDSHAKE, b""):
                self.heard += visitor.recv(1024)  # in clear: worse still
                return
            with self.context.wrap_socket(visitor, server_side=True) as secured:
                self.heard += secured.recv(1024)
        except OSError:
            return  # the visitor turned away, as it should from an impostor


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """Our authority: a client, the server it means to reach, and one elsewhere."""
    folder = tmp_path / "ours"
    folder.mkdir()
    client = Leaf("client", client=True)
    true, elsewhere = Leaf("true", server=HERE), Leaf("other", server=("other.kz",))
    Authority(folder, "ours").ensure([client, true, elsewhere], now=NOW)
    return folder


@pytest.fixture
def strangers(tmp_path: Path) -> Path:
    """Somebody else's authority that certifies our very address."""
    folder = tmp_path / "strangers"
    folder.mkdir()
    Authority(folder, "strangers").ensure([Leaf("true", server=HERE)], now=NOW)
    return folder


@pytest.fixture
def start() -> Iterator[Callable[[Path, str], Server]]:
    servers: list[Server] = []

    def begin(folder: Path, name: str) -> Server:
        servers.append(Server(folder, name))
        return servers[-1]

    yield begin
    for server in servers:
        server.door.close()


def by_amqp(port: int, ours: Path) -> None:
    pair = (ours / "client.crt", ours / "client.key")
    broker = Broker(f"amqps://127.0.0.1:{port}/kredit", "x", ours / "ca.crt", *pair)
    close_quietly(broker.connect())


def by_libpq(port: int, ours: Path) -> None:
    pair = (ours / "client.crt", ours / "client.key")
    tls: dict[str, Any] = dict(postgres_tls(ours / "ca.crt", *pair))
    psycopg2.connect(
        host="127.0.0.1", port=port, user="x", connect_timeout=TIMEOUT_S, **tls
    ).close()


def by_https(port: int, ours: Path) -> None:
    pair = (ours / "client.crt", ours / "client.key")
    context = client_context(ours / "ca.crt", *pair)
    httpx.get(f"https://127.0.0.1:{port}/secret", verify=context, timeout=TIMEOUT_S)


LINKS: Final = [by_amqp, by_libpq, by_https]
REFUSALS: Final = (*BROKER_ERRORS, psycopg2.OperationalError, httpx.TransportError)
Start = Callable[[Path, str], Server]
Link = Callable[[int, Path], None]


@pytest.mark.parametrize("link", LINKS)
def test_the_true_server_is_spoken_to(start: Start, ours: Path, link: Link) -> None:
    """The control: this server hangs up, but it has been told something."""
    server = start(ours, "true")
    with pytest.raises(REFUSALS):
        link(server.port, ours)
    assert server.heard != b""


@pytest.mark.clause("3.3a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("tls_verifies_nobody")
@pytest.mark.parametrize("link", LINKS)
def test_a_server_of_another_authority_is_told_nothing(
    start: Start, ours: Path, strangers: Path, link: Link
) -> None:
    server = start(strangers, "true")
    with pytest.raises(REFUSALS):
        link(server.port, ours)
    assert server.heard == b""


@pytest.mark.clause("3.3a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("tls_ignores_names")
@pytest.mark.parametrize("link", LINKS)
def test_a_server_of_another_name_is_told_nothing(
    start: Start, ours: Path, link: Link
) -> None:
    server = start(ours, "other")
    with pytest.raises(REFUSALS):
        link(server.port, ours)
    assert server.heard == b""
