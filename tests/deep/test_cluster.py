"""A cluster of three: the leader dies, a minority is cut off, nothing is lost (F19).

The address the platform knows is one; who keeps it leads it to a node that answers.
"""

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

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
BATCHES: Final = 20
PATIENCE_S: Final = 120.0


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One for each test: who was cut off is not the same to its queues afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-cluster-"))
    with Cluster(folder) as cluster:
        yield cluster
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def address(cluster: Cluster) -> Iterator[Proxy]:
    """The one address; the service's queue is declared behind it."""
    with Proxy(cluster.nodes[0].address) as proxy:
        migrator = cluster.door(f"{LISTENER}-migrate", LISTENER, proxy.port)
        connection = migrator.connect()
        declare_service(connection, LISTENER, [Interest(PUBLISHER, "contract")])
        close_quietly(connection)
        yield proxy


class Client:
    """Publishes numbered messages without a pause, each again until it is confirmed.

    Without a pause: whatever happens to the broker happens to some of them.
    """

    def __init__(self, cluster: Cluster, address: Proxy, prefix: str) -> None:
        self._cluster, self._address, self._prefix = cluster, address, prefix
        self._numbers = itertools.count()
        self._wanted: set[str] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._enough = threading.Event()
        self.broker: Broker = cluster.door(PUBLISHER, PUBLISHER, address.port)
        self.confirmed: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(PATIENCE_S)

    def wait_for_more(self) -> None:
        """Until so many batches more are confirmed."""
        enough = len(self.confirmed) + BATCH * BATCHES
        end = time.monotonic() + PATIENCE_S
        while len(self.confirmed) < enough:
            assert time.monotonic() < end, "not confirmed in time"
            time.sleep(0.01)

    def _run(self) -> None:
        nodes = itertools.cycle(self._cluster.nodes)
        while not self._enough.is_set():
            try:
                with ConfirmingPublisher(self.broker) as publisher:
                    while not self._enough.is_set():
                        self._publish(publisher)
            except BROKER_ERRORS:
                self._address.aim(next(nodes).address)
                time.sleep(0.1)

    def _publish(self, publisher: ConfirmingPublisher) -> None:
        if not self._wanted:
            self._wanted = {
                f"{self._prefix}{number}" for number in islice(self._numbers, BATCH)
            }
        refused = publisher.publish_all(
            (name, name.encode(), f"{PUBLISHER}.events", "contract.x")
            for name in sorted(self._wanted)
        )
        self.confirmed |= self._wanted - refused
        self._wanted &= refused


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


@pytest.mark.catalogue("F19")
@pytest.mark.seeded("publisher_trusts_the_socket")
def test_the_leader_is_killed_and_nothing_confirmed_is_lost(
    cluster: Cluster, address: Proxy
) -> None:
    leader = cluster.leader_of(QUEUE)
    address.aim(leader.address)
    with Client(cluster, address, "leader-") as client:
        leader.kill()
        client.wait_for_more()
    leader.start()
    cluster.wait_ready(leader)
    assert all_there(cluster, address, client.confirmed) == set()


@pytest.mark.catalogue("F19")
@pytest.mark.seeded("publisher_trusts_the_socket")
def test_a_minority_that_is_cut_off_refuses_and_the_majority_goes_on(
    cluster: Cluster, address: Proxy
) -> None:
    lonely = cluster.leader_of(QUEUE)
    address.aim(lonely.address)
    with Client(cluster, address, "minority-") as client:
        cluster.isolate(lonely)
        try:
            client.wait_for_more()
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
