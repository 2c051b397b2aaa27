"""The stacks under a campaign: brought up when needed, thrown away when broken."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import infra.stack
from infra import topology
from infra.demo.world import World
from infra.stack import SERVERS
from tests.faults.campaign import Ground
from tests.faults.events import EventLoad
from tests.faults.load import LoanLoad
from tests.faults.payers import PayerLoad
from tests.faults.trail import TrailLoad


@contextmanager
def events(folder: Path) -> Iterator[Ground]:
    """The event load on servers of its own."""
    folder.mkdir(exist_ok=True)
    stack = infra.stack.start(folder / "stack")
    try:
        with EventLoad(stack, folder / "load").open() as load:
            yield load
    finally:
        stack.stop()


@contextmanager
def trail(folder: Path) -> Iterator[Ground]:
    """The audit log at the end of the event load, on servers of its own."""
    folder.mkdir(exist_ok=True)
    stack = infra.stack.start(folder / "stack")
    try:
        with TrailLoad(stack, folder / "load").open() as load:
            yield load
    finally:
        stack.stop()


@contextmanager
def loans(folder: Path) -> Iterator[Ground]:
    """The whole platform."""
    processes = (process.name for process in topology.runnable())
    beside = (*SERVERS, *topology.simulators(), topology.WEB_TIER)
    everything = {*beside, *processes}
    stack = infra.stack.start(folder / "stack", only=everything)
    try:
        yield LoanLoad(World(stack))
    finally:
        stack.stop()


@contextmanager
def payers(folder: Path) -> Iterator[Ground]:
    """The load of payouts on servers of its own."""
    stack = infra.stack.start(folder / "stack")
    try:
        with PayerLoad(stack, folder / "load").open() as load:
            yield load
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
