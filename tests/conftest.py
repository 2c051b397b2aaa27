"""Fixtures every folder may use: servers, or the whole platform, once per session.

The platform's roads to broker and database lead through proxies, which pass everything
until a test says otherwise, and heals them afterwards.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

import infra.stack
from infra import topology
from infra.demo.world import World
from infra.layout import Layout
from infra.stack import Stack, ports
from tests.faults.proxy import Proxy
from tests.marks import ROOT
from tests.staff import Recruiter, door_of
from tests.sweep import Sweep

# Machines are busy: no generated example is judged by its time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

PLATFORM: Final = "platform"
FAILED: Final = ROOT / ".state" / "failed"


@pytest.fixture(scope="session")
def state_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A state folder outside the repository that the servers' user may reach.

    Of a session in which a test failed the logs stay, in `FAILED`.
    """
    folder = Path(tempfile.mkdtemp(prefix="kredit-test-"))
    folder.chmod(0o755)
    yield folder
    if request.session.testsfailed:
        for logs in (folder / "logs", *folder.glob("*/logs")):
            kept = FAILED / logs.relative_to(folder)
            shutil.copytree(logs, kept, dirs_exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(state_folder: Path) -> Iterator[Stack]:
    """PostgreSQL and RabbitMQ of this session, real and private."""
    stack = infra.stack.start(state_folder)
    yield stack
    stack.stop()


@dataclass(frozen=True, slots=True)
class Roads:
    """Between all our processes and the two servers."""

    layout: Layout
    broker: Proxy
    database: Proxy


@pytest.fixture(scope="session")
def roads(state_folder: Path) -> Iterator[Roads]:
    layout = Layout((state_folder / PLATFORM).resolve())
    layout.prepare()
    chosen = ports.choose(layout, running=False)
    here = "127.0.0.1"
    with (
        Proxy((here, chosen[topology.BROKER_SERVER])) as broker,
        Proxy((here, chosen[topology.DATABASE_SERVER])) as database,
    ):
        yield Roads(layout, broker, database)


@pytest.fixture(scope="session")
def platform(roads: Roads) -> Iterator[Stack]:
    """All servers, simulators and processes, as `make up` starts them, ready."""
    everything = {
        topology.DATABASE_SERVER,
        topology.BROKER_SERVER,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
        topology.LOG_SIGNER,
        topology.WEB_TIER,
    }
    detours = {
        topology.BROKER_SERVER: roads.broker.port,
        topology.DATABASE_SERVER: roads.database.port,
    }
    stack = infra.stack.start(roads.layout.state, only=everything, detours=detours)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def world(platform: Stack) -> World:
    """The platform as its visitors find it."""
    return World(platform)


@pytest.fixture(scope="session")
def recruiter(platform: Stack) -> Iterator[Recruiter]:
    """The platform's first administrators, who let in whomever a test needs."""
    with door_of(platform) as door:
        yield Recruiter.join(door)


@pytest.fixture(scope="session")
def sweep(world: World) -> Sweep:
    """What must be true of the platform after every case."""
    return Sweep(world.stack, world.control())
