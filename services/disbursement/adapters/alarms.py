"""Telling the operators."""

from typing import Final

from prometheus_client import Counter

from kernel.logging import get_logger
from services.disbursement.domain.payout import Payout

log = get_logger("disbursement")

ALARMS: Final = Counter(
    "payout_alarms_total", "Payouts a person has to look at, by code", ("code",)
)


class LoggedAlarms:
    """`Alarms` by an error line and a counter the monitoring reads."""

    def raise_alarm(self, code: str, payout: Payout) -> None:
        """One line, ids only."""
        ALARMS.labels(code).inc()
        log.error("payout_alarm", code=code, payout_id=str(payout.payout_id))
