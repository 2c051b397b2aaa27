"""Free ports of 127.0.0.1, chosen once and remembered beside the data."""

import json
import secrets
import socket
from collections.abc import Iterable, Mapping

from infra import topology
from infra.layout import Layout, write_private

# Below the kernel's ephemeral range, so that no outgoing connection takes one.
_LOWEST, _HIGHEST = 20_000, 31_999
_TRIES = 2_000


class NoFreePortError(Exception):
    """Every port tried is taken."""


def metrics(process: str) -> str:
    """Name of the port on which `process` tells its readiness and metrics."""
    return f"{process}.metrics"


def wanted() -> tuple[str, ...]:
    """Names of every port a full stack listens on."""
    return (
        topology.DATABASE_SERVER,
        topology.BROKER_SERVER,
        "rabbitmq.distribution",
        topology.NODE_DIRECTORY,
        "gateway",
        topology.WEB_TIER,
        f"{topology.WEB_TIER}.plain",
        metrics(topology.WEB_TIER),
        *topology.simulators(),
        "simulator-world.public",
        *(metrics(process.name) for process in topology.processes()),
    )


def remembered(layout: Layout) -> dict[str, int]:
    """Ports chosen earlier; empty when none were."""
    if not layout.ports.is_file():
        return {}
    return dict(json.loads(layout.ports.read_text()))


def choose(layout: Layout, *, running: bool) -> dict[str, int]:
    """Ports for every name, old ones kept; a stopped stack yields what others took."""
    ports = {
        name: port
        for name, port in remembered(layout).items()
        if running or _is_free(port)
    }
    for name in wanted():
        if name not in ports:
            ports[name] = _find(ports.values())
    write_private(layout.ports, as_text(ports))
    return ports


def _find(taken: Iterable[int]) -> int:
    used = set(taken)
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST + 1)
        if port not in used and _is_free(port):
            return port
    raise NoFreePortError(f"no free port between {_LOWEST} and {_HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that only waits for its last packets is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def as_text(ports: Mapping[str, int]) -> str:
    """The file's content."""
    return json.dumps(dict(sorted(ports.items())), indent=1) + "\n"
