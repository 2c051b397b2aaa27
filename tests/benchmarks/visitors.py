"""Visitors of an HTTPS door: lines that are kept, requests as bytes, times of answers.

One driver for every party, so small that it is not what is measured.
"""

import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

ANSWER_S: Final = 120.0
CONNECT_S: Final = 10.0
_HEAD_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: str
    body: bytes
    took_s: float


@dataclass(frozen=True, slots=True)
class Address:
    """A door, and from which of this machine's addresses it is visited."""

    port: int
    local: str = "127.0.0.1"


class Line:
    """One kept TLS connection, which says where it comes from as a web tier does."""

    def __init__(self, address: Address, trust: ssl.SSLContext) -> None:
        plain = socket.create_connection(
            ("127.0.0.1", address.port),
            timeout=CONNECT_S,
            source_address=(address.local, 0),
        )
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = trust.wrap_socket(plain, server_hostname="localhost")
        self._line.settimeout(ANSWER_S)
        self._says = f"\r\nX-Real-IP: {address.local}".encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.close()

    def ask(self, request: bytes) -> Answer:
        """Send one request and read its whole answer."""
        head, end, content = request.partition(_HEAD_END)
        began = time.monotonic()
        self._line.sendall(head + self._says + end + content)
        received = b""
        while _HEAD_END not in received:
            received += self._more()
        said, _, body = received.partition(_HEAD_END)
        first, _, headers = said.decode("latin-1").partition("\r\n")
        length = _length(headers)
        while len(body) < length:
            body += self._more()
        took_s = time.monotonic() - began
        return Answer(int(first.split()[1]), headers, body, took_s)

    def _more(self) -> bytes:
        chunk = self._line.recv(65_536)
        if not chunk:
            raise ConnectionError("the door was shut in the middle of an answer")
        return chunk


def _length(headers: str) -> int:
    for line in headers.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def request(
    method: str, path: str, *, body: object = None, headers: Sequence[str] = ()
) -> bytes:
    """The bytes of a request; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else b""
    if body is not None and not content:
        content = json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(content)}",
        *(["Content-Type: application/json"] if content else []),
        *headers,
    ]
    return "\r\n".join(lines).encode() + _HEAD_END + content


_HELLO: Final = request("GET", "/")
"""Asked before the start: until its first request a line may hold a thread of a peer,
and the last one would wait for a free one."""


@dataclass
class Crowd:
    """Answers of many lines at once, in the order they were asked for."""

    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds


def crowd(
    addresses: Sequence[Address], requests: Sequence[bytes], trust: ssl.SSLContext
) -> Crowd:
    """Ask everything, a line per address, each taking the next request that is left."""
    answers: list[Answer | None] = [None] * len(requests)
    places = itertools.count()
    start = threading.Barrier(len(addresses) + 1)
    faults: list[Exception] = []

    def visit(address: Address) -> None:
        try:
            with Line(address, trust) as line:
                line.ask(_HELLO)
                start.wait()
                while (place := next(places)) < len(requests):
                    answers[place] = line.ask(requests[place])
        except (OSError, threading.BrokenBarrierError) as error:
            faults.append(error)
            start.abort()

    threads = [threading.Thread(target=visit, args=(one,)) for one in addresses]
    for thread in threads:
        thread.start()
    try:
        start.wait()
    except threading.BrokenBarrierError:
        raise faults[0] from None
    began = time.monotonic()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    if faults:
        raise faults[0]
    return Crowd([answer for answer in answers if answer is not None], seconds)
