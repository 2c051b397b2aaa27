"""Fixtures every folder may use: servers, and the whole platform, per session."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import infra.stack
from infra import topology
from infra.demo.world import World
from infra.stack import Stack
from tests.sweep import Sweep


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    """A state folder outside the repository that the servers' user may reach."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(state_folder: Path) -> Iterator[Stack]:
    """PostgreSQL and RabbitMQ of this session, real and private."""
    stack = infra.stack.start(state_folder)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def platform(state_folder: Path) -> Iterator[Stack]:
    """All servers, simulators and processes, ready, as `make up` starts them."""
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
