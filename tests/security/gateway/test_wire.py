"""The real server on a real port: TLS, bounded headers, no patience for slowness."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from services.auth.gateway.app import build_app
from services.auth.gateway.door import MOST_HEAD_BYTES
from services.auth.gateway.server import Server
from tests.security.gateway.conftest import Door

GET = b"GET /api/v1/health/live HTTP/1.1\r\nHost: creditplus.kz\r\n"


@pytest.fixture
def port(door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A listening gateway that closes quiet connections after half a second."""
    monkeypatch.setattr("services.auth.gateway.server.QUIET_S", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        number = int(free.getsockname()[1])
    settings = replace(door.stand.gateway_platform.settings, port=number)
    server = Server(build_app(door.gate), settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.is_open():
        time.sleep(0.01)
    yield number
    server.stop()
    thread.join(timeout=10)


def authority(door: Door) -> Path:
    return door.stand.gateway_platform.settings.tls_ca


def web_tier(door: Door) -> ssl.SSLContext:
    """What the one visitor of this door shows and trusts."""
    context = ssl.create_default_context(cafile=str(authority(door)))
    folder = authority(door).parent
    context.load_cert_chain(folder / "web.crt", folder / "web.key")
    return context


def connected(door: Door, port: int) -> ssl.SSLSocket:
    context = web_tier(door)
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    return context.wrap_socket(plain, server_hostname="gateway")


def read_all(link: socket.socket) -> bytes:
    received = b""
    while chunk := link.recv(65_536):
        received += chunk
    return received


@pytest.mark.clause("3.1")
@pytest.mark.seeded("gateway_speaks_plain_http")
def test_plain_http_gets_no_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        link.sendall(GET + b"Connection: close\r\n\r\n")
        try:
            received = read_all(link)
        except ConnectionResetError:
            received = b""

    assert b"HTTP/1.1" not in received


def test_over_tls_it_answers_and_names_no_software(door: Door, port: int) -> None:
    with connected(door, port) as link:
        link.sendall(GET + b"Connection: close\r\n\r\n")
        head, _, body = read_all(link).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == {"status": "live"}
    assert b"server:" not in head.lower()


@pytest.mark.catalogue("A23")
def test_headers_that_come_by_drops_end_the_connection(door: Door, port: int) -> None:
    """A drop every tenth of a second does not restart the clock."""
    with connected(door, port) as link:
        link.sendall(GET)
        assert is_ended(link, within_s=4)


def is_ended(link: ssl.SSLSocket, *, within_s: float) -> bool:
    """Whether the server ends a connection that gets a drop every 0.1 s."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            link.sendall(b"X-Drop: 1\r\n")
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_a_silent_connection_is_closed(door: Door, port: int) -> None:
    with connected(door, port) as link:
        try:
            assert link.recv(1) == b""
        except ConnectionResetError:
            return


@pytest.mark.parametrize(
    "bytes_sent",
    [
        GET + b"Bad Header: 1\r\n\r\n",
        GET + b"X: a\r\n folded\x00\r\n\r\n",
        b"\x16\x03nonsense\r\n\r\n",
        b"GET /api/v1/health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /api/v1/health/live HTTP/1.1\r\nAccept: */*\r\n\r\n",
        GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
        GET.replace(b"\r\n", b"\n") + b"\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=[
        *("name", "nul", "nonsense", "two hosts", "two lengths", "no host"),
        *("another protocol", "length and chunks", "bare line feeds"),
    ],
)
def test_what_is_not_http_gets_one_problem_and_the_end(
    door: Door, port: int, bytes_sent: bytes
) -> None:
    with connected(door, port) as link:
        link.sendall(bytes_sent)
        head, _, body = read_all(link).partition(b"\r\n\r\n")

    assert_not_http(head, body)


def assert_not_http(head: bytes, body: bytes) -> None:
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "malformed_request"


@pytest.mark.catalogue("A23")
@pytest.mark.seeded("gateway_reads_a_head_without_end")
def test_a_head_without_end_is_refused_at_its_limit(door: Door, port: int) -> None:
    """One header that goes on and on, faster than the clock."""
    with connected(door, port) as link:
        link.sendall(GET + b"X-Long: ")
        time.sleep(0.1)  # what comes at once is bounded elsewhere
        link.sendall(b"x" * (MOST_HEAD_BYTES + 1))
        head, _, body = read_all(link).partition(b"\r\n\r\n")

    assert_not_http(head, body)


def test_who_goes_on_after_a_refusal_is_cut_off(door: Door, port: int) -> None:
    with connected(door, port) as link:
        link.sendall(b"nonsense\r\n\r\n")
        assert is_ended(link, within_s=4)


def test_an_answer_is_one_record_of_tls(door: Door, port: int) -> None:
    """Head and content together."""
    with connected(door, port) as link:
        link.sendall(GET + b"\r\n")
        head, _, body = link.recv(65_536).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == {"status": "live"}


def test_a_head_alone_is_an_answer_to_head(door: Door, port: int) -> None:
    with connected(door, port) as link:
        link.sendall(
            b"HEAD /api/v1/openapi.json HTTP/1.1\r\nHost: creditplus.kz\r\n"
            b"Connection: close\r\n\r\n"
        )
        head, end, body = read_all(link).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert (end, body) == (b"\r\n\r\n", b"")


def test_who_waits_to_be_asked_for_the_body_is_asked(door: Door, port: int) -> None:
    """``Expect: 100-continue`` (RFC 9110 §10.1.1)."""
    with connected(door, port) as link:
        link.sendall(
            b"POST /api/v1/sessions HTTP/1.1\r\nHost: creditplus.kz\r\n"
            b"Content-Type: application/json\r\nContent-Length: 2\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        asked = link.recv(65_536)
        link.sendall(b"{}")
        head, _, body = read_all(link).partition(b"\r\n\r\n")

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert head.startswith(b"HTTP/1.1 422")
    assert json.loads(body)["code"] == "fields_invalid"


@pytest.mark.clause("3.2a")
@pytest.mark.seeded("gateway_speaks_old_tls")
def test_tls_below_1_2_is_refused(door: Door, port: int) -> None:
    context = web_tier(door)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)

    with plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="gateway")
