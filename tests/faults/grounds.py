"""The stacks under a campaign: brought up when needed, thrown away when broken."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

import infra.stack
from infra import topology
from infra.demo.world import World
from infra.stack import SERVERS, Stack
from tests.faults.campaign import Ground
from tests.faults.events import EventLoad
from tests.faults.load import LoanLoad
from tests.faults.payers import PayerLoad
from tests.faults.trail import TrailLoad


class Load(Protocol):
    """A load that brings its own processes."""

    def open(self) -> AbstractContextManager[Ground]: ...


def on_servers(
    load: Callable[[Stack, Path], Load],
) -> Callable[[Path], AbstractContextManager[Ground]]:
    """The load on a database and a broker of its own."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Ground]:
        folder.mkdir(exist_ok=True)
        stack = infra.stack.start(folder / "stack")
        try:
            with load(stack, folder / "load").open() as ground:
                yield ground
        finally:
            stack.stop()

    return opened


events = on_servers(EventLoad)
trail = on_servers(TrailLoad)
payers = on_servers(PayerLoad)


@contextmanager
def loans(folder: Path) -> Iterator[Ground]:
    """The whole platform."""
    processes = (process.name for process in topology.runnable())
    others = (topology.LOG_SIGNER, topology.WEB_TIER)
    beside = (*SERVERS, *topology.simulators(), *others)
    everything = {*beside, *processes}
    stack = infra.stack.start(folder / "stack", only=everything)
    try:
        yield LoanLoad(World(stack))
    finally:
        stack.stop()


GROUNDS: Final[Mapping[str, Callable[[Path], AbstractContextManager[Ground]]]] = {
    "events": events,
    "loans": loans,
    "payers": payers,
    "trail": trail,
}
"""By the name cases know them under; each takes an empty folder to live in."""


@contextmanager
def ground(name: str) -> Iterator[tuple[Ground, Path]]:
    """A fresh ground, and its folder, which the database's user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-faults-"))
    folder.chmod(0o755)
    try:
        with GROUNDS[name](folder) as opened:
            yield opened, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
