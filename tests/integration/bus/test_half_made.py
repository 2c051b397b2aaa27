"""Who cannot be made whole leaves nothing open behind him."""

from typing import Final, Never

import pytest

from infra.stack import Stack
from kernel.bus import ConfirmingPublisher
from tests.integration.bus.conftest import broker_proxy, broker_through
from tests.integration.kernel.conftest import Service
from tests.waiting import eventually

SOON_S: Final = 5.0
"""Long before the broker misses the first heartbeats and closes for us."""


@pytest.mark.catalogue("F20")
@pytest.mark.seeded("publisher_leaves_half_open")
def test_a_publisher_without_its_channel_closes_the_connection(
    servers: Stack, publisher: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that greets and then pauses; a relay tries again and again."""

    def pauses(_: object) -> Never:
        assert line.open == 1
        raise TimeoutError

    monkeypatch.setattr("kombu.Connection.channel", pauses)
    with broker_proxy(servers) as line:
        broker = broker_through(publisher.platform.broker, line)
        with pytest.raises(TimeoutError) as kept:
            ConfirmingPublisher(broker)
        eventually(lambda: line.open == 0, within_s=SOON_S)
        assert kept.tb is not None
