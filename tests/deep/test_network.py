"""More ways to fail for the network than the integration tests take time for (F20)."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import (
    Network,
    contracts,
    disbursement,
    lines,
    network,
    tables,
)
from tests.integration.bus.roles import outlive
from tests.integration.kernel.conftest import Service

__all__ = ["contracts", "disbursement", "lines", "network", "tables"]

SHORT_S: Final = 3.0
LONG_S: Final = 30.0
"""Both ends miss the other's heartbeats and give the connection up."""
Order = Callable[[Proxy], None]
TIME_OUTS: Final[dict[str, Order]] = {
    "to the server": lambda p: p.to_server(black_hole=True),
    "to the client": lambda p: p.to_client(black_hole=True),
}
SPOILED: Final[dict[str, Order]] = {
    "bits flipped": lambda p: p.both(corrupt=1),
    "chunks doubled": lambda p: p.both(duplicate=0.5),
    "chunks in disorder": lambda p: p.both(reorder=0.5),
}
LASTING: Final[dict[str, Order]] = {
    "a black hole": lambda p: p.both(black_hole=True),
    "a bad line": lambda p: p.both(latency_ms=100, jitter_ms=400, slice_bytes=100),
    "an orderly end": lambda p: p.cut(orderly=True),
}


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("publisher_keeps_a_dead_connection")
@pytest.mark.parametrize("way", TIME_OUTS)
def test_every_role_outlives_a_time_out(
    network: Network, contracts: Service, disbursement: Service, way: str
) -> None:
    """Silence one way; when it ends, so do the connections."""
    outlive(
        network,
        contracts,
        disbursement,
        begin=TIME_OUTS[way],
        held_s=SHORT_S,
        end=Proxy.cut,
    )


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("consumer_gives_up")
@pytest.mark.parametrize("how", SPOILED)
def test_every_role_outlives_a_line_that_spoils_what_passes(
    network: Network, contracts: Service, disbursement: Service, how: str
) -> None:
    """Under TLS nobody reads what was spoiled: the connection ends."""
    outlive(network, contracts, disbursement, begin=SPOILED[how], held_s=SHORT_S)


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("call_without_end")
@pytest.mark.parametrize("fault", LASTING)
def test_every_role_outlives_a_line_that_is_bad_for_long(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    outlive(network, contracts, disbursement, begin=LASTING[fault], held_s=LONG_S)
