"""A whole platform of its own: what happens to it here no other test would survive."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

import infra.stack
from infra import topology
from infra.demo.story import verify_export
from infra.demo.world import World
from infra.stack import Stack
from tests.rolling import next_version
from tests.rolling.beside import Beside
from tests.rolling.doors import Doors
from tests.rolling.load import Load
from tests.seeds import seed
from tests.sweep import Invariants, Sweep


@dataclass(frozen=True, slots=True)
class SweepBeside(Sweep):
    """The sweep of a platform whose supervised processes have gone."""

    @override
    def hold(self, values: Iterable[Mapping[str, str]]) -> None:
        Invariants.hold(self, values)
        assert "chain verified" in verify_export(World(self.stack))


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the next version."""
    folder = tmp_path_factory.mktemp("next")
    next_version.make(folder)
    return folder


@pytest.fixture
def platform(state_folder: Path) -> Iterator[Stack]:
    """Every process of today's version, ready."""
    everything = {
        *infra.stack.SERVERS,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
        topology.WEB_TIER,
    }
    stack = infra.stack.start(state_folder / "rolling", only=everything)
    yield stack
    stack.stop()


@pytest.fixture
def beside(platform: Stack, tree: Path) -> Iterator[Beside]:
    """The next version's processes, none of them started."""
    processes = Beside(platform, tree)
    yield processes
    processes.stop_all()


@pytest.fixture
def doors(platform: Stack) -> Doors:
    return Doors(platform.url)


@pytest.fixture
def load(platform: Stack, beside: Beside, doors: Doors) -> Iterator[Load]:
    """Clients; the seed is printed when a test fails."""
    clients = Load(World(platform), doors, seed())
    yield clients
    clients.close()


@pytest.fixture
def sweep(load: Load) -> Sweep:
    return SweepBeside(load.world.stack, load.world.control())
