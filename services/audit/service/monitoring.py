"""The door to the monitoring of the log (clause 6.1d)."""

from typing import Annotated

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from kernel.events import Instant
from services.audit.wiring import UseCases

Code = Annotated[str, Field(max_length=40)]
Group = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=2_000)]


class MonitoringDoor:
    """What the log shows of itself, and who may say that it is known."""

    use_cases: UseCases

    @every(seconds=1)
    def monitor(self) -> None:
        """Judge what the log has received: alerts, incidents, first measures."""
        self.use_cases.monitoring.look()

    @answers(permission="incidents.look")
    def monitoring_rules(self, call: Call) -> Json:  # noqa: ARG002 - every method takes its call
        """The rules in force, and what calls nobody now."""
        return self.use_cases.monitoring.rules_in_force()

    @answers(permission="incidents.look")
    def monitoring_alerts(self, call: Call) -> Json:
        """What was seen, the newest first."""
        return self.use_cases.monitoring.alerts(call)

    @answers(permission="incidents.lead")
    def suppress_alerts(
        self,
        call: Call,
        *,
        rule: Code,
        hours: int,
        reason: Reason,
        group: Group | None = None,
    ) -> Json:
        """Let a rule count and call nobody, for some hours."""
        return self.use_cases.monitoring.suppress(
            call, rule=rule, group=group, hours=hours, reason=reason
        )

    @answers(permission="incidents.look")
    def test_monitoring(
        self,
        call: Call,
        *,
        since: Instant,
        until: Instant,
        rules: tuple[dict[str, object], ...] | None = None,
    ) -> Json:
        """How often rules would have fired in that time; nothing is raised."""
        return self.use_cases.monitoring.test(
            call, since=since, until=until, rules=rules
        )
