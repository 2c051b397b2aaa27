"""A service's database and queues as their owner sees them, on private servers."""

from sqlalchemy import Engine

from infra.stack import Stack
from kernel.platform import Migrator
from kernel.settings import WireSettings, read


def migrator(servers: Stack, service: str) -> Migrator:
    """The principal that migrates ``service``; dispose of its engine."""
    env = servers.env(f"{service}-migrate")
    return Migrator.open(read(WireSettings, prefix=service, environ=env))


def owner_engine(servers: Stack, service: str) -> Engine:
    """Connections of that principal; dispose of it."""
    return migrator(servers, service).engine
