"""Processes of another code beside those of the supervisor, on the same platform."""

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra import topology
from infra.leash import Ending, leashed
from infra.stack import Stack, ports, ready
from infra.web import limits
from infra.web.server import WebTier

READY_WITHIN_S: Final = 240.0
STOPPED_WITHIN_S: Final = 60.0
MIGRATED_WITHIN_S: Final = 240.0
AT_ONCE: Final = 2
TLS_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.2


@dataclass(slots=True)
class Beside:
    """The processes of the code below `tree`; each is the principal it is beside."""

    stack: Stack
    tree: Path
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def migrate(self, *flags: str) -> None:
        """Run the migrations of every service, some at once."""
        services = topology.migratable()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda service: self._migrate(service, *flags), services))

    def start(self, *names: str) -> None:
        """Start a process beside each of `names` and wait until all are ready.

        They end with the thread that calls this, at the latest.
        """
        for name in names:
            self._spawn(topology.process(name))
        self._await(names)
        if "gateway" in names:
            self._spawn_web_tier()
            self._await([topology.WEB_TIER])

    def _await(self, names: Iterable[str]) -> None:
        end = time.monotonic() + READY_WITHIN_S
        for name in names:
            while not self.is_ready(name):
                log = self._log(name).read_text(errors="replace")
                assert self.running[name].poll() is None, f"{name} ended:\n{log}"
                assert time.monotonic() < end, f"{name} is not ready:\n{log}"
                time.sleep(_POLL_S)

    def stop(self, name: str) -> None:
        """End a process in good order; who leads to it, before."""
        if name == "gateway":
            self.stop(topology.WEB_TIER)
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOPPED_WITHIN_S) == 0, self._log(name).read_text()

    def stop_all(self) -> None:
        """End what runs, in whatever order."""
        for name, process in self.running.items():
            # nginx ends its workers itself, if it is let.
            process.terminate() if name == topology.WEB_TIER else process.kill()
            process.wait()
        self.running.clear()

    def is_ready(self, name: str) -> bool:
        return ready.answers_ready(self.stack.layout, self.ports[f"{name}.metrics"])()

    @property
    def url(self) -> str:
        """The web tier that leads to the gateway beside."""
        return f"https://127.0.0.1:{self.ports[topology.WEB_TIER]}"

    def certificate(self, name: str) -> str:
        """The certificate a process shows, as PEM."""
        return certificate(self.stack, self.ports[f"{name}.metrics"])

    def _migrate(self, service: str, *flags: str) -> None:
        with self._log(f"{service}-migrate").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}", "migrate", *flags],
                cwd=self.tree,
                env=self.stack.env(f"{service}-migrate"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            status = process.wait(MIGRATED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        assert status == 0, self._log(f"{service}-migrate").read_text()

    def _spawn(self, process: topology.Process) -> None:
        environment = self.stack.env(process.name)
        prefix = process.service.upper()
        environment[f"{prefix}_METRICS_PORT"] = self._port(f"{process.name}.metrics")
        if process.name == "gateway":
            environment[f"{prefix}_PORT"] = self._port("gateway")
            environment[f"{prefix}_PUBLIC_PORT"] = self._port(topology.WEB_TIER)
        run = [sys.executable, "-m", f"services.{process.service}", process.verb]
        self._run(process.name, run, environment, leash="KILL")

    def _spawn_web_tier(self) -> None:
        """The stack's own in another home, on other ports, before the other gateway."""
        own, layout = topology.WEB_TIER, self.stack.layout
        tier = WebTier(
            home=layout.web.with_name(f"{layout.web.name}.beside"),
            log=layout.checkpoints,
            pki=layout.pki,
            port=int(self._port(own)),
            plain_port=int(self._port(f"{own}.plain")),
            ready_port=int(self._port(f"{own}.metrics")),
            gateway_ports=(self.ports["gateway"],),
            visitor=limits.TEST,
        )
        tier.prepare()
        self._run(own, tier.command(), tier.environment(), leash="TERM")

    def _run(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        leash: Ending,
    ) -> None:
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                leashed(command, by=leash),
                cwd=self.tree,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _port(self, name: str) -> str:
        if name not in self.ports:
            taken = [*self.stack.ports.values(), *self.ports.values()]
            self.ports[name] = ports._find(taken)
        return str(self.ports[name])

    def _log(self, name: str) -> Path:
        return self.stack.layout.logs / f"{name}.beside.log"


def certificate(stack: Stack, port: int, *, prelude: bytes = b"") -> str:
    """The certificate a server of the stack shows, as PEM.

    `prelude` is what it must hear before TLS; it agrees with one byte.
    """
    folder = stack.layout.pki
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "operator.crt", folder / "operator.key")
    with socket.create_connection(("127.0.0.1", port), timeout=TLS_WITHIN_S) as plain:
        if prelude:
            plain.sendall(prelude)
            plain.recv(1)
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            shown = secured.getpeercert(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(shown or b"")
