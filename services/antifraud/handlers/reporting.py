"""Messages on their way to the National Bank's anti-fraud centre (clause 6.1g iv)."""

from typing import Final

from kernel.errors import Broken, Transient
from services.antifraud.domain.reporting import retry_after
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Centre, Report, Units

REPORTS_AT_ONCE: Final = 20


def send_reports(*, centre: Centre, units: Units, tools: Tools) -> int:
    """Send what is due to the centre; how many were acknowledged (clause 6.1g iv).

    No transaction is open while the centre is asked. The same bytes go again after a
    failure, so a message is taken once however often it is sent.
    """
    with units.begin() as unit:
        due = unit.due_reports(at=tools.clock.now(), limit=REPORTS_AT_ONCE)
    sent = 0
    for report in due:
        try:
            ack_id = centre.post(report.body)
        except Transient:
            _postpone(report, units=units, tools=tools)
        except Broken:
            with units.begin() as unit:
                unit.report_parked(report.event_id, at=tools.clock.now())
            raise
        else:
            with units.begin() as unit:
                sent += unit.report_sent(
                    report.event_id, ack_id=ack_id, at=tools.clock.now()
                )
    return sent


def _postpone(report: Report, *, units: Units, tools: Tools) -> None:
    attempts = report.attempts + 1
    with units.begin() as unit:
        unit.report_failed(
            report.event_id,
            attempts=attempts,
            next_at=tools.clock.now() + retry_after(attempts),
        )
