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
from tests.integration.bus.roles import nothing, outlive
from tests.integration.kernel.conftest import Service

__all__ = ["contracts", "disbursement", "lines", "network", "tables"]

SHORT_S: Final = 3.0
LONG_S: Final = 30.0
"""Both ends miss the other's heartbeats and give the connection up."""
Order = Callable[[Proxy], None]
FAULTS: Final[dict[str, tuple[Order, Order, float]]] = {
    "time-out to the server": (
        lambda p: p.to_server(black_hole=True),
        Proxy.cut,
        SHORT_S,
    ),
    "time-out to the client": (
        lambda p: p.to_client(black_hole=True),
        Proxy.cut,
        SHORT_S,
    ),
    "a long black hole": (lambda p: p.both(black_hole=True), nothing, LONG_S),
    "orderly ends": (lambda p: p.cut(orderly=True), nothing, SHORT_S),
    "bits flipped": (lambda p: p.both(corrupt=1), nothing, SHORT_S),
    "chunks doubled": (lambda p: p.both(duplicate=0.5), nothing, SHORT_S),
    "chunks in disorder": (lambda p: p.both(reorder=0.5), nothing, SHORT_S),
    "a bad line": (
        lambda p: p.both(latency_ms=100, jitter_ms=400, slice_bytes=100),
        nothing,
        LONG_S,
    ),
}


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("consumer_gives_up")
@pytest.mark.parametrize("fault", FAULTS)
def test_every_role_outlives_a_line_that_fails_in_its_own_way(
    network: Network, contracts: Service, disbursement: Service, fault: str
) -> None:
    begin, end, held_s = FAULTS[fault]
    outlive(network, contracts, disbursement, begin=begin, held_s=held_s, end=end)
