"""Working days (рабочие дни) of Kazakhstan.

Deadlines of incidents, suspensions and inquiries run in working days. State holidays
come from the locked `holidays` library, which knows the days off moved from a
week-end; the swaps a government decrees each year come as overrides, which are dated
configuration (``calendar.overrides``) and always win.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType

import holidays

from kernel.clock import ALMATY, almaty_date
from kernel.errors import Broken

FIRST_YEAR, LAST_YEAR = 2024, 2100  # what the library has been checked and made for
LONGEST_TERM = 366  # working days; no rule comes near it
OFFICE_CLOSES = time(18, 0)

_DAY = timedelta(days=1)
_KINDS = {"working": True, "off": False}


class WorkingCalendar:
    """The five-day week of Kazakhstan with its holidays and decreed swaps."""

    def __init__(self, overrides: Mapping[date, bool]) -> None:
        """`overrides`: day → True for a working day, False for a day off."""
        self._overrides = MappingProxyType(dict(overrides))

    def is_working(self, day: date) -> bool:
        """Whether a day is a working day. Broken outside the years known."""
        if isinstance(day, datetime):
            raise Broken("A calendar is asked about days, not instants")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Broken("The working calendar does not know this year")
        decreed = self._overrides.get(day)
        return _by_law(day.year).is_working_day(day) if decreed is None else decreed

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after a day; the day itself for zero.

        The day itself is never counted, so "within 1 working day" from a Friday, a
        Saturday or a Sunday is the same Monday.
        """
        if not 0 <= count <= LONGEST_TERM:
            raise Broken("A term is between 0 and 366 working days")
        for _ in range(count):
            day += _DAY
            while not self.is_working(day):
                day += _DAY
        return day

    def same_time_next_working_day(
        self, instant: datetime, not_after: time = OFFICE_CLOSES
    ) -> datetime:
        """The end of "not later than 1 working day" (clause 7.3), in UTC.

        The same Almaty time on the next working day, but not after the hour at which
        the addressee's office closes. When the detection falls on a day off, the law
        may allow the day after; this is the stricter reading and satisfies both.
        """
        day = self.add_working_days(almaty_date(instant), 1)
        at = min(instant.astimezone(ALMATY).time(), not_after)
        return datetime.combine(day, at, tzinfo=ALMATY).astimezone(UTC)


def overrides_of(entries: Iterable[str]) -> dict[date, bool]:
    """Read the setting ``calendar.overrides``: "2025-01-05=working", "…=off".

    Broken for an entry of any other form and for a day named twice.
    """
    overrides: dict[date, bool] = {}
    for entry in entries:
        text, _, kind = entry.partition("=")
        try:
            day, working = date.fromisoformat(text), _KINDS[kind]
        except (ValueError, KeyError) as exc:
            raise Broken("A calendar override is YYYY-MM-DD=working or =off") from exc
        if day in overrides:
            raise Broken("A calendar override names a day twice")
        overrides[day] = working
    return overrides


@cache
def _by_law(year: int) -> holidays.HolidayBase:
    """One year of the library's calendar, complete before anybody sees it."""
    return holidays.country_holidays("KZ", years=year, expand=False)
