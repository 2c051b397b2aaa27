"""The bank's clock, and what is told about clocks."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
from prometheus_client import Counter, Gauge

from kernel.logging import get_logger
from services.disbursement.domain.witness import Witnessed

log = get_logger("disbursement")

STEPS: Final = Counter("clock_steps_total", "Times the wall clock was set")
COUNTED: Final = Gauge(
    "clock_witness_counted_seconds", "Time that really passed since the first beat"
)
GAP: Final = Gauge(
    "clock_witness_gap", "1 while uncounted time waits for the word of an outer clock"
)


class BankClock:
    """`OuterClock` by the ``Date`` of the bank's answers (RFC 9110 §6.6.1).

    Whatever it answers bears one; mutual TLS says that it is the bank's.
    """

    def __init__(self, client: httpx.Client, *, base_url: str) -> None:
        """`client` carries the TLS context and nothing else."""
        self._client = client
        self._base_url = base_url

    def now(self) -> datetime | None:
        """The bank's time in UTC, to the second."""
        try:
            answer = self._client.head(self._base_url)
        except httpx.HTTPError as error:
            log.warning("outer_clock_away", error=type(error).__name__)
            return None
        try:
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            log.warning("outer_clock_unreadable")
            return None


class LoggedClockAlarms:
    """`ClockAlarms` by an error line and the numbers the monitoring reads."""

    def stepped(self, by: timedelta) -> None:
        """One line; the event goes to the log of the platform."""
        STEPS.inc()
        log.error("clock_stepped", by_s=round(by.total_seconds()))

    def counted(self, witnessed: Witnessed) -> None:
        """The count as a number."""
        COUNTED.set(witnessed.counted_ns / 1_000_000_000)
        GAP.set(int(witnessed.gap))
