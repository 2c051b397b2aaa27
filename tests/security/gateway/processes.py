"""Gateways as shipped, processes of their own over one database."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.leash import leashed
from infra.stack import Stack
from kernel.tls import client_context
from tests.benchmarks.visitors import Address
from tests.faults.crash import ROOT, WIRED

READY_WITHIN_S: Final = 60.0
VERIFYING: Final = "passwords.verifying"
SHOWN: Final = "web"
"""Whose certificate visitors show: the gateway opens to the web tier alone."""


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """One gateway: where it listens, and who it is to the system."""

    port: int
    process: "subprocess.Popen[bytes]"

    def most_memory_mib(self) -> float:
        """The most it has ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (one for one in status.splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024


@dataclass(frozen=True, slots=True)
class Gateways:
    """What a crowd meets."""

    servers: Stack
    processes: Sequence[GatewayProcess]
    marks: Path

    @property
    def verified(self) -> int:
        """How often the slow hash was asked, over all processes."""
        mark = self.marks / VERIFYING
        return mark.stat().st_size if mark.exists() else 0

    @property
    def trust(self) -> ssl.SSLContext:
        """What a visitor believes, and shows."""
        pki = self.servers.layout.pki
        return client_context(
            pki / "ca.crt", pki / f"{SHOWN}.crt", pki / f"{SHOWN}.key"
        )

    def addresses(self, lines: int, *, networks: int) -> list[Address]:
        """So many lines from so many networks, in turn to each of the gateways."""
        return [
            Address(
                self.processes[line % len(self.processes)].port,
                f"127.0.{line % networks + 1}.1",
            )
            for line in range(lines)
        ]


@contextmanager
def running(servers: Stack, marks: Path, count: int) -> Iterator[Gateways]:
    """So many gateways, ready, which count what they verify below `marks`."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_one(servers, marks)) for _ in range(count)]
        for process in processes:
            _wait_until_open(process)
        yield Gateways(servers, processes, marks)


@contextmanager
def _one(servers: Stack, marks: Path) -> Iterator[GatewayProcess]:
    port, metrics = _free_port(), _free_port()
    environment = {
        **servers.env("gateway"),
        "AUTH_PORT": str(port),
        "AUTH_METRICS_PORT": str(metrics),
        "PYTHONPATH": f"{WIRED}:{ROOT}",
        "COUNT_MARKS": str(marks),
    }
    with (marks / f"gateway-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "services.auth", "serve"]),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield GatewayProcess(port, process)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def _wait_until_open(gateway: GatewayProcess) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while True:
        assert gateway.process.poll() is None, "the gateway ended"
        try:
            socket.create_connection(("127.0.0.1", gateway.port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, "the gateway does not listen"
            time.sleep(0.1)
        else:
            return
