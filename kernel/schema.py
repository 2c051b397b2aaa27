"""Whether a database has the schema that a service's code was written for."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

_REVISIONS: Final = "alembic_version"
"""Alembic's own table; kernel/migrations/env.py lets everybody inside read it."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a service's code says its database should be."""

    migrations: Path
    metadata: MetaData

    @classmethod
    def of(cls, service: str) -> Self:
        """The schema that the installed code of ``service`` declares."""
        storage = importlib.import_module(f"services.{service}.storage")
        package = importlib.import_module(f"services.{service}")
        return cls(Path(str(package.__file__)).parent / "migrations", storage.metadata)

    def newest(self) -> str:
        """The revision the code was written for."""
        config = Config()
        config.set_main_option("script_location", "kernel:migrations")
        config.set_main_option("version_locations", str(self.migrations))
        config.set_main_option("path_separator", "os")
        return _listed(ScriptDirectory.from_config(config).get_heads())

    def found(self, connection: Connection) -> str:
        """The revision the database has; ``none`` when nobody migrated it."""
        return _listed(MigrationContext.configure(connection).get_current_heads())

    def drift(self, connection: Connection) -> list[Any]:
        """Differences between tables and code, in alembic's words; [] means none."""
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [
            difference
            for difference in compare_metadata(context, self.metadata)
            if _REVISIONS not in str(difference)
        ]


def _listed(revisions: tuple[str, ...] | list[str]) -> str:
    return "+".join(sorted(revisions)) or "none"
