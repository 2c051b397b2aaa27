"""The proxy does to bytes what it was told, and nothing when told nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from typing_extensions import override

from tests.faults.proxy import Proxy

WITHIN_S = 30.0
SILENCE_S = 0.3
LONG = bytes(range(256)) * 1024


class _Echo(BaseRequestHandler):
    @override
    def handle(self) -> None:
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            return


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with _Server(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with Proxy(("127.0.0.1", server.server_address[1]), seed="echo") as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected(proxy) as client:
        yield client


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=WITHIN_S)


def read(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (more := client.recv(65536)):
        got += more
    return got


def echoed(client: socket.socket, data: bytes) -> bytes:
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    got = read(client, len(data))
    sender.join()
    return got


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SILENCE_S)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    else:
        return False
    finally:
        client.settimeout(WITHIN_S)


def test_bytes_pass_unchanged_both_ways(proxy: Proxy, client: socket.socket) -> None:
    assert echoed(client, LONG) == LONG
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert proxy.accepted == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"latency_ms": 20, "jitter_ms": 20},
        {"bytes_per_s": 4_000_000},
        {"slice_bytes": 700},
    ],
)
def test_a_slow_line_loses_nothing(
    proxy: Proxy, client: socket.socket, changes: dict[str, float]
) -> None:
    proxy.both(**changes)
    assert echoed(client, LONG) == LONG


def test_latency_lasts_at_least_its_time(proxy: Proxy, client: socket.socket) -> None:
    proxy.to_client(latency_ms=500)
    started = time.monotonic()
    assert echoed(client, b"x") == b"x"
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("way", ["to_server", "to_client"])
def test_a_black_hole_keeps_the_connection_and_swallows(
    proxy: Proxy, client: socket.socket, way: str
) -> None:
    getattr(proxy, way)(black_hole=True)
    client.sendall(b"lost")
    assert is_silent(client)
    proxy.heal()
    assert echoed(client, b"seen") == b"seen"


def test_an_end_does_not_pass_a_black_hole(proxy: Proxy, client: socket.socket) -> None:
    proxy.to_server(black_hole=True)
    client.shutdown(socket.SHUT_WR)
    assert is_silent(client)
    proxy.heal()
    assert client.recv(1) == b""


def test_down_resets_and_refuses_until_it_heals(
    proxy: Proxy, client: socket.socket
) -> None:
    assert echoed(client, b"x") == b"x"
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.heal()
    with connected(proxy) as again:
        assert echoed(again, b"y") == b"y"


@pytest.mark.parametrize("orderly", [True, False])
def test_a_cut_ends_what_is_open_and_nothing_else(
    proxy: Proxy, client: socket.socket, *, orderly: bool
) -> None:
    assert echoed(client, b"x") == b"x"
    proxy.cut(orderly=orderly)
    if orderly:
        assert client.recv(1) == b""
    else:
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connected(proxy) as again:
        assert echoed(again, b"y") == b"y"


def test_a_limit_resets_the_connection_that_reaches_it(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.to_server(limit_bytes=3)
    assert echoed(client, b"abc") == b"abc"
    client.sendall(b"d")
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_chunk_is_doubled(proxy: Proxy, client: socket.socket) -> None:
    proxy.to_client(duplicate=1)
    client.sendall(b"x")
    assert read(client, 2) == b"xx"


def test_one_bit_of_a_chunk_is_flipped(proxy: Proxy, client: socket.socket) -> None:
    proxy.to_client(corrupt=1)
    got = echoed(client, b"x")
    assert (got[0] ^ ord("x")).bit_count() == 1


def test_chunks_change_places(proxy: Proxy, client: socket.socket) -> None:
    proxy.to_server(reorder=1)
    client.sendall(b"a")
    assert is_silent(client)
    client.sendall(b"b")
    assert read(client, 2) == b"ba"


def test_the_same_seed_spoils_the_same_bits() -> None:
    def spoiled(seed: str) -> bytes:
        with _Server(("127.0.0.1", 0), _Echo) as server:
            threading.Thread(
                target=server.serve_forever, args=(0.02,), daemon=True
            ).start()
            with Proxy(("127.0.0.1", server.server_address[1]), seed=seed) as proxy:
                proxy.to_client(corrupt=1)
                with connected(proxy) as client:
                    got = [echoed(client, bytes(8)) for _ in range(4)]
            server.shutdown()
        return b"".join(got)

    assert spoiled("one") == spoiled("one")
    assert spoiled("one") != spoiled("two")
