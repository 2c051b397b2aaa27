"""The invariants of `tests.sweep` over a platform whose parts are containers."""

import json
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from infra import topology
from tests.containers.project import Project
from tests.sweep import Invariants, as_json

_PSQL: Final = ("psql", "-XqAtw", "-h", "/var/run/postgresql", "-U", "postgres")
_LEDGER: Final = """
import json
from infra.containers import places
from infra.containers.journey import director
from infra.layout import Layout
print(json.dumps(director(Layout(places.STATE)).ledger()))
"""


@dataclass(frozen=True, slots=True)
class Everywhere(Invariants):
    """Databases by the superuser's socket, the ledger by the visitor."""

    project: Project

    @override
    def rows(self, database: str, sql: str) -> list[dict[str, Any]]:
        server = self.project.containers()[topology.DATABASE_SERVER]
        status, said = server.exec_run([*_PSQL, "-d", database, "-c", as_json(sql)])
        assert status == 0, bytes(said).decode()
        found: list[dict[str, Any]] = json.loads(said)
        return found

    @override
    def ledger(self) -> list[dict[str, Any]]:
        said = self.project.run("visitor", "-c", _LEDGER)
        found: list[dict[str, Any]] = json.loads(said.splitlines()[-1])
        return found

    @override
    def logs(self) -> dict[str, str]:
        return {
            name: bytes(container.logs()).decode(errors="replace")
            for name, container in self.project.containers().items()
        }
