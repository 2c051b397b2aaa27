"""The network fails between the broker and each role, and heals (F20).

Publisher, consumer, caller, reply and responder are used before, while and after, and
never made anew. Two services run as processes of their own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

import pytest

from infra.stack import Stack
from kernel.crypto import random_bytes
from kernel.errors import Transient
from kernel.events.contracts import ContractAnnulled
from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import (
    PATIENCE_S,
    RECOVERED_WITHIN_S,
    Caller,
    Network,
    eventually,
)
from tests.integration.kernel.conftest import (
    LISTENER,
    PUBLISHER,
    MovableClock,
    Service,
    open_service,
)

HELD_S: Final = 3.0
EVENTS: Final = 3


def nothing(_: Proxy) -> None:
    return


FAULTS: Final[dict[str, tuple[Callable[[Proxy], None], Callable[[Proxy], None]]]] = {
    "down": (Proxy.refuse, nothing),
    "black hole to the server": (lambda p: p.to_server(black_hole=True), nothing),
    "black hole to the client": (lambda p: p.to_client(black_hole=True), nothing),
    "time-out to the server": (lambda p: p.to_server(black_hole=True), Proxy.cut),
    "time-out to the client": (lambda p: p.to_client(black_hole=True), Proxy.cut),
    "reset to the server": (lambda p: p.to_server(limit_bytes=0), nothing),
    "reset to the client": (lambda p: p.to_client(limit_bytes=0), nothing),
    "spoiled bits": (lambda p: p.both(corrupt=1), nothing),
}
"""What begins the fault, and what ends the connections before it heals."""


@pytest.fixture(scope="module")
def contracts(servers: Stack, network: Network) -> Iterator[Service]:
    service = open_service(servers, PUBLISHER, MovableClock())
    yield service
    service.end()


@pytest.fixture(scope="module")
def disbursement(servers: Stack, network: Network) -> Iterator[Service]:
    service = open_service(servers, LISTENER, MovableClock())
    yield service
    service.end()


def publish(contracts: Service) -> list[UUID]:
    """Commit events of one contract; their ids."""
    contract = UUID(bytes=random_bytes(16))
    event = ContractAnnulled(contract_id=contract, client_id=contract, reason="x")
    with contracts.platform.database.begin(contracts.context()) as tx:
        return [tx.publish(event) for _ in range(EVENTS)]


def effects(disbursement: Service, causes: list[UUID]) -> list[int]:
    """How often each event had its effect."""
    rows = disbursement.rows(
        "SELECT causation_id AS cause, count(*) FROM outbox"
        " WHERE causation_id = ANY(:causes) GROUP BY 1",
        causes=causes,
    )
    counts = {row.cause: row.count for row in rows}
    return [counts.get(cause, 0) for cause in causes]


def answers(caller: Caller, *services: str) -> bool:
    try:
        return all(caller.echo(name, timeout_s=2) is not None for name in services)
    except Transient:
        return False


def asked_in_vain(caller: Caller) -> bool:
    """Whether a call comes back at all, answered or not, and soon."""
    asking = threading.Thread(
        target=answers, args=(caller, PUBLISHER, LISTENER), daemon=True
    )
    asking.start()
    asking.join(PATIENCE_S / 2)
    return not asking.is_alive()


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("consumer_gives_up")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.seeded("publisher_keeps_a_dead_connection")
@pytest.mark.seeded("call_without_end")
@pytest.mark.parametrize("fault", FAULTS)
def test_every_role_recovers_by_itself_and_loses_nothing(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    begin, end = FAULTS[fault]
    events = publish(contracts)
    eventually(lambda: effects(disbursement, events) == [1] * EVENTS)
    for line in network.lines.all():
        begin(line)
    until = time.monotonic() + HELD_S
    events += publish(contracts)
    callers = (network.caller, network.reply, network.direct)
    assert [asked_in_vain(caller) for caller in callers] == [True] * 3
    time.sleep(max(0.0, until - time.monotonic()))
    for line in network.lines.all():
        end(line)
    network.heal()
    recovered: dict[str, Callable[[], bool]] = {
        "publisher": lambda: (
            not contracts.rows("SELECT 1 FROM outbox WHERE published_at IS NULL")
        ),
        "consumer": lambda: 0 not in effects(disbursement, events),
        "responder": lambda: answers(network.direct, PUBLISHER, LISTENER),
        "caller": lambda: answers(network.caller, PUBLISHER, LISTENER),
        "reply": lambda: answers(network.reply, PUBLISHER, LISTENER),
    }
    assert never_recovered(recovered) == []
    events += publish(contracts)
    eventually(lambda: 0 not in effects(disbursement, events))
    assert effects(disbursement, events) == [1] * len(events)


def never_recovered(roles: dict[str, Callable[[], bool]]) -> list[str]:
    """The roles that are not well within the bound, all asked at the same time."""
    end = time.monotonic() + RECOVERED_WITHIN_S

    def watch(name: str, is_well: Callable[[], bool]) -> None:
        while time.monotonic() < end:
            if is_well():
                sick.discard(name)
                return
            time.sleep(0.1)

    sick = set(roles)
    watching = [
        threading.Thread(target=watch, args=role, daemon=True) for role in roles.items()
    ]
    for thread in watching:
        thread.start()
    for thread in watching:
        thread.join(PATIENCE_S)
    return sorted(sick)
