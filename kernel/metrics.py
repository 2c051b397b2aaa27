"""Numbers about a running process, and the small HTTPS server that shows them.

``/metrics`` for Prometheus, ``/ready`` for whoever sends work here, ``/live`` for
whoever restarts us. Labels are names of ours, never data of a person.
"""

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import socket
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, ClassVar, Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram
from prometheus_client import generate_latest as text_of_metrics
from typing_extensions import override

from kernel.clock import SystemClock
from kernel.logging import get_logger

Ready = Callable[[], Mapping[str, bool]]  # the parts of the process and their state

HANDSHAKE_S: Final = 5.0
REQUEST_S: Final = 5.0
PULSE_S: Final = 2.0
STALE_S: Final = 6.0
"""A check that has said nothing for so long hangs: the part is not well."""
HANGS_S: Final = 15.0
"""After so long the check, and whoever hangs like it, is helped out."""
LASTS_S: Final = 35.0
"""Longer than a statement may run (30 s): who has waited so long waits for nobody."""
MOST_CONNECTIONS: Final = 16  # served at once; the next one is closed unheard
_JSON = "application/json"

SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

OUTBOX_OLDEST_AGE_SECONDS: Final = Gauge(
    "outbox_oldest_age_seconds", "Age of the oldest event not yet published"
)
OUTBOX_PUBLISHED: Final = Counter(
    "outbox_published_total", "Events the broker has confirmed"
)
INBOX_DUPLICATES: Final = Counter(
    "inbox_dup_total", "Messages that had been handled before"
)
INBOX_WAITING_OLDEST_AGE_SECONDS: Final = Gauge(
    "inbox_waiting_oldest_age_seconds",
    "Age of the oldest message that waits for one before it",
)
INBOX_PARKED: Final = Gauge("inbox_parked", "Messages put aside for a person")
QUARANTINED: Final = Counter(
    "quarantined_total", "Messages refused before any handler, by code", ("code",)
)
HANDLER_SECONDS: Final = Histogram(
    "handler_seconds", "Time of one message, by event type", ("type",), buckets=SECONDS
)
RPC_SERVER_SECONDS: Final = Histogram(
    "rpc_server_seconds", "Time of one call served", ("method",), buckets=SECONDS
)
RPC_CLIENT_SECONDS: Final = Histogram(
    "rpc_client_seconds",
    "Time until a call of ours was answered or given up",
    ("callee", "method"),
    buckets=SECONDS,
)
DEAD_LETTERS: Final = Counter(
    "dead_letters_total", "Messages that ended every delivery without an answer"
)
CERTIFICATE_DAYS_LEFT: Final = Gauge(
    "certificate_days_left", "Days until the certificate this process shows runs out"
)

_log = get_logger(__name__)


def show_certificate(expires_at: datetime) -> None:
    """Let `CERTIFICATE_DAYS_LEFT` count down to ``expires_at``.

    By the machine's clock, which is the one TLS goes by.
    """
    machine = SystemClock()
    CERTIFICATE_DAYS_LEFT.set_function(
        lambda: (expires_at - machine.now()) / timedelta(days=1)
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs until `close` is called or the process ends."""

    port: int
    close: Callable[[], None]


class Pulse:
    """A check asked again and again in a thread of its own, and its last word.

    Whoever asks `is_well` never waits, be the check hanging; and however often they
    ask, the part that is checked does not notice.  ``unhang`` makes whoever waits for
    the part fail: when the check has hung for `HANGS_S`; when an outage is over, for
    others may hang that were caught by it where the check was not; and when it has
    lasted for `LASTS_S`, for they may hold all there is, and the check waits for them.
    """

    def __init__(
        self, check: Callable[[], bool], *, unhang: Callable[[], None] = lambda: None
    ) -> None:
        self._check = check
        self._unhang = unhang
        self._said = (False, time.monotonic())
        self._well_at = self._said[1]
        for name, loop in (("pulse", self._beat), ("pulse-watch", self._watch)):
            threading.Thread(target=loop, name=name, daemon=True).start()

    def is_well(self) -> bool:
        """The last word, if it is fresh."""
        well, said_at_s = self._said
        return well and time.monotonic() - said_at_s < STALE_S

    def _watch(self) -> None:
        helped_at = self._well_at
        while True:
            time.sleep(PULSE_S)
            now = time.monotonic()
            lasts = now - max(self._well_at, helped_at) > LASTS_S
            if lasts or now - self._said[1] > HANGS_S:
                _log.warning("outage_lasts" if lasts else "check_hangs")
                self._unhang()
                helped_at = now

    def _beat(self) -> None:
        outage = False
        while True:
            try:
                well = self._check()
            except Exception:  # noqa: BLE001 - a check that fails in any way is not well
                _log.exception("readiness_check_broken")
                well = False
            if well and outage:
                self._unhang()
            outage = not well
            self._said = (well, time.monotonic())
            if well:
                self._well_at = self._said[1]
            time.sleep(PULSE_S if well else PULSE_S / 4)


def serve(*, host: str, port: int, tls: ssl.SSLContext, ready: Ready) -> Served:
    """Answer over HTTPS in a daemon thread; port 0 takes a free one.

    A connection shakes hands in a thread of its own and within `HANDSHAKE_S`, so a
    peer that connects and says nothing holds up nobody. Works with and without
    eventlet's monkey-patching. Raises OSError if the address is taken.
    """
    server = _Server((host, port), tls, ready)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return Served(int(server.server_address[1]), close)


class _Answer(BaseHTTPRequestHandler):
    """One request, one answer, and the connection ends (HTTP/1.0)."""

    server: "_Server"
    timeout: ClassVar[float] = REQUEST_S
    server_version = "metrics"
    sys_version = ""

    def do_GET(self) -> None:
        match self.path:
            case "/metrics":
                self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, text_of_metrics())
            case "/ready":
                parts = _parts(self.server.ready)
                well = all(parts.values())
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                self._send(status, _JSON, json.dumps(parts).encode())
            case "/live":
                self._send(HTTPStatus.OK, _JSON, b'{"live": true}')
            case _:
                self._send(HTTPStatus.NOT_FOUND, _JSON, b"{}")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a scrape every few seconds is no news."""


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], tls: ssl.SSLContext, ready: Ready
    ) -> None:
        self.ready = ready
        self._tls = tls
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(address, _Answer)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            _log.warning("metrics_connection_dropped", limit=MOST_CONNECTIONS)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._places.release()
            raise

    @override
    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    @override
    def finish_request(self, request: socket, client_address: Any) -> None:  # type: ignore[override] # never UDP
        request.settimeout(HANDSHAKE_S)
        with self._tls.wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        ) as secured:
            secured.do_handshake()
            _Answer(secured, client_address, self)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that is silent, foreign or gone is noted; a defect is an error."""
        fault = sys.exception()
        if isinstance(fault, OSError):  # time-outs and TLS failures are OSErrors too
            _log.info("metrics_connection_failed", reason=type(fault).__name__)
        else:
            _log.error("metrics_request_broken", exc_info=fault)


def _parts(ready: Ready) -> dict[str, bool]:
    try:
        return dict(ready())
    except Exception:  # noqa: BLE001 - a check that fails in any way is not ready
        _log.exception("readiness_check_broken")
        return {"readiness_check": False}
