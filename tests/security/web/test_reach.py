"""From the web tier nothing can be reached but the gateway (clauses 2.3, 2.4).

Whoever breaks into it holds its certificate, which our own authority has signed, and
stands where database and broker can be called.
"""

from typing import Any, Final

import amqp
import psycopg2
import pytest

from infra import topology
from infra.postgres.config import roles
from infra.stack import Stack
from kernel.tls import postgres_tls
from tests.integration.stack.conftest import Doors

OWN: Final = (topology.WEB_TIER, topology.PUBLIC_CERTIFICATE)
REFUSED: Final = (amqp.exceptions.AMQPError, OSError)


@pytest.mark.clause("2.3")
@pytest.mark.clause("2.4")
@pytest.mark.catalogue("A16", "A17")
@pytest.mark.seeded("database_opens_to_the_web_tier")
@pytest.mark.seeded("broker_opens_to_the_web_tier")
def test_its_certificate_opens_neither_database_nor_broker(servers: Stack) -> None:
    """No role of any service's database, and no user of the broker."""
    everybody = [(s, role) for s in topology.services() for role in roles(s)]
    opened = [
        (database, role, name)
        for database, role in everybody
        for name in OWN
        if is_let_in(servers, database, role, name)
    ]
    assert opened == []
    doors = Doors(servers, servers.layout.pki)
    for name in OWN:
        with pytest.raises(REFUSED):
            doors.broker(doors.identity(name)).close()
    with doors.connected(topology.OPERATOR):
        assert is_let_in(servers, "auth", "gateway", "gateway")


def is_let_in(servers: Stack, database: str, role: str, certificate: str) -> bool:
    """Whether the database takes this certificate for this role."""
    pki = servers.layout.pki
    pair = (pki / f"{certificate}.crt", pki / f"{certificate}.key")
    tls: dict[str, Any] = dict(postgres_tls(pki / "ca.crt", *pair))
    at = f"host=127.0.0.1 port={servers.port(topology.DATABASE_SERVER)}"
    try:
        psycopg2.connect(f"{at} dbname={database} user={role}", **tls).close()
    except psycopg2.OperationalError:
        return False
    return True
