"""The texts of the repository, found without git: an archive has none."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.marks import ROOT

CODE: Final = ("kernel", "services", "infra", "tests", "tools")
_NOT_OURS: Final = frozenset({"__pycache__", "export"})
_TEXTS: Final = frozenset(
    {".py", ".md", ".toml", ".sh", ".txt", ".mako", ".json", ".patch", ".yml"}
)


def files(*folders: str) -> Iterator[Path]:
    """Files below ``folders`` (the whole tree when none), what was made left out."""
    for folder in folders or (".",):
        for where, inner, names in os.walk(ROOT / folder):
            inner[:] = [
                name for name in inner if name not in _NOT_OURS and name[0] != "."
            ]
            yield from (Path(where) / name for name in sorted(names))


def texts() -> list[Path]:
    """Every text a person may read; uv.lock is a machine's."""
    return [p for p in files() if p.suffix in _TEXTS or p.name == "Makefile"]


def modules(*folders: str) -> list[Path]:
    """Python modules below ``folders``."""
    return [path for path in files(*(folders or CODE)) if path.suffix == ".py"]


def name_of(path: Path) -> str:
    """The path as the repository's readers write it."""
    return path.relative_to(ROOT).as_posix()
