"""What the monitoring has seen: hits of rules, alerts, suppressions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, distinct, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.crypto import FieldKeys
from kernel.database import Database
from services.audit.domain.incidents.incident import Severity
from services.audit.domain.monitoring.rules import Match
from services.audit.ports.monitoring import Alert, Suppression
from services.audit.storage.incident_tables import incident
from services.audit.storage.incidents import SqlIncidentUnit
from services.audit.storage.monitoring_tables import alert, alert_suppression, rule_hit
from services.audit.storage.tables import audit_log

_ALERT: Final = (
    alert.c.alert_id,
    alert.c.rule,
    alert.c.grp,
    alert.c.severity,
    alert.c.first_at,
    alert.c.last_at,
    alert.c.times,
    alert.c.first_leaf,
    alert.c.last_leaf,
    alert.c.incident_id,
    alert.c.suppression_id,
)
_SUPPRESSION: Final = (
    alert_suppression.c.suppression_id,
    alert_suppression.c.rule,
    alert_suppression.c.grp,
    alert_suppression.c.until,
    alert_suppression.c.reason,
    alert_suppression.c.by,
    alert_suppression.c.at,
)


class SqlMonitoringUnits:
    """Opens such units of work in one context.  Implements MonitoringUnits."""

    def __init__(self, database: Database, context: Context, fields: FieldKeys) -> None:
        self._database = database
        self._context = context
        self._fields = fields

    @contextmanager
    def begin(self) -> Iterator["SqlMonitoringUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlMonitoringUnit(transaction, self._fields)


class SqlMonitoringUnit(SqlIncidentUnit):
    """Implements MonitoringUnit on an open transaction."""

    @property
    def monitoring(self) -> "MonitoringRows":
        return MonitoringRows(self._connection)

    def numbers(self, since: datetime, until: datetime) -> tuple[int, int]:
        found = self._connection.execute(
            select(func.min(audit_log.c.seq), func.max(audit_log.c.seq)).where(
                audit_log.c.received_at >= since, audit_log.c.received_at < until
            )
        ).one()
        return (0, 0) if found[0] is None else (int(found[0]), int(found[1]) + 1)


class MonitoringRows:
    """Implements Monitoring on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hit(self, rule: str, match: Match, *, leaf: int, since: datetime) -> int:
        mine = (rule_hit.c.rule == rule, rule_hit.c.grp == match.group)
        self._connection.execute(delete(rule_hit).where(*mine, rule_hit.c.at <= since))
        self._connection.execute(
            insert(rule_hit)
            .values(rule=rule, grp=match.group, leaf=leaf, item=match.item, at=match.at)
            .on_conflict_do_nothing()
        )
        return self._connection.execute(
            select(func.count(distinct(rule_hit.c.item))).where(*mine)
        ).scalar_one()

    def forget(self, rule: str, group: str) -> None:
        self._connection.execute(
            delete(rule_hit).where(rule_hit.c.rule == rule, rule_hit.c.grp == group)
        )

    def alert_of(
        self, rule: str, group: str, *, since: datetime, suppressed: bool
    ) -> Alert | None:
        open_still = select(incident.c.incident_id).where(
            incident.c.closed_at.is_(None)
        )
        calls = alert.c.suppression_id.is_(None)
        row = self._connection.execute(
            select(*_ALERT)
            .where(alert.c.rule == rule, alert.c.grp == group)
            .where(~calls if suppressed else calls)
            .where(or_(alert.c.last_at >= since, alert.c.incident_id.in_(open_still)))
            .order_by(alert.c.last_at.desc(), alert.c.alert_id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else _alert(row)

    def add_alert(self, new: Alert) -> None:
        said = asdict(new)
        renamed = {"grp": said.pop("group"), "times": said.pop("count")}
        severity = new.severity.value
        self._connection.execute(
            alert.insert(), {**said, **renamed, "severity": severity}
        )

    def again(self, alert_id: object, *, at: datetime, leaf: int) -> None:
        self._connection.execute(
            update(alert)
            .where(alert.c.alert_id == alert_id)
            .values(
                times=alert.c.times + 1,
                last_at=func.greatest(alert.c.last_at, at),
                last_leaf=leaf,
            )
        )

    def alerts(self, *, limit: int) -> Sequence[Alert]:
        found = self._connection.execute(
            select(*_ALERT).order_by(alert.c.alert_id.desc()).limit(limit)
        )
        return [_alert(row) for row in found]

    def suppression(self, rule: str, group: str, *, at: datetime) -> Suppression | None:
        row = self._connection.execute(
            select(*_SUPPRESSION)
            .where(alert_suppression.c.rule == rule, alert_suppression.c.until > at)
            .where(
                or_(alert_suppression.c.grp.is_(None), alert_suppression.c.grp == group)
            )
            .order_by(alert_suppression.c.until.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else _suppression(row)

    def suppress(self, suppression: Suppression) -> None:
        said = asdict(suppression)
        group = said.pop("group")
        self._connection.execute(alert_suppression.insert(), {**said, "grp": group})

    def suppressions(self, *, at: datetime) -> Sequence[Suppression]:
        found = self._connection.execute(
            select(*_SUPPRESSION)
            .where(alert_suppression.c.until > at)
            .order_by(alert_suppression.c.until)
        )
        return [_suppression(row) for row in found]


def _alert(row: Row[*tuple[Any, ...]]) -> Alert:
    return Alert(
        alert_id=row.alert_id,
        rule=row.rule,
        group=row.grp,
        severity=Severity(row.severity),
        first_at=row.first_at,
        last_at=row.last_at,
        count=row.times,
        first_leaf=row.first_leaf,
        last_leaf=row.last_leaf,
        incident_id=row.incident_id,
        suppression_id=row.suppression_id,
    )


def _suppression(row: Row[*tuple[Any, ...]]) -> Suppression:
    return Suppression(
        suppression_id=row.suppression_id,
        rule=row.rule,
        group=row.grp,
        until=row.until,
        reason=row.reason,
        by=row.by,
        at=row.at,
    )
