"""A file of JSON lines that only grows, and that a SIGKILL cannot make lie.

Whatever `append` has returned from is on the disk. On opening, a last line without
its newline is cut off: it was never acknowledged, so it never happened. The bank's
ledger, the oracle of every payout test, is such a file.
"""

import fcntl
import logging
import os
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]

log = logging.getLogger(__name__)


class JournalError(Exception):
    """The journal cannot be trusted any further.

    JournalError
    ├── JournalBusyError     another process holds the file
    ├── JournalDamagedError  a line in the middle is not JSON
    └── JournalBrokenError   a write failed; only a restart may go on
    """


class JournalBusyError(JournalError): ...


class JournalDamagedError(JournalError): ...


class JournalBrokenError(JournalError): ...


class Journal:
    """One open file, one writer; `records` is what it held on opening."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(path, flags, 0o600)
        self._path = path
        self._broken = False
        self._lock()
        self.records = self._recover()
        _sync_directory(path.parent)

    @property
    def broken(self) -> bool:
        """True after a failed write: the file may hold less than was asked for."""
        return self._broken

    def append(self, record: Record) -> None:
        """Write one line and wait for the disk.

        Raises JournalBrokenError when the line may or may not be there: after a
        failed fsync nobody can know, so every later append is refused as well.
        """
        if self._broken:
            raise JournalBrokenError(f"{self._path.name} failed earlier")
        line = orjson.dumps(record) + b"\n"
        try:
            written = os.write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            self._broken = True
            raise JournalBrokenError(f"{self._path.name}: write failed") from error
        if written != len(line):
            self._broken = True
            raise JournalBrokenError(f"{self._path.name}: short write")

    def close(self) -> None:
        """Release the file and its lock."""
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise JournalBusyError(f"{self._path} is in use") from error

    def _recover(self) -> list[Record]:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            log.warning(
                "%s: torn last line of %d bytes dropped",
                self._path.name,
                len(content) - whole,
            )
            os.ftruncate(self._descriptor, whole)
            os.fsync(self._descriptor)
        lines = content[:whole].splitlines()
        return [self._parse(line, number) for number, line in enumerate(lines, 1)]

    def _parse(self, line: bytes, number: int) -> Record:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise JournalDamagedError(
                f"{self._path}: line {number} is damaged"
            ) from error
        if not isinstance(record, dict):
            raise JournalDamagedError(f"{self._path}: line {number} is no object")
        return record


def _sync_directory(directory: Path) -> None:
    # A new file survives a power cut only when its directory entry does.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
