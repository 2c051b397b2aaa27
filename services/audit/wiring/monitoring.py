"""Builds the monitoring of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json, as_object
from kernel.platform import Platform
from services.audit.adapters.alarms import LoggedAlarms
from services.audit.domain.monitoring.rules import Rules
from services.audit.handlers import monitoring
from services.audit.handlers.tools import Tools
from services.audit.settings import Settings
from services.audit.storage.monitoring import SqlMonitoringUnits


@dataclass(frozen=True, slots=True)
class MonitoringCases:
    """What the door may have done with the monitoring."""

    platform: Platform[Settings]
    rules: Rules
    tools: Tools

    def look(self) -> None:
        units = self._units(self.platform.context())
        left = monitoring.look(rules=self.rules, units=units, tools=self.tools)
        LoggedAlarms().behind(leaves=left)

    def rules_in_force(self) -> Json:
        now = self.tools.clock.now()
        found = monitoring.suppressions(
            units=self._units(self.platform.context()), tools=self.tools
        )
        return {
            "rules": [
                {
                    "code": rule.code,
                    "from": rule.since.isoformat(),
                    "severity": rule.severity.value,
                    "incident": rule.incident.value if rule.incident else None,
                    "measures": ", ".join(rule.measures),
                    "clause": rule.clause,
                    "words": rule.words,
                }
                for rule in self.rules.at(now)
            ],
            "suppressions": jsonable(found),
        }

    def alerts(self, call: Call) -> Json:
        return {"alerts": jsonable(monitoring.alerts(units=self._units(call.context)))}

    def suppress(
        self, call: Call, *, rule: str, group: str | None, hours: int, reason: str
    ) -> Json:
        made = monitoring.suppress(
            rule,
            group,
            hours=hours,
            reason=reason,
            by=call.by.id,
            rules=self.rules,
            units=self._units(call.context),
            tools=self.tools,
        )
        return jsonable(made)

    def test(
        self,
        call: Call,
        *,
        since: datetime,
        until: datetime,
        rules: Sequence[dict[str, object]] | None,
    ) -> Json:
        tried = self.rules
        if rules is not None:
            tried = Rules.parse(as_object(jsonable(rule)) for rule in rules)
        found = monitoring.test(
            tried,
            since=since,
            until=until,
            units=self._units(call.context),
            tools=self.tools,
        )
        fired = [{"rule": r, "group": g, "times": times} for r, g, times in found]
        return {"fired": jsonable(fired)}

    def _units(self, context: Context) -> SqlMonitoringUnits:
        platform = self.platform
        return SqlMonitoringUnits(platform.database, context, platform.field_keys)
