"""The network fails between the broker and each role, and heals (F20)."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import Network
from tests.integration.bus.roles import outlive
from tests.integration.kernel.conftest import Service

HELD_S: Final = 3.0
ONE_WAY: Final[dict[str, Callable[[Proxy], None]]] = {
    "black hole to the client": lambda p: p.to_client(black_hole=True),
    "reset to the server": lambda p: p.to_server(limit_bytes=0),
    "reset to the client": lambda p: p.to_client(limit_bytes=0),
}


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.seeded("publisher_keeps_a_dead_connection")
def test_every_role_outlives_a_broker_that_is_down(
    network: Network, contracts: Service, disbursement: Service
) -> None:
    outlive(network, contracts, disbursement, begin=Proxy.refuse, held_s=HELD_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("call_without_end")
def test_every_role_outlives_a_broker_that_hears_nothing(
    network: Network, contracts: Service, disbursement: Service
) -> None:
    def begin(line: Proxy) -> None:
        line.to_server(black_hole=True)

    outlive(network, contracts, disbursement, begin=begin, held_s=HELD_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("relay_gives_up")
@pytest.mark.parametrize("fault", ONE_WAY)
def test_every_role_outlives_a_line_that_fails_one_way(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    outlive(network, contracts, disbursement, begin=ONE_WAY[fault], held_s=HELD_S)
