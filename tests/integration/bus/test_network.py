"""The network fails between the broker and each role, and heals (F20)."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import Network
from tests.integration.bus.roles import outlive
from tests.integration.kernel.conftest import Service

HELD_S: Final = 3.0
FAULTS: Final[dict[str, Callable[[Proxy], None]]] = {
    "down": Proxy.refuse,
    "black hole to the server": lambda p: p.to_server(black_hole=True),
    "black hole to the client": lambda p: p.to_client(black_hole=True),
    "reset to the server": lambda p: p.to_server(limit_bytes=0),
    "reset to the client": lambda p: p.to_client(limit_bytes=0),
}


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("consumer_gives_up")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.seeded("publisher_keeps_a_dead_connection")
@pytest.mark.seeded("call_without_end")
@pytest.mark.parametrize("fault", FAULTS)
def test_every_role_recovers_by_itself_and_loses_nothing(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    outlive(network, contracts, disbursement, begin=FAULTS[fault], held_s=HELD_S)
