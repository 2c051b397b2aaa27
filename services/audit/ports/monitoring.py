"""What the monitoring needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.audit.domain.incidents.incident import Severity
from services.audit.domain.monitoring.rules import Match
from services.audit.ports.measures import MeasureUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a rule has seen of one group, once or again and again."""

    alert_id: UUID
    rule: str
    group: str
    severity: Severity
    first_at: datetime
    last_at: datetime
    count: int
    first_leaf: int
    last_leaf: int
    incident_id: UUID | None
    suppression_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Somebody knows of it: until then it is counted and calls nobody.

    ``group`` is None for every group of the rule.
    """

    suppression_id: UUID
    rule: str
    group: str | None
    until: datetime
    reason: str
    by: UUID
    at: datetime


class Hits(Protocol):
    """What was seen lately of each rule and group."""

    def hit(self, rule: str, match: Match, *, leaf: int, since: datetime) -> int:
        """Remember it; how many different things there were from `since` on."""
        ...

    def forget(self, rule: str, group: str) -> None:
        """A rule has fired: it counts from nothing again."""
        ...


class Monitoring(Hits, Protocol):
    """The monitoring's own rows."""

    def alert_of(
        self, rule: str, group: str, *, since: datetime, suppressed: bool
    ) -> Alert | None:
        """The newest of this rule and group that was seen from then on.

        So is one whose incident is not closed, however old it is.
        """
        ...

    def add_alert(self, alert: Alert) -> None: ...

    def again(self, alert_id: UUID, *, at: datetime, leaf: int) -> None:
        """Count one more of the same."""
        ...

    def alerts(self, *, limit: int) -> Sequence[Alert]:
        """The newest first."""
        ...

    def suppression(
        self, rule: str, group: str, *, at: datetime
    ) -> Suppression | None: ...

    def suppress(self, suppression: Suppression) -> None: ...

    def suppressions(self, *, at: datetime) -> Sequence[Suppression]:
        """Those that hold at an instant, what ends first comes first."""
        ...


class MonitoringUnit(MeasureUnit, Protocol):
    """A unit of work that knows the monitoring."""

    @property
    def monitoring(self) -> Monitoring: ...

    def numbers(self, since: datetime, until: datetime) -> tuple[int, int]:
        """From which leaf to before which one the log received in that time."""
        ...


class MonitoringUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[MonitoringUnit]: ...
