"""The whole platform, once per session: every process, as `make up` starts them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import infra.stack
from infra import topology
from infra.demo.world import World
from infra.stack import Stack
from tests.sweep import Sweep


@pytest.fixture(scope="session")
def platform(state_folder: Path) -> Iterator[Stack]:
    """All servers, simulators and processes, ready."""
    everything = {
        topology.DATABASE_SERVER,
        topology.BROKER_SERVER,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
    }
    stack = infra.stack.start(state_folder / "platform", only=everything)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def world(platform: Stack) -> World:
    return World(platform)


@pytest.fixture(scope="session")
def sweep(world: World) -> Sweep:
    return Sweep(world.stack, world.control())
