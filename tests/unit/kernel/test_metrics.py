"""The metrics server answers over TLS and is held up by nobody."""

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from socketserver import ThreadingMixIn

import pytest

from kernel import metrics
from kernel.metrics import Pulse, Served, serve
from kernel.tls import client_context, server_context
from tests.unit.kernel.conftest import Authority, Pair
from tests.waiting import eventually

Parts = dict[str, bool]
Answer = tuple[int, bytes]
pytestmark = pytest.mark.timeout(30)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return {"database": True, "broker": True}


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("metrics")


def started(pair: Pair, ready: Callable[[], Mapping[str, bool]]) -> Served:
    tls = server_context(pair.ca, pair.cert, pair.key, client_required=True)
    return serve(host="127.0.0.1", port=0, tls=tls, ready=ready)


@pytest.fixture(scope="module")
def served(pair: Pair, parts: Parts) -> Iterator[Served]:
    server = started(pair, lambda: parts)
    yield server
    server.close()


def get(
    served: Served, pair: Pair, path: str, method: str = "GET"
) -> tuple[int, bytes]:
    tls = client_context(pair.ca, pair.cert, pair.key)
    client = http.client.HTTPSConnection(
        "127.0.0.1", served.port, context=tls, timeout=5
    )
    try:
        client.request(method, path)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def test_metrics_are_in_the_text_of_prometheus(served: Served, pair: Pair) -> None:
    metrics.OUTBOX_PUBLISHED.inc(2)
    metrics.RPC_CLIENT_SECONDS.labels("auth", "send_code").observe(0.002)
    status, body = get(served, pair, "/metrics")
    assert status == 200
    assert b"outbox_published_total " in body
    assert b'rpc_client_seconds_count{callee="auth",method="send_code"} ' in body


def test_ready_names_the_parts(served: Served, pair: Pair, parts: Parts) -> None:
    parts["broker"] = True
    assert (200, parts) == _parsed(get(served, pair, "/ready"))
    parts["broker"] = False
    assert (503, parts) == _parsed(get(served, pair, "/ready"))


def _parsed(answer: Answer) -> tuple[int, object]:
    return answer[0], json.loads(answer[1])


def test_a_pulse_follows_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "PULSE_S", 0.01)
    answers = {"well": True}
    pulse = Pulse(lambda: answers["well"])
    eventually(pulse.is_well)
    answers.clear()  # the check itself breaks
    eventually(lambda: not pulse.is_well())
    answers["well"] = True
    eventually(pulse.is_well)


@pytest.mark.catalogue("F40")
def test_a_pulse_whose_check_hangs_is_not_well_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "PULSE_S", 0.01)
    monkeypatch.setattr(metrics, "STALE_S", 0.5)
    hangs, released, helped = (threading.Event() for _ in range(3))

    def check() -> bool:
        return not hangs.is_set() or released.wait()

    monkeypatch.setattr(metrics, "HANGS_S", 1.0)
    pulse = Pulse(check, unhang=lambda: None if pulse.is_well() else helped.set())
    eventually(pulse.is_well)
    hangs.set()
    eventually(lambda: not pulse.is_well())
    assert helped.wait(20)
    released.set()
    eventually(pulse.is_well)


@pytest.mark.catalogue("F40")
@pytest.mark.seeded("outage_leaves_hanging_lines")
def test_whoever_was_caught_by_an_outage_is_freed_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check's own line may have been spared."""
    monkeypatch.setattr(metrics, "PULSE_S", 0.01)
    answers, freed = {"well": True}, list[int]()
    pulse = Pulse(lambda: answers["well"], unhang=lambda: freed.append(1))
    eventually(pulse.is_well)
    assert freed == []
    for outages in (1, 2):
        answers["well"] = False
        eventually(lambda: not pulse.is_well())
        answers["well"] = True
        eventually(pulse.is_well)
        assert len(freed) == outages


@pytest.mark.catalogue("F40")
@pytest.mark.seeded("outage_holds_all_lines_for_ever")
def test_whoever_holds_all_there_is_is_freed_while_the_outage_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check is well only when a line is free, and says so without hanging."""
    monkeypatch.setattr(metrics, "PULSE_S", 0.01)
    monkeypatch.setattr(metrics, "LASTS_S", 0.5)
    held = threading.Event()
    pulse = Pulse(lambda: not held.is_set(), unhang=held.clear)
    eventually(pulse.is_well)
    held.set()
    eventually(lambda: not pulse.is_well())
    eventually(pulse.is_well)


def test_a_check_that_fails_means_not_ready(pair: Pair) -> None:
    def broken() -> Parts:
        raise RuntimeError

    server = started(pair, broken)
    try:
        status, body = get(server, pair, "/ready")
    finally:
        server.close()
    assert (status, json.loads(body)) == (503, {"readiness_check": False})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/live", 200),
        ("GET", "/", 404),
        ("GET", "/metrics/x", 404),
        ("POST", "/metrics", 501),
    ],
)
def test_nothing_else_is_answered(
    served: Served, pair: Pair, method: str, path: str, status: int
) -> None:
    assert status == get(served, pair, path, method)[0]


def test_peers_that_say_nothing_hold_up_nobody(served: Served, pair: Pair) -> None:
    silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(8)]
    try:
        assert get(served, pair, "/live")[0] == 200
    finally:
        for peer in silent:
            peer.close()


def test_one_more_than_the_most_is_closed_unheard(
    served: Served, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "HANDSHAKE_S", 1.0)
    address = ("127.0.0.1", served.port)
    most = metrics.MOST_CONNECTIONS
    silent = [socket.create_connection(address) for _ in range(most)]
    surplus = socket.create_connection(address, timeout=5)
    assert surplus.recv(1) == b""
    for peer in silent:
        peer.settimeout(5)
        assert peer.recv(1) == b""  # the hand-shake's time is over
    assert get(served, pair, "/live")[0] == 200
    for peer in (*silent, surplus):
        peer.close()


def test_a_thread_that_cannot_start_takes_no_place(
    served: Served, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(ThreadingMixIn, "process_request", fail)
        for _ in range(metrics.MOST_CONNECTIONS + 1):
            with socket.create_connection(("127.0.0.1", served.port), 5) as peer:
                assert peer.recv(1) == b""
    assert get(served, pair, "/live")[0] == 200


def test_a_defect_ends_one_request_only(
    served: Served, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(metrics, "text_of_metrics", None)
        with pytest.raises((OSError, http.client.HTTPException)):
            get(served, pair, "/metrics")
    assert get(served, pair, "/metrics")[0] == 200


def test_a_peer_without_certificate_reads_nothing(served: Served, pair: Pair) -> None:
    anonymous = ssl.create_default_context(cafile=str(pair.ca))
    client = http.client.HTTPSConnection(
        "127.0.0.1", served.port, context=anonymous, timeout=5
    )
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        _ask(client)
    client.close()
    assert get(served, pair, "/live")[0] == 200


def _ask(client: http.client.HTTPSConnection) -> bytes:
    client.request("GET", "/metrics")
    return client.getresponse().read()


UNDER_EVENTLET = """
import eventlet
eventlet.monkey_patch()
import http.client, socket, sys
from pathlib import Path
from socketserver import ThreadingMixIn
from kernel.metrics import serve
from kernel.tls import client_context, server_context
ca, cert, key = map(Path, sys.argv[1:])
tls = server_context(ca, cert, key, client_required=True)
served = serve(host="127.0.0.1", port=0, tls=tls, ready=lambda: {"hub": True})
silent = socket.create_connection(("127.0.0.1", served.port))
client = http.client.HTTPSConnection(
    "127.0.0.1", served.port, context=client_context(ca, cert, key), timeout=5
)
client.request("GET", "/ready")
answer = client.getresponse()
print(answer.status, answer.read().decode())
"""


def test_it_works_under_eventlet_too(pair: Pair) -> None:
    root = Path(metrics.__file__).parent.parent
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c", UNDER_EVENTLET),
            *(str(path) for path in (pair.ca, pair.cert, pair.key)),
        ],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ('200 {"hub": true}', "")
