"""Names and ports of the containers, as `compose/*.yml` use them too."""

from collections.abc import Mapping
from pathlib import Path

from infra import topology
from infra.stack.ports import metrics

STATE = Path("/state")
"""Where a container finds what it was given."""

HANDOUTS = Path("/handout")
"""Where the dealing job sees every container's `/state`, by the container's name."""

VAULT = Path("/vault")
"""Where the dealing job keeps the authorities and all keys; nobody else sees it."""

OURS, SERVERS = 10001, 999
"""User ids: of our own images, and of the official images of both servers."""

WITNESSES: Mapping[str, int] = {
    topology.simulator(name): user
    for name, user in zip(topology.WITNESSES, (10002, 10003), strict=True)
}
"""User ids of the outside witnesses: neither ours nor each other's."""

OTHERS: Mapping[str, int] = {**WITNESSES, topology.LOG_SIGNER: 10004}
"""Who is another user than our processes."""

KEPT = "/kept"
"""Where what is not ours keeps what it must not lose."""

SIGNER_SOCKET = f"{KEPT}/signer-socket/signer.sock"
"""Shared by the log's signer and its writer."""

VISITOR = "visitor"
"""A person with a browser, and the director of the simulated outer world."""

CLOCK = "clock"
"""The folder that holds the shifted clock; everybody reads it."""

HOSTS: Mapping[str, str] = {
    topology.DATABASE_SERVER: "postgres",
    topology.BROKER_SERVER: "rabbitmq",
    topology.WEB_TIER: topology.PUBLIC_HOST,
    "gateway": "gateway",
    **{name: name for name in topology.simulators()},
    "simulator-world.public": "simulator-world",
}

_METRICS_PORT = 9100

PORTS: Mapping[str, int] = {
    topology.DATABASE_SERVER: 5432,
    topology.BROKER_SERVER: 5671,
    topology.WEB_TIER: 8443,
    f"{topology.WEB_TIER}.plain": 8080,
    metrics(topology.WEB_TIER): _METRICS_PORT,
    "gateway": 8447,
    "simulator-bank": 8444,
    "simulator-world": 8445,
    "simulator-world.public": 8446,
    **dict.fromkeys(WITNESSES, 8448),
    **{metrics(process.name): _METRICS_PORT for process in topology.processes()},
}


def url(name: str) -> str:
    """The address of a listener, as every container knows it."""
    return f"https://{HOSTS[name]}:{PORTS[name]}"
