"""Broker or database stopped for a while, the process itself: refusal, recovery (F18).

The integration tests close the road instead; here the server itself ends and starts.
"""

import time
from typing import Final

import pytest

from infra import topology
from infra.stack import Stack
from kernel.outbox import UNPUBLISHED
from tests.conftest import platform, roads, sweep, world
from tests.e2e.test_dependencies_away import (
    BUS_WITHIN_S,
    DATABASE_WITHIN_S,
    Door,
    all_ready,
    door,
    healed,
    refuses_safely,
)
from tests.sweep import Sweep
from tests.waiting import eventually

__all__ = ["door", "healed", "platform", "roads", "sweep", "world"]

STOPPED_S: Final = 30.0


@pytest.mark.catalogue("F18")
@pytest.mark.seeded("gateway_queues_for_ever")
def test_a_stopped_broker_costs_nothing_but_time(
    platform: Stack, door: Door, sweep: Sweep, healed: None
) -> None:
    """Logins are refused and recorded all the while: the outbox grows, then drains."""
    platform.halt(topology.BROKER_SERVER)
    try:
        until = time.monotonic() + STOPPED_S
        refuses_safely(platform, "bus", door.needs_bus)
        attempts = 0
        while time.monotonic() < until or not attempts:
            assert door.refuses_login()
            attempts += 1
        assert len(sweep.rows("auth", UNPUBLISHED)) >= attempts
    finally:
        platform.resume(topology.BROKER_SERVER)
    eventually(lambda: all_ready(platform), within_s=BUS_WITHIN_S)
    eventually(door.answers, within_s=BUS_WITHIN_S)
    eventually(lambda: sweep.rows("auth", UNPUBLISHED) == [], within_s=BUS_WITHIN_S)


@pytest.mark.catalogue("F18")
@pytest.mark.seeded("readiness_never_red")
def test_a_stopped_database_costs_nothing_but_time(
    platform: Stack, door: Door, healed: None
) -> None:
    platform.halt(topology.DATABASE_SERVER)
    try:
        until = time.monotonic() + STOPPED_S
        refuses_safely(platform, "database", door.needs_database)
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        platform.resume(topology.DATABASE_SERVER)
    eventually(lambda: all_ready(platform), within_s=DATABASE_WITHIN_S)
    eventually(door.answers, within_s=DATABASE_WITHIN_S)
