"""Builds what makes reports of a quarter."""

import base64
from dataclasses import dataclass
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms, definitions
from services.antifraud.adapters.printing import QuarterPrinter
from services.antifraud.domain.quarterly import Made
from services.antifraud.handlers import Tools, quarterly
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlRiskUnits


@dataclass(frozen=True, slots=True)
class ReportCases:
    """What the door may have done with reports."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call) -> Json:
        found = quarterly.listed(units=self._units(call.context))
        return {"reports": [_told(made) for made in found]}

    def fetch(self, call: Call, *, report_id: UUID, language: str, form: str) -> Json:
        content = quarterly.fetch(
            report_id, language=language, form=form, units=self._units(call.context)
        )
        return {"content_b64": base64.b64encode(content).decode("ascii")}

    def make(self, call: Call, *, quarter: str) -> Json:
        made = quarterly.make(
            quarter,
            records=definitions.indicators(),
            printer=QuarterPrinter(),
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _told(made)

    def watch(self) -> None:
        units = self._units(self.platform.context())
        quarterly.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _units(self, context: Context) -> SqlRiskUnits:
        return SqlRiskUnits(self.platform.database, context)


def _told(made: Made) -> dict[str, Json]:
    return {
        "report_id": str(made.report_id),
        "quarter": made.quarter,
        "made_at": jsonable(made.made_at),
        "made_by": str(made.made_by),
        "sha256": dict(made.sha256),
    }
