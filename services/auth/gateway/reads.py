"""The log of ordinary reads: a line each in a file, and an event each minute.

The event carries what was read how often, and the SHA-256 of exactly the bytes that
were added, chained to the one before: a line changed, removed or added later no longer
fits what the audit log holds (clauses 6.1d, 6.1e).  Nothing in a line is personal data:
ids, the route's pattern, the status.

Each process writes files of its own.  A file ends with a part, so that a part lies in
one file; files are kept for `KEEP`.
"""

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from kernel.clock import Clock, rfc3339
from kernel.errors import Broken, Transient
from kernel.logging import get_logger

log = get_logger(__name__)

EVERY_S: Final = 60.0
MOST_FILE_BYTES: Final = 64 * 1024 * 1024
KEEP: Final = timedelta(days=366)
MOST_KINDS: Final = 512
"""Different counts in one event; routes and statuses are few, so this is never met."""
_ENDING: Final = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One request that only looked."""

    request_id: UUID
    client_id: UUID | None
    object_id: UUID | None
    what: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was added to the log since the part before."""

    log_id: UUID
    number: int
    first_at: datetime
    last_at: datetime
    lines: int
    length: int
    sha256: str
    previous_sha256: str | None
    counts: tuple[str, ...]


class Reads(Protocol):
    """Where reads are noted."""

    def note(self, read: Read) -> None:
        """Add a line."""
        ...


class ReadLog:
    """The log of one process."""

    def __init__(self, folder: Path, *, log_id: UUID, clock: Clock) -> None:
        self._folder, self._log_id, self._clock = folder, log_id, clock
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._sealed: Part | None = None
        self._open = _Open()

    def note(self, read: Read) -> None:
        """Add a line; it is in the file when this returns.  Else Broken."""
        now = self._clock.now()
        line = orjson.dumps(
            {
                "at": rfc3339(now),
                "request_id": str(read.request_id),
                "client_id": read.client_id and str(read.client_id),
                "object_id": read.object_id and str(read.object_id),
                "what": read.what,
                "status": read.status,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        with self._lock:
            self._write(line, at=now)
            self._open.add(line, at=now, count=f"{read.what} {read.status}")

    def seal(self) -> Part | None:
        """End the part at hand; None when nothing was read."""
        with self._lock:
            if not self._open.instants:
                return None
            before = self._sealed
            self._sealed = Part(
                log_id=self._log_id,
                number=before.number + 1 if before else 1,
                first_at=self._open.instants[0],
                last_at=self._open.instants[-1],
                lines=self._open.lines,
                length=self._open.length,
                sha256=self._open.digest.hexdigest(),
                previous_sha256=before.sha256 if before else None,
                counts=self._open.told(),
            )
            self._open = _Open()
            if self._file is not None and self._file.tell() >= MOST_FILE_BYTES:
                self._close()
            return self._sealed

    def forget(self) -> None:
        """Remove files that have been kept long enough."""
        oldest = (self._clock.now() - KEEP).timestamp()
        mine = None if self._file is None else Path(str(self._file.name))
        for path in self._folder.glob(f"*{_ENDING}"):
            if path != mine and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _write(self, line: bytes, *, at: datetime) -> None:
        try:
            if self._file is None:
                name = f"{at:%Y%m%dT%H%M%S%f}-{self._log_id}{_ENDING}"
                self._file = (self._folder / name).open("ab", buffering=0)
            written = self._file.write(line)
        except OSError as error:
            raise Broken("the log of reads cannot be written") from error
        if written != len(line):
            raise Broken("the log of reads took half a line")


@dataclass
class _Open:
    """The part that is being written."""

    instants: list[datetime] = field(default_factory=list)
    lines: int = 0
    length: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes, *, at: datetime, count: str) -> None:
        """Take one line more."""
        self.instants = [*self.instants[:1], at]
        self.lines += 1
        self.length += len(line)
        self.digest.update(line)
        self.counts[count] += 1

    def told(self) -> tuple[str, ...]:
        """``GET /contracts 200 7``, the most frequent if there are too many kinds."""
        found = self.counts.most_common(MOST_KINDS)
        return tuple(f"{what} {count}" for what, count in sorted(found))


class Minutes:
    """Seals the log each minute and has the part published, in order, until it is."""

    def __init__(self, reads: ReadLog, publish: Callable[[Part], None]) -> None:
        self._reads, self._publish = reads, publish
        self._waiting: deque[Part] = deque()

    def pass_one(self) -> None:
        """What is done each minute; what cannot be published now waits for the next."""
        part = self._reads.seal()
        if part is not None:
            self._waiting.append(part)
        try:
            while self._waiting:
                self._publish(self._waiting[0])
                self._waiting.popleft()
        except Transient:
            log.warning("reads_not_told", parts=len(self._waiting))
        self._reads.forget()

    @contextmanager
    def passing(self, every_s: float = EVERY_S) -> Iterator[None]:
        """Beside what is done inside, and once more at its end."""
        stop = threading.Event()

        def keep_on() -> None:
            while not stop.wait(every_s):
                try:
                    self.pass_one()
                except Exception:  # the next minute tries again; the process lives on
                    log.exception("reads_defect")

        thread = threading.Thread(target=keep_on, name="reads", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self.pass_one()
