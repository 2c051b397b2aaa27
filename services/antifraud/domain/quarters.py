"""Quarters of a year, and by when each is reported (clause 6.1h vi, vii)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import ALMATY, almaty_date
from kernel.errors import Refused
from kernel.policy import Policy
from services.antifraud.domain.duties import Duty, Owed

_TEXT: Final = re.compile(r"(20[0-9]{2})Q([1-4])")
LOOKED_BACK: Final = 4
"""So many quarters are looked at for a report that is missing."""


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months; ``str`` is its name, ``2026Q4``."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Refused ``quarter_unfit``."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise quarter_unfit()
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def with_day(cls, day: date) -> Self:
        return cls(day.year, (day.month + 2) // 3)

    @property
    def name(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def before(self) -> Self:
        return type(self).with_day(self.first - timedelta(days=1))

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        month = 3 * self.number + 1
        after = date(self.year + month // 12, (month - 1) % 12 + 1, 1)
        return after - timedelta(days=1)

    @property
    def since(self) -> datetime:
        """Its first instant in Almaty."""
        return datetime.combine(self.first, time(0), tzinfo=ALMATY)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=ALMATY)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterRules:
    """What the dated settings say of reports at an instant."""

    today: date
    report_wd: int
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            report_wd=policy.integer("antifraud.risk_report_wd", now),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def refuse_unfit(self, quarter: Quarter) -> None:
        """Refused ``quarter_unfit``: it has to be over."""
        if quarter.last >= self.today:
            raise quarter_unfit()

    def missing(
        self, *, reported: Collection[str], began_on: date | None
    ) -> Sequence[Owed]:
        """Quarters that are past their day without a report, since there are risks."""
        owed, quarter = [], Quarter.with_day(self.today)
        for _ in range(LOOKED_BACK):
            quarter = quarter.before
            if began_on is None or quarter.last < began_on:
                break
            due_on = self.calendar.add_working_days(quarter.last, self.report_wd)
            if due_on < self.today and quarter.name not in reported:
                owed.append(Owed(f"quarter:{quarter.name}", Duty.REPORT, due_on))
        return owed


def quarter_unfit() -> Refused:
    return Refused(
        "quarter_unfit",
        "A report is of a quarter that is over.",
        next_step="Name it by year and number: 2026Q4.",
    )


def report_not_found() -> Refused:
    return Refused(
        "risk_report_not_found",
        "There is no such report, or not in that form.",
        next_step="List them: `kredit antifraud reports list`.",
    )
