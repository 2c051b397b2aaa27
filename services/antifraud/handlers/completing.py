"""Daily reports of completeness, and alarms about the centre (clause 6.1g iv)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from kernel.crypto import Json
from kernel.errors import Refused
from services.antifraud.domain.centre import Feed
from services.antifraud.domain.completeness import bounds, compared, day_due, differs
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.centre import Centre, CentreAlarms, CentreUnits, Line

FAILURES_AT_FIRST: Final = 5


def complete(*, centre: Centre, units: CentreUnits, tools: Tools) -> date | None:
    """Make the next report that is due; the day it is of, None when none is.

    Days are not passed over: after an outage they come one by one.
    """
    at = tools.clock.now()
    due = day_due(at, hour=tools.policy.integer("antifraud.centre_report_hour", at))
    with units.begin() as unit:
        last = unit.last_day()
    day = due if last is None else last + timedelta(days=1)
    if day > due:
        return None
    check_day(day, centre=centre, units=units, tools=tools)
    return day


def check_day(
    day: date, *, centre: Centre, units: CentreUnits, tools: Tools
) -> Mapping[str, Json]:
    """Hold a day against what the centre has, and keep the report.

    Refused: ``day_not_over``.
    """
    since, until = bounds(day)
    at = tools.clock.now()
    if until > at:
        raise Refused(
            "day_not_over", "That day is not over.", next_step="Ask tomorrow."
        )
    theirs = centre.messages(since, until)
    with units.begin() as unit:
        report = compared(unit.ours(since, until), theirs)
        unit.save_day(day, report, differs=differs(report), at=at)
    return report


def line_found(line: Line, *, at: datetime, late_s: int) -> Mapping[str, int]:
    """What needs a person, by code: how many, or seconds beyond patience; else 0."""
    return {
        "report_parked": line.reports.get("parked", 0),
        "report_rejected": line.reports.get("rejected", 0),
        "report_late": _late(line.oldest_pending_at, at, late_s),
        "change_parked": line.items.get("parked", 0),
        "feed_unheard": _unheard(line.feed, at, late_s),
        "day_differs": len(line.differing),
    }


def _unheard(feed: Feed, at: datetime, late_s: int) -> int:
    """A feed that was never heard counts by its failures."""
    if feed.heard_at is None:
        return feed.failures if feed.failures > FAILURES_AT_FIRST else 0
    return _late(feed.heard_at, at, late_s)


def _late(since: datetime | None, at: datetime, late_s: int) -> int:
    age_s = 0 if since is None else int((at - since).total_seconds())
    return age_s if age_s > late_s else 0


def watch(*, units: CentreUnits, alarms: CentreAlarms, tools: Tools) -> None:
    """Raise, or take back, every alarm about the centre."""
    at = tools.clock.now()
    late_s = tools.policy.integer("antifraud.centre_late_minutes", at) * 60
    with units.begin() as unit:
        alarms.line(line_found(unit.line(), at=at, late_s=late_s))
