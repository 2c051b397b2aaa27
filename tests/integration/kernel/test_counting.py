"""A service counts its outbox row by row, and says so under the next number."""

from types import SimpleNamespace
from uuid import UUID

import orjson
import pytest

from kernel.bus import ConfirmingPublisher
from kernel.counting import Counting
from kernel.entrypoints.container import OutboxRelay
from kernel.events.contracts import ContractAnnulled
from tests.integration.kernel.conftest import Service

ANY = UUID(int=7)


def counting(service: Service) -> Counting:
    platform = service.platform
    return Counting(platform.database, service.clock, platform.ids, platform.policy)


def said(service: Service) -> dict[str, int]:
    """The newest count, relayed."""
    counting(service).count()
    with ConfirmingPublisher(service.platform.broker) as to_broker:
        service.relay().relay_waiting(to_broker)
    [row] = service.rows(
        "SELECT sequence, data FROM outbox WHERE type = 'platform.outbox_counted.v1'"
        " ORDER BY sequence DESC LIMIT 1"
    )
    data = orjson.loads(bytes(row.data))
    return {**{k: v for k, v in data.items() if k != "count_id"}, "own": row.sequence}


@pytest.mark.clause("7.2b")
def test_a_count_holds_every_row_and_stands_above_them(publisher: Service) -> None:
    """Attack 30; what has no number yet is said to wait."""
    publisher.publish(
        *(ContractAnnulled(contract_id=ANY, client_id=ANY, reason=r) for r in "abc")
    )
    first = said(publisher)
    begin = first["own"]
    assert first == {"first": 0, "last": 0, "events": 0, "waiting": 3, "own": 4}
    assert said(publisher) == {
        "first": 1,
        "last": begin,
        "events": 4,
        "waiting": 0,
        "own": begin + 1,
    }


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("outbox_never_counted")
def test_every_service_counts_beside_its_relay(publisher: Service) -> None:
    relay = OutboxRelay()
    relay.container = SimpleNamespace(
        platform=publisher.platform, service_name=publisher.name
    )
    counts = [loop for loop in relay.loops() if _is_counting(loop)]
    assert len(counts) == 1


def _is_counting(loop: object) -> bool:
    return isinstance(getattr(loop, "__self__", None), Counting)
