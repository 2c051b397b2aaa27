"""What a case does to a stack: kills, pauses, alarms, steps of the clock.

Each blow heals itself, whatever happens: a paused process goes on, an alarm is
cleared, the clock goes back.  Killed processes are started again by the supervisor,
as they are at work.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from infra import topology
from infra.demo.world import World
from infra.layout import find_program
from infra.stack import Stack, StackError
from infra.stack.control import SupervisorError
from tests.faults.proxy import Proxy

BACK_WITHIN_S: Final = 90.0
POLL_S: Final = 0.1
BROKER: Final = topology.BROKER_SERVER
DATABASE: Final = topology.DATABASE_SERVER
PAUSE_S: Final = (1.0, 8.0)
ALARM_S: Final = (2.0, 6.0)
CLOCK_STEP: Final = timedelta(minutes=5)
_CTL_TIMEOUT_S: Final = 60
_MEMORY: Final = "set_vm_memory_high_watermark"
_DISK: Final = "set_disk_free_limit"


class Lives(Protocol):
    """Short lives of a process, which end where one wants them to."""

    @property
    def ended(self) -> Mapping[str, int]:
        """How many ended at each boundary, in the case that runs."""
        ...

    def end_one(self) -> None:
        """Let one die at a boundary."""
        ...

    def overtake_one(self) -> None:
        """Stop one at a boundary until others have taken over; then it goes on."""
        ...


@dataclass(slots=True)
class Harm:
    """Strikes one stack; `done` counts what was struck, by kind."""

    stack: Stack
    processes: Collection[str]
    dice: random.Random
    road: Proxy | None = None
    """Between the processes and the broker, where there is one."""
    lives: Lives | None = None
    """What lives shortly, where something does."""
    done: dict[str, int] = field(default_factory=dict)

    def strike(self, blow: str) -> None:
        """Do one blow of `BLOWS`."""
        BLOWS[blow](self)
        self.done[blow] = self.done.get(blow, 0) + 1

    def servers_serve(self) -> None:
        """Wait until broker and database serve; their clients may still be away."""
        self.stack.wait_ready(BROKER, DATABASE)

    def kill_server(self, name: str) -> None:
        """SIGKILL broker or database while it serves."""
        self.stack.wait_ready(name)
        self.kill(name)

    def kill(self, name: str) -> None:
        """SIGKILL a process as soon as it runs."""
        self._running(name)
        self.stack.kill(name)

    def any_process(self) -> str:
        return self.dice.choice(sorted(self.processes))

    def pause(self, name: str) -> None:
        """SIGSTOP a process and all its children for some seconds."""
        pids = _tree(self._running(name))
        try:
            for pid in pids:
                _send(pid, signal.SIGSTOP)
            time.sleep(self.dice.uniform(*PAUSE_S))
        finally:
            for pid in pids:
                _send(pid, signal.SIGCONT)

    def alarm(self, setting: str, alarming: str, *normal: str) -> None:
        """Let the broker believe for some seconds that it runs out of something."""
        self.stack.wait_ready(BROKER)
        try:
            self._ctl(setting, alarming)
            time.sleep(self.dice.uniform(*ALARM_S))
        finally:
            self._ctl(setting, *normal)

    def step_clock(self) -> None:
        """Move everybody's clock ahead, and back after a while."""
        world = World(self.stack)
        world.move_clock(CLOCK_STEP)
        try:
            time.sleep(self.dice.uniform(*PAUSE_S))
        finally:
            world.move_clock(-CLOCK_STEP)

    def network(self, misbehave: Callable[[Proxy], None]) -> None:
        """Let the road to the broker misbehave for some seconds."""
        assert self.road is not None
        try:
            misbehave(self.road)
            time.sleep(self.dice.uniform(*PAUSE_S))
        finally:
            self.road.heal()

    def payers(self) -> Lives:
        assert self.lives is not None
        return self.lives

    def _running(self, name: str) -> int:
        end = time.monotonic() + BACK_WITHIN_S
        while True:
            try:
                return self.stack.pid(name)
            except (StackError, SupervisorError):  # it is just starting
                if time.monotonic() > end:
                    raise
                time.sleep(POLL_S)

    def _ctl(self, *words: str) -> None:
        subprocess.run(
            [find_program("usr/lib/rabbitmq/bin/rabbitmqctl"), *words],
            env=self.stack.servers.broker.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_CTL_TIMEOUT_S,
        )


def _tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(entry.parent.name)] = int(
                entry.read_text().rpartition(")")[2].split()[1]
            )
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


BLOWS: Final[Mapping[str, Callable[[Harm], None]]] = {
    "broker killed": lambda harm: harm.kill_server(BROKER),
    "database killed": lambda harm: harm.kill_server(DATABASE),
    "process killed": lambda harm: harm.kill(harm.any_process()),
    "broker paused": lambda harm: harm.pause(BROKER),
    "database paused": lambda harm: harm.pause(DATABASE),
    "process paused": lambda harm: harm.pause(harm.any_process()),
    "memory alarm": lambda harm: harm.alarm(_MEMORY, "0.0001", "absolute", "512MB"),
    "disk alarm": lambda harm: harm.alarm(_DISK, "100000000000000", "100MB"),
    "network cut": lambda harm: harm.network(Proxy.cut),
    "network down": lambda harm: harm.network(Proxy.refuse),
    "network swallows": lambda harm: harm.network(lambda p: p.both(black_hole=True)),
    "network spoils": lambda harm: harm.network(lambda p: p.both(corrupt=0.1)),
    "clock stepped": Harm.step_clock,
    "payer killed": lambda harm: harm.payers().end_one(),
    "payer overtaken": lambda harm: harm.payers().overtake_one(),
}
"""Every fault of the campaign, by the name it has in reports."""
