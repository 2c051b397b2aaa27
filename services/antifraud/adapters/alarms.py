"""Telling the operators."""

from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import Gauge

from kernel.logging import get_logger
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.domain.indicators import Reading

log = get_logger("antifraud")

OVERDUE: Final = Gauge(
    "antifraud_analysis_overdue_days",
    "Days since the regular analysis of the rules was due; 0 while it is not",
)
ENDING: Final = Gauge(
    "antifraud_suspensions_past_their_end",
    "Suspensions whose term has ended and on which nobody has decided",
)
TRIPPED: Final = Gauge(
    "antifraud_rules_tripped", "Rules that ask for a look only until two arm them"
)
CASES: Final = Gauge(
    "antifraud_cases_overdue", "Cases that are open after the day they were due on"
)
APPEALS: Final = Gauge(
    "antifraud_appeals_overdue", "Appeals that wait longer than the law allows"
)
DUTIES: Final = Gauge(
    "antifraud_risk_duties_overdue",
    "What is owed about risks of fraud and whose day has passed",
    ("duty",),
)
INDICATORS: Final = Gauge(
    "antifraud_indicator_colour",
    "How an indicator of fraud stands: 0 green, 1 amber, 2 red",
    ("code",),
)
CENTRE: Final = Gauge(
    "antifraud_centre_alarms",
    "What between the National Bank's centre and us needs a person, by code",
    ("code",),
)


class LoggedAlarms:
    """Every port of alarms, by error lines and numbers the monitoring reads."""

    def analysis_overdue(self, *, days: int) -> None:
        OVERDUE.set(days)
        if days:
            log.error("antifraud_analysis_overdue", days=days)

    def suspensions_ending(self, *, soon: int, over: int) -> None:
        ENDING.set(over)
        if soon:
            log.warning("antifraud_suspensions_end_soon", count=soon)
        if over:
            log.error("antifraud_suspensions_past_their_end", count=over)

    def cases_overdue(self, *, count: int) -> None:
        CASES.set(count)
        if count:
            log.error("antifraud_cases_overdue", count=count)

    def appeals_overdue(self, *, count: int) -> None:
        APPEALS.set(count)
        if count:
            log.error("antifraud_appeals_overdue", count=count)

    def rule_tripped(self, *, rule: str, judged: int, stopped: int) -> None:
        log.error("antifraud_rule_tripped", rule=rule, judged=judged, stopped=stopped)

    def rules_tripped(self, *, count: int) -> None:
        TRIPPED.set(count)

    def line(self, found: Mapping[str, int]) -> None:
        for code, number in found.items():
            CENTRE.labels(code).set(number)
            if number:
                log.error("antifraud_centre_alarm", code=code, number=number)

    def duty_overdue(self, owed: Owed) -> None:
        log.error(
            "antifraud_risk_duty_overdue",
            about=owed.about,
            duty=owed.duty.value,
            due_on=owed.due_on.isoformat(),
        )

    def duties_overdue(self, counts: Mapping[Duty, int]) -> None:
        for duty, count in counts.items():
            DUTIES.labels(duty.value).set(count)

    def indicator_crossed(self, reading: Reading) -> None:
        log.error(
            "antifraud_indicator_crossed",
            code=reading.code,
            colour=reading.colour.word,
            value=reading.value,
        )

    def indicators_read(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            INDICATORS.labels(reading.code).set(reading.colour.value)
