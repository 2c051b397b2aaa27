"""How long the machine has run: a clock that nobody can set.

Only who measures a span of time against the wall clock needs it (P10).
"""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from kernel.clock import Shift, Uptime, UptimeReading, shifting_file

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class SystemUptime:
    """Linux' CLOCK_BOOTTIME, and the id the kernel draws at each start."""

    def read(self) -> UptimeReading:
        return UptimeReading(_boot_id(), time.clock_gettime_ns(time.CLOCK_BOOTTIME))


@cache
def _boot_id() -> str:
    """No process outlives the boot it was started in."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


class ShiftedUptime:
    """An uptime that a `ShiftedClock`'s file moves as it moves the clock."""

    def __init__(self, path: Path, base: Uptime | None = None) -> None:
        self._shift = Shift(path)
        self._base: Uptime = base or SystemUptime()

    def read(self) -> UptimeReading:
        real = self._base.read()
        shift = self._shift.read(datetime.now(UTC))  # noqa: TID251 - as in SystemClock
        shift_ns = shift // timedelta(microseconds=1) * 1000
        return UptimeReading(real.boot_id, real.elapsed_ns + shift_ns)


def uptime_from(setting: str, *, stage: str) -> Uptime:
    """The uptime that belongs to the clock a setting asks for; Broken as for it."""
    if setting == "system":
        return SystemUptime()
    return ShiftedUptime(shifting_file(setting, stage=stage))
