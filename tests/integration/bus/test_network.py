"""The network fails between the broker and each role, and heals (F20)."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from infra.stack import Stack
from kernel import bus
from kernel.bus import Consuming
from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import (
    Network,
    broker_proxy,
    broker_through,
    eventually,
    open_caller,
)
from tests.integration.bus.roles import outlive
from tests.integration.kernel.conftest import LISTENER, Service

HELD_S: Final = 3.0
HEARTBEAT_S: Final = 3
ONE_WAY: Final[dict[str, Callable[[Proxy], None]]] = {
    "black hole to the client": lambda p: p.to_client(black_hole=True),
    "reset to the server": lambda p: p.to_server(limit_bytes=0),
    "reset to the client": lambda p: p.to_client(limit_bytes=0),
}


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.seeded("publisher_keeps_a_dead_connection")
def test_every_role_outlives_a_broker_that_is_down(
    network: Network, contracts: Service, disbursement: Service
) -> None:
    outlive(network, contracts, disbursement, begin=Proxy.refuse, held_s=HELD_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("call_without_end")
def test_every_role_outlives_a_broker_that_hears_nothing(
    network: Network, contracts: Service, disbursement: Service
) -> None:
    def begin(line: Proxy) -> None:
        line.to_server(black_hole=True)

    outlive(network, contracts, disbursement, begin=begin, held_s=HELD_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.parametrize("fault", ONE_WAY)
def test_every_role_outlives_a_line_that_fails_one_way(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    outlive(network, contracts, disbursement, begin=ONE_WAY[fault], held_s=HELD_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("relay_without_heartbeat")
@pytest.mark.seeded("consumer_without_heartbeat")
@pytest.mark.seeded("caller_without_heartbeat")
def test_who_has_nothing_to_say_keeps_the_line(
    servers: Stack,
    publisher: Service,
    listener: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broker ends a connection that misses two heartbeats; here it never does."""
    monkeypatch.setattr(bus, "HEARTBEAT_S", HEARTBEAT_S)
    with broker_proxy(servers) as line, open_caller(servers, requests=line) as caller:
        for service in (publisher, listener):
            through = broker_through(service.platform.broker, line)
            service.platform = replace(service.platform, broker=through)
        publisher.run(publisher.relay().run)
        listener.run(
            Consuming(listener.platform.broker, f"{LISTENER}.inbox", lambda _: None).run
        )
        caller.rpc.start()
        eventually(lambda: line.open == 3)
        until = time.monotonic() + 4 * HEARTBEAT_S
        while time.monotonic() < until:
            assert (line.accepted, line.open) == (3, 3)
            time.sleep(0.1)
        publisher.stop.set()
        listener.stop.set()
