"""A process tells of its own certificates before they end, and when they have."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import pytest

from kernel.expiring import AGAIN, Expiring
from kernel.tls import expires_at
from tests.integration.kernel.conftest import Service


@dataclass
class Machine:
    """The computer's clock, by which TLS goes."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def told(service: Service) -> list[tuple[str, str, str]]:
    rows = service.rows(
        "SELECT data FROM outbox WHERE type = 'platform.certificate_expiring.v1'"
        " ORDER BY inserted"
    )
    found = [orjson.loads(bytes(row.data)) for row in rows]
    return [(one["principal"], one["which"], one["standing"]) for one in found]


@pytest.mark.clause("7.1")
@pytest.mark.seeded("certificate_ends_untold")
def test_a_certificate_that_ends_is_told_each_day_until_it_has_ended(
    publisher: Service,
) -> None:
    """By the machine's clock, wherever the platform's own stands."""
    ends = expires_at(publisher.platform.settings.tls_cert)
    machine = Machine(ends - timedelta(days=2))
    expiring = Expiring(publisher.platform, machine=machine)
    expiring.look()
    assert told(publisher) == []
    mine = (publisher.name, "own")
    for left in (AGAIN, AGAIN / 2):
        machine.at = ends - left
        expiring.look()
        expiring.look()
    assert told(publisher) == [(*mine, "expiring")]
    machine.at = ends
    expiring.look()
    expiring.look()
    assert told(publisher) == [(*mine, "expiring"), (*mine, "expired")]
    machine.at = ends + AGAIN
    expiring.look()
    assert told(publisher)[2:] == [(*mine, "expired")]
