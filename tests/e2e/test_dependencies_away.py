"""Broker or database away: safe refusal at the door, recovery without hands.

Every process says that it is not ready and that it lives; the gateway answers 503 and
when to come back; what was committed waits in the outbox and leaves after healing.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import Any, Final

import httpx
import pytest

from infra import topology
from infra.rabbitmq.server import DISK_FREE_LIMIT, MEMORY_LIMIT
from infra.stack import Stack
from kernel.outbox import UNPUBLISHED
from tests.conftest import Roads
from tests.faults.proxy import Proxy
from tests.sweep import Sweep
from tests.waiting import eventually

NOT_READY_WITHIN_S: Final = 10.0
BUS_WITHIN_S: Final = 30.0
DATABASE_WITHIN_S: Final = 60.0
AT_ONCE: Final = 40
WITHOUT_BUS: Final = ("disbursement-witness", "bus")
"""The clock is counted by nobody else's leave."""
HANGS_AFTER_S: Final = 25.0
"""The gateway's own limit is 30 s, and then it would blame the client (408)."""
PATIENCE_S: Final = 60.0
OK: Final = 200
SERVER_ERROR: Final = 500
BUSY: Final = 503
REFUSED: Final = (401, 429)
_PROBE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Door:
    """The public door, as somebody sees it who has no session."""

    client: httpx.Client

    def needs_bus(self) -> httpx.Response:
        """A request that another service must answer."""
        path = "/registrations/01930000-0000-7000-8000-000000000001"
        return self.client.get(path, headers={"Authorization": "Bearer unknown"})

    def needs_database(self) -> httpx.Response:
        return self.client.get("/health/ready")

    def answers(self) -> bool:
        """Whether that other service is heard of again: it refuses our token."""
        return self.needs_bus().status_code < SERVER_ERROR

    def refuses_login(self) -> bool:
        """A refused login: an event is committed, no other service is asked."""
        body = {"login": "+77010000002", "password": "не тот пароль совсем"}
        return self.client.post("/sessions", json=body).status_code in REFUSED


@pytest.fixture
def door(platform: Stack) -> Iterator[Door]:
    context = ssl.create_default_context(cafile=str(platform.layout.pki / "ca.crt"))
    with httpx.Client(
        base_url=f"{platform.url}/api/v1",
        verify=context,
        timeout=HANGS_AFTER_S,
        headers={"Origin": platform.url},
        limits=httpx.Limits(max_connections=AT_ONCE),
    ) as client:
        yield Door(client)


@pytest.fixture
def healed(platform: Stack, roads: Roads, sweep: Sweep) -> Iterator[None]:
    """Whatever a test does to the roads, it leaves them open and everybody well."""
    platform.wait_ready(*names())
    yield
    roads.broker.heal()
    roads.database.heal()
    platform.wait_ready(*names())
    sweep.settled()


def names() -> list[str]:
    return [process.name for process in topology.runnable()]


def asked(stack: Stack, process: str, path: str) -> tuple[int, dict[str, Any]]:
    """What a process says of itself on its metrics port; 0 when it says nothing."""
    layout = stack.layout
    tls = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
    tls.load_cert_chain(layout.pki / "operator.crt", layout.pki / "operator.key")
    port = stack.port(f"{process}.metrics")
    connection = HTTPSConnection("127.0.0.1", port, context=tls, timeout=_PROBE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, HTTPException):
        return 0, {}
    finally:
        connection.close()


def red(stack: Stack, part: str) -> dict[str, bool]:
    """Which processes that need this part say in so many words that it is away."""
    concerned = [name for name in names() if (name, part) != WITHOUT_BUS]
    said = {name: asked(stack, name, "/ready") for name in concerned}
    return {name: (s, p.get(part)) == (BUSY, False) for name, (s, p) in said.items()}


def all_ready(stack: Stack) -> bool:
    return all(asked(stack, name, "/ready")[0] == OK for name in names())


def many(ask: Callable[[], httpx.Response]) -> list[tuple[int, bool]]:
    """Status of many requests at once, and whether it says when to come back."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: ask(), range(AT_ONCE)))
    return [(a.status_code, int(a.headers.get("Retry-After", 0)) > 0) for a in answers]


def refuses_safely(stack: Stack, part: str, ask: Callable[[], httpx.Response]) -> None:
    """Every process is not ready in time and lives; the door says when to come back."""
    eventually(lambda: all(red(stack, part).values()), within_s=NOT_READY_WITHIN_S)
    live = {name: asked(stack, name, "/live")[0] for name in names()}
    assert live == dict.fromkeys(names(), OK)
    assert many(ask) == [(BUSY, True)] * AT_ONCE


def down(road: Proxy) -> None:
    road.refuse()


def black_hole(road: Proxy) -> None:
    road.both(black_hole=True)


@pytest.mark.catalogue("F38")
@pytest.mark.seeded("readiness_forgets_the_door")
def test_the_gateway_is_not_ready_before_its_door_is_open(
    platform: Stack, healed: None
) -> None:
    """Whoever is led to it from then on is let in."""
    platform.restart("gateway")
    socket.create_connection(("127.0.0.1", platform.port("gateway"))).close()


@pytest.mark.catalogue("F18", "F40")
@pytest.mark.seeded("readiness_trusts_the_connection")
@pytest.mark.seeded("gateway_queues_for_ever")
@pytest.mark.parametrize("fault", [down, black_hole], ids=lambda fault: fault.__name__)
def test_the_broker_is_away_and_comes_back(
    platform: Stack,
    roads: Roads,
    door: Door,
    sweep: Sweep,
    healed: None,
    fault: Callable[[Proxy], None],
) -> None:
    fault(roads.broker)
    refuses_safely(platform, "bus", door.needs_bus)
    assert door.refuses_login()
    assert sweep.rows("auth", UNPUBLISHED) != []
    roads.broker.heal()
    end = time.monotonic() + BUS_WITHIN_S
    eventually(lambda: all_ready(platform), within_s=BUS_WITHIN_S)
    left_s = end - time.monotonic()
    eventually(door.answers, within_s=left_s)
    left_s = end - time.monotonic()
    eventually(lambda: sweep.rows("auth", UNPUBLISHED) == [], within_s=left_s)


@pytest.mark.catalogue("F40")
@pytest.mark.seeded("readiness_waits_for_the_check")
@pytest.mark.seeded("readiness_never_red")
@pytest.mark.seeded("gateway_waits_for_a_hanging_database")
@pytest.mark.parametrize("fault", [down, black_hole], ids=lambda fault: fault.__name__)
def test_the_database_is_away_and_comes_back(
    platform: Stack,
    roads: Roads,
    door: Door,
    healed: None,
    fault: Callable[[Proxy], None],
) -> None:
    fault(roads.database)
    refuses_safely(platform, "database", door.needs_database)
    roads.database.heal()
    end = time.monotonic() + DATABASE_WITHIN_S
    eventually(lambda: all_ready(platform), within_s=DATABASE_WITHIN_S)
    left_s = end - time.monotonic()
    eventually(door.answers, within_s=left_s)


ALARMS: Final = {
    "memory": (
        ("set_vm_memory_high_watermark", "0.0001"),
        ("set_vm_memory_high_watermark", "absolute", MEMORY_LIMIT),
    ),
    "disk": (
        ("set_disk_free_limit", "9000GB"),
        ("set_disk_free_limit", DISK_FREE_LIMIT),
    ),
}


@pytest.mark.catalogue("F26")
@pytest.mark.seeded("gateway_queues_for_ever")
@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_of_the_broker_is_told_at_the_door_and_heals(
    platform: Stack, door: Door, sweep: Sweep, healed: None, alarm: str
) -> None:
    """Committed work waits; the door says when to come back, and never hangs."""
    raise_it, end_it = ALARMS[alarm]
    broker = platform.servers.broker
    broker.control(*raise_it)
    try:
        eventually(lambda: door.needs_bus().status_code == BUSY)
        assert many(door.needs_bus) == [(BUSY, True)] * AT_ONCE
        assert door.refuses_login()
        assert sweep.rows("auth", UNPUBLISHED) != []
    finally:
        broker.control(*end_it)
    end = time.monotonic() + BUS_WITHIN_S
    eventually(door.answers, within_s=BUS_WITHIN_S)
    left_s = end - time.monotonic()
    eventually(lambda: sweep.rows("auth", UNPUBLISHED) == [], within_s=left_s)
