"""Waiting until processes are ready, and saying why when they are not."""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from infra.layout import Layout
from infra.stack.control import Supervised, Supervisor

_READY_WITHIN_S = 120  # a busy machine takes its time
_POLL_S = 0.1
_PROBE_TIMEOUT_S = 3
_OK = 200
_EMPTY_FRAME = bytes(4)  # a length of nothing
# So many starts without ever being ready is a crash loop, not a slow start.
_STARTS_ALLOWED = 4
_LOG_LINES = 15

Check = Callable[[], bool]


class NotReadyError(Exception):
    """A process did not become ready; the text names it and quotes its log."""


def wait(
    supervisor: Supervisor,
    checks: Mapping[str, Check],
    *,
    within_s: float = _READY_WITHIN_S,
) -> None:
    """Return when every check holds; raise NotReadyError otherwise."""
    deadline = time.monotonic() + within_s
    waiting = dict(checks)
    starts: dict[str, set[int]] = {name: set() for name in checks}
    while waiting:
        programs = supervisor.programs()
        for name, is_ready in list(waiting.items()):
            starts[name].add(programs[name].started_s)
            if programs[name].state in {"STARTING", "RUNNING"} and is_ready():
                del waiting[name]
            elif _is_lost(programs[name], starts[name]):
                raise NotReadyError(explain(supervisor.layout, name, "keeps ending"))
        if waiting and time.monotonic() > deadline:
            why = f"is not ready after {within_s:.0f} s"
            raise NotReadyError(
                "\n".join(explain(supervisor.layout, n, why) for n in waiting)
            )
        if waiting:
            time.sleep(_POLL_S)


def explain(layout: Layout, name: str, why: str) -> str:
    """One process's failure with the end of its log."""
    log = layout.logs / f"{name}.log"
    quoted = "".join(f"  | {line}\n" for line in last_lines(log, _LOG_LINES))
    return f"{name} {why}; the end of {log}:\n{quoted}"


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log; none when it does not exist yet."""
    if not path.is_file():
        return []
    return path.read_text(errors="replace").splitlines()[-count:]


def answers_ready(layout: Layout, port: int) -> Check:
    """Whether `GET /ready` on a process's metrics port says 200 to the operator."""
    context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
    context.load_cert_chain(layout.pki / "operator.crt", layout.pki / "operator.key")

    def check() -> bool:
        connection = HTTPSConnection(
            "127.0.0.1", port, context=context, timeout=_PROBE_TIMEOUT_S
        )
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == _OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return check


def answers_on(path: Path) -> Check:
    """Whether whoever is behind a Unix socket answers an empty request."""

    def check() -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(_PROBE_TIMEOUT_S)
                link.connect(str(path))
                link.sendall(_EMPTY_FRAME)
                return bool(link.recv(1))
        except OSError:
            return False

    return check


def listens(*ports: int) -> Check:
    """Whether something accepts connections on every one of `ports`."""

    def check() -> bool:
        return all(_accepts(port) for port in ports)

    return check


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False


def _is_lost(program: Supervised, starts: set[int]) -> bool:
    return program.state == "FATAL" or len(starts) > _STARTS_ALLOWED
