"""Talking to the supervisor over its private Unix socket (XML-RPC)."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from xmlrpc.client import Fault, ServerProxy, Transport

from typing_extensions import override

from infra.layout import ROOT, Layout, server_environment
from infra.leash import leashed

_TIMEOUT_S: Final = 30
_START_TIMEOUT_S: Final = 15
_STOP_TIMEOUT_S: Final = 45
_POLL_S: Final = 0.05
# Faults of supervisor/xmlrpc.py that mean "it is so already".
_ALREADY_STARTED, _NOT_RUNNING = 60, 70
_GONE_STATES = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})


class SupervisorError(Exception):
    """The supervisor did not come up, or would not do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What the supervisor knows of one program."""

    name: str
    state: str
    pid: int | None
    started_s: int
    """When this run began, seconds since 1970; 0 when it never ran."""
    uptime_s: int
    complaint: str


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The supervisor of one stack, running or not."""

    layout: Layout

    @property
    def socket(self) -> Path:
        return self.layout.run / "supervisord.sock"

    @property
    def configuration(self) -> Path:
        return self.layout.run / "supervisord.conf"

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._call("getPID"))
        except (OSError, HTTPException):
            return False

    def launch(self, *, attached: bool) -> subprocess.Popen[bytes]:
        """Start it; `attached` ends it with the calling thread, else it stays.

        Detached it answers from a process of its own; the one returned has ended.
        """
        self.socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord"]
        command += ["-c", str(self.configuration)]
        if attached:
            command = leashed([*command, "-n"])
        with (self.layout.logs / "supervisord.out").open("ab") as output:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env={**server_environment(), "HOME": str(self.layout.data)},
            )
        if not attached:
            started.wait(_START_TIMEOUT_S)
        _await(
            self.is_running,
            within_s=_START_TIMEOUT_S,
            complaint=f"no answer; see {self.layout.logs}/supervisord.out",
        )
        return started

    def update(self) -> list[str]:
        """Take over the configuration file; names of programs that changed."""
        [(added, changed, removed)] = self._call("reloadConfig")
        self.stop([*changed, *removed])
        for name in (*changed, *removed):
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)
        return sorted((*added, *changed, *removed))

    def programs(self) -> dict[str, Supervised]:
        """Every program by name."""
        return {
            row["name"]: _supervised(row) for row in self._call("getAllProcessInfo")
        }

    def start(self, names: Iterable[str]) -> None:
        """Start what does not run; readiness is asked elsewhere."""
        for name in names:
            self._call_unless("startProcess", name, _ALREADY_STARTED)

    def stop(self, names: Collection[str]) -> None:
        """Stop all of `names` at once and wait until none is left."""
        for name in names:
            self._call_unless("stopProcess", name, _NOT_RUNNING)
        _await(
            lambda: not set(names) & self._alive(),
            within_s=_STOP_TIMEOUT_S,
            complaint=f"still running after {_STOP_TIMEOUT_S} s: {', '.join(names)}",
        )

    def kill(self, name: str) -> None:
        """SIGKILL the program and its children; the supervisor starts it again."""
        pid = self.programs()[name].pid
        if pid is None:
            raise SupervisorError(f"{name} is not running")
        os.killpg(pid, signal.SIGKILL)

    def shut_down(self) -> None:
        """End the supervisor itself and whatever it still runs."""
        pid = int(self._call("getPID"))
        self._call("shutdown")
        _await(
            lambda: not _exists(pid),
            within_s=_STOP_TIMEOUT_S,
            complaint=f"the supervisor (pid {pid}) does not end",
        )

    def _alive(self) -> set[str]:
        return {
            name
            for name, program in self.programs().items()
            if program.state not in _GONE_STATES
        }

    def _call_unless(self, method: str, name: str, harmless: int) -> None:
        try:
            self._call(method, name, False)  # noqa: FBT003 - wire: "do not wait"
        except Fault as fault:
            if fault.faultCode != harmless:
                raise SupervisorError(
                    f"{method} {name}: {fault.faultString}"
                ) from fault

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - XML-RPC
        # A proxy per call: it is not safe to share one between threads.
        proxy = ServerProxy("http://supervisor", _UnixTransport(self.socket))
        with proxy:
            return getattr(proxy.supervisor, method)(*arguments)


class _UnixTransport(Transport):
    """XML-RPC over a Unix socket instead of TCP."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @override
    def make_connection(self, host: Any) -> HTTPConnection:
        # Kept where `Transport.close` looks for it.
        connection = _UnixConnection(self._path)
        self._connection = (host, connection)
        return connection


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=_TIMEOUT_S)
        self._path = path

    @override
    def connect(self) -> None:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.settimeout(_TIMEOUT_S)
        try:
            door.connect(str(self._path))
        except OSError:
            door.close()
            raise
        self.sock = door


def _supervised(row: dict[str, Any]) -> Supervised:
    running = row["statename"] in {"RUNNING", "STARTING", "STOPPING"}
    return Supervised(
        name=row["name"],
        state=row["statename"],
        pid=row["pid"] or None,
        started_s=row["start"],
        uptime_s=max(0, row["now"] - row["start"]) if running else 0,
        complaint=row["spawnerr"],
    )


def _await(is_so: Callable[[], bool], *, within_s: float, complaint: str) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise SupervisorError(complaint)
        time.sleep(_POLL_S)


def _exists(pid: int) -> bool:
    with suppress(ChildProcessError):
        # Our own child must be collected, or it lingers as a zombie.
        os.waitpid(pid, os.WNOHANG)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
