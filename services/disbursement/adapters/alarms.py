"""Telling the operators."""

from typing import Final

from prometheus_client import Counter

from kernel.logging import get_logger
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.reconciliation import Finding

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
