"""Every service has the same rooms, and says in a few lines what it is."""

from pathlib import Path
from typing import Final

import pytest

from tests.marks import ROOT

SERVICES: Final = sorted(
    path for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists()
)
NEEDED: Final = frozenset(
    {
        "README.md", "__init__", "__main__", "domain", "ports", "handlers", "storage",
        "settings", "wiring", "service", "migrations",
    }
)  # fmt: skip
ALLOWED: Final = NEEDED | {"adapters", "worker", "witness", "cli"}
ONLY_IN: Final = {"gateway": "auth", "signer": "audit"}
README_LINES: Final = 15


def _rooms(service: Path) -> set[str]:
    return {
        path.stem if path.suffix == ".py" else path.name
        for path in service.iterdir()
        if path.name != "__pycache__"
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_has_the_rooms_it_must_have(service: Path) -> None:
    assert sorted(NEEDED - _rooms(service)) == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_has_no_other_rooms(service: Path) -> None:
    known = ALLOWED | {room for room, owner in ONLY_IN.items() if owner == service.name}
    assert sorted(_rooms(service) - known) == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_introduces_itself_in_a_few_lines(service: Path) -> None:
    """What it owns, publishes, listens to and refuses: fifteen lines at most."""
    lines = (service / "README.md").read_text().rstrip("\n").splitlines()
    assert lines[0] == f"# {service.name}"
    assert len(lines) <= README_LINES
