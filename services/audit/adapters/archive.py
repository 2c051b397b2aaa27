"""Cold storage as a folder; on another medium than the database, if it is to help."""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from kernel.errors import Transient
from services.audit.adapters.files import PUBLIC, read_file, replace_file
from services.audit.domain.check import MismatchError
from services.audit.domain.tiles import ExportFile

CHECKPOINT: Final = "checkpoint"
_NEVER_AGAIN: Final = 0o444


class ArchiveFolder:
    """Implements Archive: each file synced, read again, and never written over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self) -> bytes | None:
        return read_file(self._folder / CHECKPOINT)

    def put(self, file: ExportFile) -> None:
        path = self._folder / file.path
        there = read_file(path)
        if there is None:
            replace_file(path, file.content, mode=_NEVER_AGAIN)
            there = read_file(path)
        if there != file.content:
            raise MismatchError(
                "archive_differs", seq=0, why=f"{file.path} is not what was written"
            )

    def finish(self, note: bytes, *, edge: AbstractSet[str]) -> None:
        replace_file(self._folder / CHECKPOINT, note, mode=PUBLIC)
        kept = {self._folder / path for path in edge}
        try:
            for path in self._folder.rglob("*.p/*"):
                if path not in kept:
                    path.unlink()
                    if not any(path.parent.iterdir()):
                        path.parent.rmdir()
        except OSError as cause:
            raise Transient("what the archive has outgrown stays") from cause

    def read(self, path: str) -> bytes | None:
        return read_file(self._folder / path)
