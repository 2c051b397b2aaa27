"""A service's database and queues as their owner sees them, on private servers."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine, text

from infra.stack import Stack
from kernel.bus import Interest, close_quietly, declare_service
from kernel.platform import Migrator
from kernel.settings import WireSettings, read
from kernel.tables import kernel_metadata


def migrator(servers: Stack, service: str) -> Migrator:
    """The principal that migrates ``service``; dispose of its engine."""
    env = servers.env(f"{service}-migrate")
    return Migrator.open(read(WireSettings, prefix=service, environ=env))


def owner_engine(servers: Stack, service: str) -> Engine:
    """Connections of that principal; dispose of it."""
    return migrator(servers, service).engine


@contextmanager
def kernel_tables(
    servers: Stack, wishes: Mapping[str, Iterable[Interest]]
) -> Iterator[None]:
    """The kernel's tables of each service, and what it declares at the broker."""
    owners = {name: migrator(servers, name) for name in wishes}
    for name, owner in owners.items():
        with owner.engine.begin() as connection:
            kernel_metadata.drop_all(connection)
            kernel_metadata.create_all(connection)
            connection.execute(
                text(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
                    f' IN SCHEMA public TO "{name}"'
                )
            )
        to_broker = owner.broker.connect()
        declare_service(to_broker, name, wishes[name])
        close_quietly(to_broker)
    yield
    for owner in owners.values():
        with owner.engine.begin() as connection:
            kernel_metadata.drop_all(connection)
        owner.engine.dispose()
