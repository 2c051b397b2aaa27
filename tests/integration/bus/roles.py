"""What every role of the bus must do while a line is broken and after it has healed.

Publisher, consumer, caller, reply and responder are used before, while and after, and
never made anew. Two services run as processes of their own.
"""

import threading
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from kernel.crypto import random_bytes
from kernel.errors import Transient
from kernel.events.contracts import ContractAnnulled
from kernel.outbox import UNPUBLISHED
from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import (
    PATIENCE_S,
    RECOVERED_WITHIN_S,
    Caller,
    Network,
)
from tests.integration.kernel.conftest import PUBLISHER, Service
from tests.waiting import eventually

EVENTS: Final = 3


def nothing(_: Proxy) -> None:
    """A fault that leaves connections as they are."""


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


def answers(caller: Caller) -> bool:
    try:
        return caller.echo(PUBLISHER, timeout_s=2) is not None
    except Transient:
        return False


def comes_back(caller: Caller) -> bool:
    """Whether a call comes back at all, answered or not, and soon."""
    asking = threading.Thread(target=answers, args=(caller,), daemon=True)
    asking.start()
    asking.join(PATIENCE_S / 2)
    return not asking.is_alive()


def outlive(
    network: Network,
    contracts: Service,
    disbursement: Service,
    *,
    begin: Callable[[Proxy], None],
    held_s: float,
    end: Callable[[Proxy], None] = nothing,
) -> None:
    """Break every line at once, use everything meanwhile, heal, and look at each role.

    ``end`` is what happens to the connections that still stand when the line heals.
    """
    events = publish(contracts)
    eventually(lambda: effects(disbursement, events) == [1] * EVENTS)
    for line in network.lines.all():
        begin(line)
    until = time.monotonic() + held_s
    events += publish(contracts)
    callers = (network.caller, network.reply, network.direct)
    assert [comes_back(caller) for caller in callers] == [True] * 3
    time.sleep(max(0.0, until - time.monotonic()))
    for line in network.lines.all():
        end(line)
    network.heal()
    recovered: dict[str, Callable[[], bool]] = {
        "publisher": lambda: not contracts.rows(UNPUBLISHED),
        "consumer": lambda: 0 not in effects(disbursement, events),
        "responder": lambda: answers(network.direct),
        "caller": lambda: answers(network.caller),
        "reply": lambda: answers(network.reply),
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
