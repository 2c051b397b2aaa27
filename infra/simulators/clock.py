"""The simulators' time: the system clock moved by the offset the platform reads too.

Stamps, certificates and `Date` headers have to agree with a platform whose clock a
test has moved, so both sides follow one file that holds an offset in seconds.
"""

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path


class Clock:
    """Tells the time; `offset_file` missing or None means the system's own time."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file
        self._offset_s = 0.0

    def now(self) -> datetime:
        """The simulators' present instant, aware, in UTC."""
        return datetime.fromtimestamp(time.time() + self._read_offset_s(), UTC)

    def _read_offset_s(self) -> float:
        if self._offset_file is None or not self._offset_file.exists():
            return 0.0
        try:
            self._offset_s = float(self._offset_file.read_text(encoding="ascii"))
        except (ValueError, OSError):
            # Somebody is writing the file at this moment: a jump to zero and back
            # would be worse than the offset of a moment ago.
            return self._offset_s
        return self._offset_s


def rfc3339(instant: datetime) -> str:
    """`2026-11-25T08:30:00.125Z` (RFC 3339, UTC, milliseconds)."""
    moved = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return moved.replace("+00:00", "Z")


def whole_second(instant: datetime) -> datetime:
    """The instant without its fraction: DER times carry whole seconds."""
    return instant.replace(microsecond=0)


def http_date(instant: datetime) -> str:
    """The `Date` header of RFC 9110, section 5.6.7."""
    return format_datetime(whole_second(instant), usegmt=True)
