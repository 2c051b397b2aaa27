"""Hundreds who send or read by drops hold up nobody else (case A23)."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

import pytest

from infra.web import limits
from tests.security.web.conftest import Site, Start
from tests.security.web.visitor import HOST, Visitor, read, request
from tests.waiting import eventually

MANY: Final = 100
"""Of each kind; all from addresses of their own."""
ASKED: Final = 100
HONEST_S: Final = 1.0
PATIENCE_S: Final = 2
DROP_S: Final = 0.3
ENDED_WITHIN_S: Final = 15.0
LARGE: Final = 1_500_000
"""More than all buffers on the way hold, so that the answer waits for its reader."""
HEAD: Final = f"GET /api/v1/mirror HTTP/1.1\r\nHost: {HOST}\r\n".encode()
POST: Final = (
    f"POST /api/v1/mirror HTTP/1.1\r\nHost: {HOST}\r\nOrigin: https://{HOST}\r\n"
    "Content-Length: 60000\r\n\r\n"
).encode()


class Crowd:
    """Connections that have begun with `first`, and get `drop` again and again."""

    def __init__(self, first: bytes, drop: bytes) -> None:
        self.first, self.drop = first, drop
        self.links: list[ssl.SSLSocket] = []

    def gather(self, stack: ExitStack, visitors: list[Visitor]) -> None:
        for visitor in visitors:
            link = stack.enter_context(visitor.connected())
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            link.sendall(self.first)
            self.links.append(link)

    def drip(self) -> None:
        """One drop for each that still takes it."""
        if self.drop:
            self.links = [link for link in self.links if _takes(link, self.drop)]


def _takes(link: ssl.SSLSocket, drop: bytes) -> bool:
    try:
        link.sendall(drop)
    except OSError:
        return False
    return True


@contextmanager
def dripping(*crowds: Crowd) -> Iterator[None]:
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(DROP_S):
            for crowd in crowds:
                crowd.drip()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def strangers(site: Site, network: int) -> list[Visitor]:
    return [site.visitor(f"127.0.{network}.{n}") for n in range(1, MANY + 1)]


@pytest.mark.catalogue("A23")
@pytest.mark.seeded("web_waits_for_slow_heads")
@pytest.mark.seeded("web_waits_for_slow_readers")
def test_slow_visitors_hold_up_nobody_and_are_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow heads, slow bodies, and readers who do not read, all at once."""
    monkeypatch.setattr(limits, "HEAD_S", PATIENCE_S)
    monkeypatch.setattr(limits, "SILENCE_S", PATIENCE_S)
    site = start()
    heads, bodies = Crowd(HEAD, b"X-Drop: 1\r\n"), Crowd(POST, b"x")
    readers = Crowd(request("GET", f"/api/v1/mirror?large={LARGE}"), b"")
    with ExitStack() as stack:
        for network, crowd in enumerate((bodies, readers, heads), 10):
            crowd.gather(stack, strangers(site, network))
        with dripping(heads, bodies):
            assert p99(waits(site)) < HONEST_S
            eventually(lambda: heads.links == [], within_s=ENDED_WITHIN_S)
        assert all_cut(readers)  # they were silent for longer than the heads lasted
        # A body by drops is held at the edge: the gateway sees whole requests only.
        assert [line for line in site.behind.seen if "POST" in line] == []
        assert p99(waits(site)) < HONEST_S


def waits(site: Site) -> list[float]:
    """How long an honest visitor waits for each of many answers."""
    visitor = site.visitor()
    return [_timed(lambda: visitor.ask("GET", "/api/v1/mirror")) for _ in range(ASKED)]


def p99(seconds: list[float]) -> float:
    """All but one in a hundred wait no longer."""
    return sorted(seconds)[-1 - len(seconds) // 100]


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def all_cut(crowd: Crowd) -> bool:
    """Whether each was cut before it had heard all."""
    return all(_heard(link) < LARGE for link in crowd.links)


def _heard(link: ssl.SSLSocket) -> int:
    link.settimeout(5)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGE)
    total = 0
    try:
        while chunk := link.recv(65_536):
            total += len(chunk)
    except OSError:
        return total
    return total


@pytest.mark.catalogue("A23", "A06")
@pytest.mark.seeded("web_serves_one_address_without_end")
def test_one_address_holds_a_few_places_only(start: Start) -> None:
    few = replace(limits.PUBLIC, served_at_once=5)
    site = start(few)
    crowd = Crowd(POST, b"")
    with ExitStack() as stack:
        crowd.gather(stack, [site.visitor("127.0.0.66")] * 15)
        assert site.visitor().ask("GET", "/api/v1/mirror").status == 200
        refused = [link for link in crowd.links if _is_refused(link)]
        assert len(refused) == 10


def _is_refused(link: ssl.SSLSocket) -> bool:
    link.settimeout(0.2)
    try:
        return read(link).status == 429
    except TimeoutError:
        return False
