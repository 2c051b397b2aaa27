"""Who can reach whom: connections are tried, with a positive control for each."""

import pytest

from infra import topology
from infra.containers.places import PORTS
from tests.containers.project import PROBE, Project, python_in

pytestmark = pytest.mark.timeout(3000)

ZONES = ("edge", "dmz", "core", "data", "partners")
AT_HOME = {
    topology.DATABASE_SERVER: "data",
    topology.BROKER_SERVER: "core",
    **dict.fromkeys(topology.simulators(), "partners"),
}


def door(project: Project, server: str) -> list[str]:
    """Port and addresses: all of them, wherever the server stands."""
    return [str(PORTS[server]), *project.addresses(server)]


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_reaches_only_its_own_servers(project: Project, zone: str) -> None:
    """By address, since an unknown name would prove nothing."""
    with project.aside(network=f"{project.name}_{zone}") as stranger:
        seen = {
            server: python_in(stranger, PROBE, *door(project, server))
            for server in AT_HOME
        }
    assert seen == {
        server: "open" if home == zone else "closed" for server, home in AT_HOME.items()
    }


def test_a_visitor_reaches_the_web_tier_and_nobody_behind_it(project: Project) -> None:
    """From the published network; from the tier's other one, the gateway (2.4)."""
    doors = {name: door(project, name) for name in (topology.WEB_TIER, "gateway")}
    seen = {}
    for zone in ("edge", "dmz"):
        with project.aside(network=f"{project.name}_{zone}") as stranger:
            seen[zone] = [python_in(stranger, PROBE, *doors[name]) for name in doors]
    assert seen == {"edge": ["open", "closed"], "dmz": ["open", "open"]}


def test_what_keeps_a_stranger_out_is_the_network(project: Project) -> None:
    """The same container, once connected to the database's network, gets through."""
    client = project.engine.client
    with project.aside(network=f"{project.name}_dmz") as stranger:
        target = door(project, topology.DATABASE_SERVER)
        assert python_in(stranger, PROBE, *target) == "closed"
        client.networks.get(f"{project.name}_data").connect(stranger)
        assert python_in(stranger, PROBE, *target) == "open"


def test_nobody_gets_out(project: Project) -> None:
    """Not even the gateway; a container on an ordinary network does."""
    host, port = project.engine.outside
    with project.aside(network="bridge") as ordinary:
        assert python_in(ordinary, PROBE, str(port), host) == "open"
    ours = [process.name for process in topology.runnable()]
    reached = {
        name: python_in(project.running()[name], PROBE, str(port), host)
        for name in (*ours, *topology.simulators())
    }
    assert {name for name, answer in reached.items() if answer != "closed"} == set()
