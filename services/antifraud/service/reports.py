"""The door to reports of a quarter."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from services.antifraud.wiring import UseCases

Name = Annotated[str, Field(max_length=10)]


class ReportDoor:
    """The staff report the risks of fraud each quarter (clause 6.1h)."""

    use_cases: UseCases

    @answers(permission="antifraud.risks_look")
    def risk_reports(self, call: Call) -> Json:
        """Reports that were made, with the digests of their files."""
        return self.use_cases.reports.listed(call)

    @answers(permission="antifraud.risks_look")
    def read_risk_report(
        self,
        call: Call,
        *,
        report_id: UUID,
        language: Literal["ru", "kk"],
        form: Literal["pdf", "html"],
    ) -> Json:
        """A report's own bytes."""
        return self.use_cases.reports.fetch(
            call, report_id=report_id, language=language, form=form
        )

    @answers(permission="antifraud.risks")
    def make_risk_report(self, call: Call, *, quarter: Name) -> Json:
        """The report of a quarter that is over, in both languages."""
        return self.use_cases.reports.make(call, quarter=quarter)

    @every(seconds=60)
    def watch_risk_reports(self) -> None:
        """Tell of a quarter whose report is missing."""
        self.use_cases.reports.watch()
