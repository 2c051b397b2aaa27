"""What the report of a quarter needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.indicators import Reading
from services.antifraud.domain.quarterly import File, Form, Happened, Made, Report
from services.antifraud.domain.quarters import Quarter
from services.antifraud.ports.losses import LossUnit


class Reports(Protocol):
    """What a report is made of, and those that were made."""

    def happened(self, quarter: Quarter) -> Happened: ...

    def readings(self, code: str, quarter: Quarter) -> Sequence[Reading]:
        """Of one indicator, the oldest first."""
        ...

    def began_on(self) -> date | None:
        """Since when there are risks; None while there are none."""
        ...

    def keep(
        self,
        report_id: UUID,
        quarter: str,
        files: Sequence[File],
        *,
        at: datetime,
        by: UUID,
    ) -> None: ...

    def listed(self) -> Sequence[Made]:
        """The newest first."""
        ...

    def content(self, report_id: UUID, *, language: str, form: str) -> bytes | None: ...


class ReportUnit(LossUnit, Protocol):
    """A unit of work that knows reports."""

    @property
    def reports(self) -> Reports: ...


class ReportUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[ReportUnit]: ...


class Printer(Protocol):
    """Pages from what stands on them; the same again is the same bytes."""

    def print(self, report: Report, form: Form) -> bytes: ...
