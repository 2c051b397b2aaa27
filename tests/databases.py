"""A service's database as its schema's owner sees it, on a private server."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from infra.stack import Stack
from kernel.bus import Interest, close_quietly, declare_service
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from kernel.tables import kernel_metadata
from kernel.tls import postgres_tls


def owner_engine(servers: Stack, service: str) -> Engine:
    """Connections of the principal that migrates ``service``; dispose of it."""
    env, word = servers.env(f"{service}-migrate"), service.upper()
    files = (Path(env[f"{word}_TLS_{part}"]) for part in ("CA", "CERT", "KEY"))
    tls = postgres_tls(*files)
    return create_engine(env[f"{word}_DATABASE_URL"], connect_args=dict(tls))


@contextmanager
def kernel_tables(
    servers: Stack, wishes: Mapping[str, Iterable[Interest]]
) -> Iterator[None]:
    """The kernel's tables of each service, and what it declares at the broker."""
    engines = {name: owner_engine(servers, name) for name in wishes}
    for name, engine in engines.items():
        with engine.begin() as connection:
            kernel_metadata.drop_all(connection)
            kernel_metadata.create_all(connection)
            connection.execute(
                text(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
                    f' IN SCHEMA public TO "{name}"'
                )
            )
        env = servers.env(f"{name}-migrate")
        settings = read(PlatformSettings, prefix=name, environ=env)
        migrator = Platform.open(settings)
        connection_to_broker = migrator.broker.connect()
        declare_service(connection_to_broker, name, wishes[name])
        close_quietly(connection_to_broker)
        migrator.close()
    yield
    for engine in engines.values():
        with engine.begin() as connection:
            kernel_metadata.drop_all(connection)
        engine.dispose()
