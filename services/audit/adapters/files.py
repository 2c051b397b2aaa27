"""Files that are written whole or not at all."""

import os
from pathlib import Path

from kernel.errors import Broken, Transient


def read_file(path: Path) -> bytes | None:
    """All of it; None when there is no such file. Broken: it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise Broken(f"{path.name} cannot be read") from cause


OURS, PUBLIC = 0o600, 0o644


def replace_file(path: Path, content: bytes, *, mode: int = OURS) -> None:
    """Write aside, sync, rename, sync the folder: old or new, never half.

    Transient: it cannot be written now.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as cause:
        raise Transient(f"{path.name} cannot be written") from cause
