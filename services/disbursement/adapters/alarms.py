"""Telling the operators."""

from datetime import timedelta
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from kernel.logging import get_logger
from kernel.metrics import SECONDS
from services.disbursement.domain.gate import Check
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.reconciliation import Finding
from services.disbursement.ports import Backlog

log = get_logger("disbursement")

ALARMS: Final = Counter(
    "payout_alarms_total", "Payouts a person has to look at, by code", ("code",)
)

HALTS: Final = Counter("sending_halts_total", "Times all sending was halted", ("code",))
ENTRIES: Final = Counter(
    "statement_entries_total", "Entries of the bank taken for the first time"
)
UNMATCHED: Final = Counter(
    "reconciliation_unmatched_total",
    "Cases in which payouts and the bank's statement disagree, by finding",
    ("code",),
)
REFUSALS: Final = Counter(
    "payout_gate_refusals_total", "Closed gates, by check and code", ("check", "code")
)
LAG: Final = Histogram(
    "payout_due_lag_seconds",
    "From the instant a payout was due to its order committed",
    buckets=SECONDS,
)
APART: Final = Counter(
    "payout_batches_taken_apart_total",
    "Commits of several payouts that were repeated singly",
)
DUE_AGE: Final = Gauge("payout_due_oldest_seconds", "How long the oldest has been due")
UNKNOWN_AGE: Final = Gauge(
    "payout_unknown_oldest_seconds", "How long the oldest outcome has been unknown"
)
HELD: Final = Gauge("payouts_held", "Payouts that stand still, by code", ("code",))


class LoggedAlarms:
    """`Alarms` by an error line and a counter the monitoring reads."""

    def raise_alarm(self, code: str, payout: Payout) -> None:
        """One line, ids only."""
        ALARMS.labels(code).inc()
        log.error("payout_alarm", code=code, payout_id=str(payout.payout_id))

    def sending_halted(self, code: str) -> None:
        """One line: no payout leaves."""
        HALTS.labels(code).inc()
        log.error("sending_halted", code=code)

    def case_opened(self, finding: Finding) -> None:
        """One line; the case itself is listed for the treasurer."""
        UNMATCHED.labels(finding.value).inc()
        log.error("reconciliation_case", code=finding.value)

    def read_on(self, entries: int) -> None:
        """Count what is new."""
        ENTRIES.inc(entries)


class PayoutMeters:
    """`Meters` by numbers the monitoring reads."""

    def refused(self, check: Check) -> None:
        REFUSALS.labels(check.name, check.code).inc()

    def sent(self, lag: timedelta) -> None:
        LAG.observe(max(lag.total_seconds(), 0))

    def taken_apart(self) -> None:
        APART.inc()

    def backlog(self, backlog: Backlog) -> None:
        DUE_AGE.set(backlog.due_age_s)
        UNKNOWN_AGE.set(backlog.unknown_age_s)
        HELD.clear()
        for code, count in backlog.held.items():
            HELD.labels(code).set(count)
