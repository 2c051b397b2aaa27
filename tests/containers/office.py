"""The staff of a platform in containers: one desk, in a volume of the operator's."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import topology
from infra.demo.staff import Staff
from tests.containers.project import Project, python_in

NOW: Final = """
import time
from pathlib import Path
clock = Path("/state/data/clock")
shown = clock.read_text().strip() if clock.is_file() else ""
print(time.time() + float(shown or 0))
"""


@dataclass(frozen=True, slots=True)
class Containers:
    """Where people work, as `infra.demo.staff` asks of a place."""

    project: Project

    @property
    def kept(self) -> Path:
        return self.project.folder / "staff.json"

    def owner(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.project.tried("auth", *words)

    def kredit(
        self, *words: str, lines: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        return self.project.tried(topology.OPERATOR, *words, lines=lines)

    def now(self) -> float:
        return float(python_in(self.project.running()["auth"], NOW))


def staff_of(project: Project) -> Staff:
    """Whoever works at a platform in containers."""
    return Staff(Containers(project))
