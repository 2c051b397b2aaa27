"""Auth's own database on the session's servers, empty before each test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from infra.stack import Stack
from tests.databases import owner_engine
from tests.integration.auth.stand import (
    TABLES,
    MovableClock,
    Stand,
    open_platform,
)


@pytest.fixture(scope="session")
def auth_owner(servers: Stack) -> Iterator[Engine]:
    """The migrated database, as its owner."""
    servers.migrate("auth")
    engine = owner_engine(servers, "auth")
    yield engine
    engine.dispose()


@pytest.fixture
def stand(servers: Stack, auth_owner: Engine) -> Iterator[Stand]:
    """Both processes' use cases on an empty database."""
    with auth_owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {TABLES}"))
    clock = MovableClock()
    auth = open_platform(servers, "auth", clock)
    gateway = open_platform(servers, "gateway", clock)
    yield Stand(servers, clock, auth_owner, auth, gateway)
    auth.close()
    gateway.close()
