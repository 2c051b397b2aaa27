"""Time as an argument: everything that needs the hour is given a `Clock`.

The only module that asks the operating system for the time; how long something lasted
is said by an `Uptime`, which nobody can set. It also owns the two
spellings of time the platform has: RFC 3339 in UTC on the wire, and the calendar day
of Almaty where a rule speaks of days.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from kernel.errors import Broken

# A file changed this recently may change again within the same tick of its mtime.
_SETTLED = timedelta(milliseconds=50)
_OFFSET = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,6})?")
_UTC_WRITTEN = len("+00:00")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_STAGES_THAT_MAY_SHIFT = frozenset({"development", "test"})


class Clock(Protocol):
    """Where instants come from."""

    def now(self) -> datetime:
        """The present instant: aware, UTC, to the microsecond."""
        ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place that may ask


@dataclass(frozen=True, slots=True)
class UptimeReading:
    """Nanoseconds since a machine started; two of one boot can be subtracted."""

    boot_id: str
    elapsed_ns: int


class Uptime(Protocol):
    """How long the machine has run, sleep included: not moved by setting the clock."""

    def read(self) -> UptimeReading:
        """The present reading."""
        ...


class ShiftedClock:
    """A clock moved by the seconds written in a file; for development and tests.

    Lets a journey of days be shown in minutes: every process that reads the same file
    moves at once. No file means no shift, and so does a file never written to. Text
    that is not a number of seconds is Broken.
    """

    def __init__(self, path: Path, base: Clock | None = None) -> None:
        self._shift = Shift(path)
        self._base: Clock = base or SystemClock()

    def now(self) -> datetime:
        real = self._base.now()
        try:
            return real + self._shift.read(real)
        except OverflowError as exc:
            raise Broken("The clock file shifts time beyond the calendar") from exc


class Shift:
    """The seconds in a file, read anew when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._offset = timedelta()

    def read(self, real: datetime) -> timedelta:
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp != self._seen:
                self._offset = self._parse(self._path.read_text(encoding="ascii"))
                age = real - datetime.fromtimestamp(stat.st_mtime, tz=UTC)
                self._seen = stamp if age > _SETTLED else None
        except FileNotFoundError:
            self._seen, self._offset = None, timedelta()
        except (OSError, UnicodeError) as exc:
            raise Broken("The clock file cannot be read") from exc
        return self._offset

    def _parse(self, text: str) -> timedelta:
        text = text.strip()
        if not text:  # being rewritten at this moment: the last offset stands
            return self._offset
        if not _OFFSET.fullmatch(text):
            raise Broken("The clock file holds no number of seconds")
        return timedelta(microseconds=int(Decimal(text) * 1_000_000))


def clock_from(setting: str, *, stage: str) -> Clock:
    """The clock a setting asks for: ``system`` or ``shifted:<file>``.

    Only the stages development and test may shift time; elsewhere, and for a setting
    of any other form, Broken: whoever moves the clock moves the 24 hours of
    clause 5.5.
    """
    if setting == "system":
        return SystemClock()
    return ShiftedClock(shifting_file(setting, stage=stage))


def shifting_file(setting: str, *, stage: str) -> Path:
    """The file of ``shifted:<file>``; Broken as for `clock_from`."""
    kind, _, path = setting.partition(":")
    if kind != "shifted" or not path:
        raise Broken("The clock setting is neither system nor shifted:<file>")
    if stage not in _STAGES_THAT_MAY_SHIFT:
        raise Broken("Only development and test may run on a shifted clock")
    return Path(path)


def rfc3339(instant: datetime) -> str:
    """The one spelling of an instant: UTC, six decimals, Z (RFC 3339)."""
    if instant.tzinfo is None:
        raise Broken("An instant without a time zone is no instant")
    there = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f"{there.isoformat(timespec='microseconds')[:-_UTC_WRITTEN]}Z"


def parse_rfc3339(text: str) -> datetime:
    """The instant a text of RFC 3339 names, in UTC.

    Any offset and up to six decimals are read (partners write both); everything else,
    an instant without offset above all, is Broken.
    """
    if not _RFC3339.fullmatch(str(text)):
        raise Broken("The text is no RFC 3339 instant")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise Broken("The text names an instant that does not exist") from exc


def almaty_date(instant: datetime) -> date:
    """The calendar day in Almaty (UTC+5) at an instant."""
    if instant.tzinfo is None:
        raise Broken("An instant without a time zone is no instant")
    return instant.astimezone(ALMATY).date()


def _locked_almaty() -> tzinfo:
    """Asia/Almaty of the locked tzdata, whatever the machine has under /usr/share."""
    rules = files("tzdata").joinpath("zoneinfo", "Asia", "Almaty")
    with rules.open("rb") as stream:
        return ZoneInfo.from_file(stream, key="Asia/Almaty")


def _not_stale(zone: tzinfo) -> tzinfo:
    """The zone, if it knows that Almaty moved from UTC+6 to UTC+5 on 2024-03-01."""
    after_the_move = datetime(2024, 3, 2, tzinfo=zone)
    if after_the_move.utcoffset() != timedelta(hours=5):
        raise Broken("tzdata is older than 2024a: Almaty must be UTC+5")
    return zone


ALMATY = _not_stale(_locked_almaty())
