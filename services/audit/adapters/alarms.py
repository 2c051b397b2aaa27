"""Telling the operators."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import Gauge

from kernel.logging import get_logger
from services.audit.domain.incidents.notice import Stage

log = get_logger("audit")

UNCONTAINED: Final = Gauge(
    "audit_incidents_uncontained",
    "Incidents that nothing has stopped for longer than measures may take",
)
NEAR_END: Final = Gauge(
    "audit_notices_near_end",
    "Notices of incidents that are not sent, by how near the end of their term is",
    ("stage",),
)
BEHIND: Final = Gauge(
    "audit_monitoring_behind_leaves",
    "Leaves of the log that no rule of the monitoring has judged yet",
)
UNTAKEN: Final = Gauge(
    "audit_measures_untaken",
    "Processes that were to be cut off at the broker and were not in time",
)


class LoggedAlarms:
    """Every port of alarms, by error lines and numbers the monitoring reads."""

    def uncontained(self, *, count: int) -> None:
        UNCONTAINED.set(count)
        if count:
            log.error("audit_incidents_uncontained", count=count)

    def deadlines(self, found: Mapping[Stage, int]) -> None:
        for stage, count in found.items():
            NEAR_END.labels(stage.word).set(count)
            if count:
                log.error("audit_notices_near", stage=stage.word, count=count)

    def untaken(self, *, count: int) -> None:
        UNTAKEN.set(count)
        if count:
            log.error("audit_measures_untaken", count=count)

    def behind(self, *, leaves: int) -> None:
        """So far the monitoring is behind the log."""
        BEHIND.set(leaves)

    def without_address(self) -> None:
        """Approved notices have nowhere to go."""
        log.error("audit_notices_without_address")
