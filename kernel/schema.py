"""Whether a database has the schema that a service's code was written for."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from kernel.errors import Refused
from kernel.migrations.applying import configuration, revisions, target

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
        return self._known()[-1]

    def found(self, connection: Connection) -> str | None:
        """The revision the database has; None when nobody migrated it."""
        return MigrationContext.configure(connection).get_current_revision()

    def serves(self, found: str | None) -> bool:
        """Whether this code runs well on a database at ``found``.

        Its own post-migrations may still wait for older processes to leave, and the
        next release's pre-migrations may have run (ADR 0007).
        """
        try:
            return target(found, self._known(), post=False) is None
        except Refused:
            return False

    def _known(self) -> tuple[str, ...]:
        return revisions(configuration(self.migrations))

    def drift(self, connection: Connection) -> list[Any]:
        """Differences between tables and code, in alembic's words; [] means none."""
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [
            difference
            for difference in compare_metadata(context, self.metadata)
            if _REVISIONS not in str(difference)
        ]
