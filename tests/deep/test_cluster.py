"""A cluster of three: the leader dies, a minority is cut off, nothing is lost (F19).

The address the platform knows is one; who keeps it leads it to a node that answers.
"""

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from kombu import Connection

from kernel.bus import (
    BROKER_ERRORS,
    Broker,
    ConfirmingPublisher,
    Interest,
    close_quietly,
    declare_service,
    received,
)
from tests.deep.cluster import Cluster, Node
from tests.faults.proxy import Proxy

PUBLISHER: Final = "contracts"
LISTENER: Final = "disbursement"
QUEUE: Final = f"{LISTENER}.inbox"
BATCH: Final = 20
BATCHES: Final = 60
PATIENCE_S: Final = 120.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="kredit-cluster-"))
    with Cluster(folder) as cluster:
        yield cluster
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> Iterator[Proxy]:
    """The one address; the service's queue is declared behind it."""
    with Proxy(cluster.nodes[0].address) as proxy:
        migrator = cluster.door(f"{LISTENER}-migrate", LISTENER, proxy.port)
        connection = migrator.connect()
        declare_service(connection, LISTENER, [Interest(PUBLISHER, "contract")])
        close_quietly(connection)
        yield proxy


class Client:
    """Publishes numbered messages, each again until it is confirmed."""

    def __init__(self, cluster: Cluster, address: Proxy, prefix: str) -> None:
        self._cluster, self._address, self._prefix = cluster, address, prefix
        self.broker: Broker = cluster.door(PUBLISHER, PUBLISHER, address.port)
        self.confirmed: set[str] = set()

    def run(self) -> None:
        names = [f"{self._prefix}{number}" for number in range(BATCH * BATCHES)]
        nodes = itertools.cycle(self._cluster.nodes)
        end = time.monotonic() + PATIENCE_S
        while len(self.confirmed) < len(names):
            assert time.monotonic() < end, "not confirmed in time"
            try:
                with ConfirmingPublisher(self.broker) as publisher:
                    self._publish(publisher, names)
            except BROKER_ERRORS:
                self._address.aim(next(nodes).address)
                time.sleep(0.1)

    def _publish(self, publisher: ConfirmingPublisher, names: list[str]) -> None:
        for start in range(0, len(names), BATCH):
            wanted = [
                n for n in names[start : start + BATCH] if n not in self.confirmed
            ]
            refused = publisher.publish_all(
                (name, name.encode(), f"{PUBLISHER}.events", "contract.x")
                for name in wanted
            )
            self.confirmed |= set(wanted) - refused


def taken(connection: Connection) -> set[str]:
    """Everything the queue holds, taken out of it."""
    channel: Any = connection.default_channel
    found = set()
    while (message := channel.basic_get(QUEUE, no_ack=True)) is not None:
        found.add(received(message).body.decode())
    return found


def all_there(cluster: Cluster, address: Proxy, wanted: set[str]) -> set[str]:
    """What was confirmed and is not in the queue: nothing may be."""
    address.aim(cluster.leader_of(QUEUE).address)
    connection = cluster.door(LISTENER, LISTENER, address.port).connect()
    found = taken(connection)
    close_quietly(connection)
    return wanted - found


def run_beside(client: Client) -> threading.Thread:
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE_S
    while len(client.confirmed) < BATCH * BATCHES / 10:
        assert time.monotonic() < end, "nothing is confirmed"
        time.sleep(0.01)
    return thread


@pytest.mark.catalogue("F19")
@pytest.mark.seeded("publisher_trusts_the_socket")
def test_the_leader_is_killed_and_nothing_confirmed_is_lost(
    cluster: Cluster, address: Proxy
) -> None:
    client = Client(cluster, address, "leader-")
    address.aim(cluster.leader_of(QUEUE).address)
    publishing = run_beside(client)
    leader = cluster.leader_of(QUEUE)
    leader.kill()
    publishing.join(PATIENCE_S)
    assert len(client.confirmed) == BATCH * BATCHES
    leader.start()
    cluster.wait_ready(leader)
    assert all_there(cluster, address, client.confirmed) == set()


@pytest.mark.catalogue("F19")
@pytest.mark.seeded("publisher_trusts_the_socket")
def test_a_minority_that_is_cut_off_refuses_and_the_majority_goes_on(
    cluster: Cluster, address: Proxy
) -> None:
    client = Client(cluster, address, "minority-")
    lonely = cluster.leader_of(QUEUE)
    address.aim(lonely.address)
    publishing = run_beside(client)
    cluster.isolate(lonely)
    try:
        publishing.join(PATIENCE_S)
        assert len(client.confirmed) == BATCH * BATCHES
        assert refuses(cluster, lonely)
    finally:
        cluster.rejoin(lonely)
    cluster.wait_ready(lonely)
    assert all_there(cluster, address, client.confirmed) == set()


def refuses(cluster: Cluster, lonely: Node) -> bool:
    """Whether it confirms nothing: it is paused, or keeps silent."""
    alone = cluster.door(PUBLISHER, PUBLISHER, lonely.broker.port)
    message = ("x", b"x", f"{PUBLISHER}.events", "contract.x")
    try:
        with ConfirmingPublisher(alone) as publisher:
            return publisher.publish_all([message]) == {"x"}
    except BROKER_ERRORS:
        return True
