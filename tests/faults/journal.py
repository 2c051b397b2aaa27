"""What a client asked for and what it was told, kept where no fault reaches.

One file per writer, appended and synced line by line, so that neither a kill of the
writer nor of a server loses what was already said::

    + id,id,…   about to commit these events
    = id,id,…   the commit returned
    - id,id,…   rolled back on purpose
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_IDS_FROM = 2
_ID_LENGTH = 36


@dataclass(slots=True)
class Said:
    """Ids by what was said of them last; asked is everything ever asked for."""

    asked: set[str] = field(default_factory=set)
    committed: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Self:
        """Read journals; a line cut by a kill counts as far as it goes."""
        said = cls()
        kinds = {"+": said.asked, "=": said.committed, "-": said.withdrawn}
        for path in paths:
            for line in filter(None, path.read_text().splitlines()):
                ids = line[_IDS_FROM:].split(",")
                kinds[line[0]].update(i for i in ids if len(i) == _ID_LENGTH)
        return said


class Journal:
    """The writer's end."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if os.fstat(self._file).st_size:
            os.write(self._file, b"\n")  # the line before may have been cut

    def say(self, kind: str, ids: Iterable[str]) -> None:
        """Append one line and wait until it is on the disk."""
        os.write(self._file, f"{kind} {','.join(ids)}\n".encode())
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)
