"""A service's database as its schema's owner sees it, on a private server."""

from pathlib import Path

from sqlalchemy import Engine, create_engine

from infra.stack import Stack
from kernel.tls import postgres_tls


def owner_engine(servers: Stack, service: str) -> Engine:
    """Connections of the principal that migrates ``service``; dispose of it."""
    env, word = servers.env(f"{service}-migrate"), service.upper()
    files = (Path(env[f"{word}_TLS_{part}"]) for part in ("CA", "CERT", "KEY"))
    tls = postgres_tls(*files)
    return create_engine(env[f"{word}_DATABASE_URL"], connect_args=dict(tls))
