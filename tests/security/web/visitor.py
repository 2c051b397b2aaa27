"""A visitor who writes every byte themselves, from an address of their own."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Final

HOST: Final = "creditplus.kz"
TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header field."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        """The value of a field that stands once."""
        (value,) = self.all(name)
        return value

    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Comes from `source`; trusts `ca`."""

    port: int
    ca: Path
    source: str = "127.0.0.1"
    host: str = HOST
    """Whose certificate they want to see."""

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    @contextmanager
    def connected(
        self, context: ssl.SSLContext | None = None
    ) -> Iterator[ssl.SSLSocket]:
        """A TLS connection to the site by its name."""
        with self.raw() as plain:
            how = context or self.context()
            with how.wrap_socket(plain, server_hostname=self.host) as link:
                yield link

    def raw(self) -> socket.socket:
        """A TCP connection."""
        at = ("127.0.0.1", self.port)
        return socket.create_connection(at, TIMEOUT_S, source_address=(self.source, 0))

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        /,
        *,
        host: str = HOST,
        **headers: str,
    ) -> Answer:
        """One request on a connection of its own; words of header names join by _."""
        with self.connected() as link:
            link.sendall(request(method, path, body, host=host, **headers))
            return read(link, method)

    def send(self, raw: bytes) -> bytes:
        """Whatever bytes; all that comes back until the end."""
        with self.connected() as link:
            return exchange(link, raw)


def request(
    method: str, path: str, body: bytes = b"", /, *, host: str = HOST, **headers: str
) -> bytes:
    """The bytes of one request that ends its connection."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = {"Host": host, "Connection": "close", **named}
    if body:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def read(link: socket.socket, method: str = "GET") -> Answer:
    """The next answer of a connection."""
    answer = HTTPResponse(link, method=method)
    answer.begin()
    body = answer.read()
    return Answer(answer.status, tuple(answer.getheaders()), body)


def exchange(link: socket.socket, raw: bytes) -> bytes:
    """Send, then hear until the other side ends."""
    received = b""
    try:
        link.sendall(raw)
        while chunk := link.recv(65_536):
            received += chunk
    except (ConnectionError, TimeoutError):
        return received
    return received
