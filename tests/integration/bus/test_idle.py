"""Connections that have nothing to carry live on (F20)."""

import time
from dataclasses import replace
from typing import Final

import pytest

from infra.stack import Stack
from kernel.bus import Consuming, broker
from tests.integration.bus.conftest import broker_proxy, broker_through, open_caller
from tests.integration.kernel.conftest import LISTENER, Service
from tests.waiting import eventually

HEARTBEAT_S: Final = 3


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
    monkeypatch.setattr(broker, "HEARTBEAT_S", HEARTBEAT_S)
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
