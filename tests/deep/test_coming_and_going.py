"""Processes start in any order, and stop in the midst of work, without a loss."""

import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError
from infra.demo.world import World
from infra.stack import Stack
from infra.stack.ports import metrics
from kernel.context import fresh_context
from kernel.crypto import Json, as_object
from kernel.errors import KernelError
from kernel.rpc import RpcClient
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed
from tests.staff import token_for
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Wire, fresh_ids, rounds

ORDERS: Final = 2
SERVERS: Final = (
    topology.NODE_DIRECTORY,
    topology.BROKER_SERVER,
    topology.DATABASE_SERVER,
)
OURS: Final = tuple(process.name for process in topology.runnable())
PAUSE_S: Final = 0.05
RPC_PATIENCE_S: Final = 40.0
"""Longer than a restart: whoever waits is answered by the process that comes."""


@pytest.fixture
def whole(platform: Stack) -> Iterator[Stack]:
    """The platform; whatever happened to it, everything runs again afterwards."""
    yield platform
    platform.supervisor.start([*SERVERS, *topology.simulators(), *OURS])
    platform.wait_ready(*SERVERS[1:], *topology.simulators(), *OURS)


@pytest.mark.timeout(900)
@pytest.mark.catalogue("F38")
@pytest.mark.seeded("service_ends_without_its_database")
def test_processes_start_in_any_order(whole: Stack, sweep: Sweep) -> None:
    """Nobody is ready before it is able, and nobody ends for want of another."""
    dice = random.Random(seed())
    supervisor = whole.supervisor
    everybody = [*topology.simulators(), *OURS]
    for _ in range(rounds(ORDERS)):
        supervisor.stop([*everybody, *SERVERS])
        dice.shuffle(everybody)
        supervisor.start(everybody)
        for name in OURS:
            eventually(partial(says_unready, whole, name))
        first = {name: whole.pid(name) for name in OURS}
        absent = list(SERVERS[1:])
        dice.shuffle(absent)
        supervisor.start([SERVERS[0], *absent])
        whole.wait_ready(*absent, *everybody)
        assert {name: whole.pid(name) for name in OURS} == first
    sweep.settled()


def says_unready(stack: Stack, name: str) -> bool:
    """Whether the process is up and says itself that it is not able (503)."""
    layout = stack.layout
    context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
    context.load_cert_chain(layout.pki / "operator.crt", layout.pki / "operator.key")
    url = f"https://127.0.0.1:{stack.ports[metrics(name)]}/ready"
    try:
        answer = httpx.get(url, verify=context, timeout=10, trust_env=False)
    except httpx.TransportError:
        return False
    assert answer.status_code == 503, name
    return True


@dataclass(slots=True)
class Load:
    """What goes on meanwhile: pages, calls and events; each failure is kept."""

    browser: Borrower
    client_id: UUID
    rpc: RpcClient
    stack: Stack
    stop: threading.Event = field(default_factory=threading.Event)
    served: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, float, str]] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    def page(self) -> None:
        """A page of the cabinet; a busy platform is asked again as it says."""
        self.browser.cabinet.call("GET", "/contracts")

    def suspend(self) -> None:
        """An event of antifraud that disbursement hears and audit writes, and back."""
        client = {"client_id": self.client_id, "ground": "load"}
        answer = self.call("antifraud", "suspend_client", **client)
        self.decisions.append(str(as_object(answer)["decision_id"]))
        held = f"client:{self.client_id}"
        self.call("antifraud", "release", held=held, ground="load")

    def status(self, service: str) -> None:
        self.call(service, "status")

    def call(self, service: str, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - passed on
        return self.rpc.call(
            service,
            method,
            context=fresh_context(fresh_ids()),
            timeout_s=RPC_PATIENCE_S,
            staff_token=token_for(self.stack),
            **arguments,
        )

    def repeat(self, name: str, act: Callable[[], object]) -> None:
        """Again and again until told to stop."""
        while not self.stop.wait(PAUSE_S):
            try:
                act()
            except (KernelError, ProblemError, httpx.TransportError) as error:
                self.failures.append((name, time.monotonic(), repr(error)))
            else:
                self.served[name] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        acts: dict[str, Callable[[], object]] = {
            "page": self.page,
            "event": self.suspend,
            **{s: partial(self.status, s) for s in topology.services()},
        }
        with ThreadPoolExecutor(len(acts)) as pool:
            done = [pool.submit(self.repeat, *item) for item in acts.items()]
            try:
                eventually(lambda: all(self.served[name] for name in acts))
                yield
            finally:
                self.stop.set()
        for one in done:
            one.result()


@pytest.fixture
def load(world: World, wire: Wire) -> Iterator[Load]:
    client = world.borrower(seed())
    register(client)
    client_id = UUID(client.log_in()["client_id"])
    rpc = wire.rpc(topology.OPERATOR)
    yield Load(client, client_id, rpc, world.stack)
    rpc.close()
    client.cabinet.close()


@pytest.mark.timeout(900)
@pytest.mark.catalogue("F39")
@pytest.mark.seeded("service_stops_without_a_drain")
def test_processes_stop_under_load_without_a_loss(
    whole: Stack, sweep: Sweep, load: Load
) -> None:
    """SIGTERM to each in turn: what it took it finishes, the rest waits for it."""
    order = [*OURS] * rounds(1)
    random.Random(seed()).shuffle(order)
    away: list[tuple[float, float]] = []
    before = len(told(whole))
    with load.running():
        for name in order:
            began = time.monotonic()
            whole.restart(name)
            if name == "gateway":
                away.append((began, time.monotonic()))
    assert beyond(load.failures, away) == []
    ended = told(whole)[before:]
    for name in order:
        assert f"stopped: {name} (exit status 0)" in ended
    sweep.settled()
    heard = {
        row["id"]
        for row in sweep.rows(
            "disbursement",
            "SELECT split_part(subject, ':', 2) AS id FROM inbox"
            " WHERE type = 'antifraud.operation_suspended.v1' AND state = 'applied'",
        )
    }
    assert set(load.decisions) - heard == set()


def beyond(
    failures: list[tuple[str, float, str]], away: list[tuple[float, float]]
) -> list[tuple[str, float, str]]:
    """Failures but for pages while the one gateway itself was away."""
    return [
        (name, at, error)
        for name, at, error in failures
        if name != "page" or not any(began <= at <= ended for began, ended in away)
    ]


def told(stack: Stack) -> str:
    """What the supervisor said of processes that came and went."""
    return (stack.layout.logs / "supervisord.log").read_text()
