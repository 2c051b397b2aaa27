"""Units of work of whoever governs the risks of fraud."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.database import Database
from services.antifraud.domain.duties import Owed
from services.antifraud.storage.indicators import SeriesRows
from services.antifraud.storage.losses import LossRows
from services.antifraud.storage.reports import ReportRows
from services.antifraud.storage.risk_tables import risk_reminder
from services.antifraud.storage.risks import RiskRows
from services.antifraud.storage.unit import SqlUnit


class SqlRiskUnits:
    """Opens such units in one context.  Implements each port of such units."""

    def __init__(self, database: Database, context: Context) -> None:
        self._database = database
        self._context = context

    @contextmanager
    def begin(self) -> Iterator["SqlRiskUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlRiskUnit(transaction)


class SqlRiskUnit(SqlUnit):
    """Implements each port of such a unit on an open transaction."""

    @property
    def risks(self) -> RiskRows:
        return RiskRows(self._connection)

    @property
    def losses(self) -> LossRows:
        return LossRows(self._connection)

    @property
    def series(self) -> SeriesRows:
        return SeriesRows(self._connection)

    @property
    def reports(self) -> ReportRows:
        return ReportRows(self._connection)

    @property
    def duties(self) -> "DutyRows":
        return DutyRows(self._connection)


class DutyRows:
    """Implements Duties on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def told(self, owed: Owed, *, at: datetime) -> bool:
        given = {"about": owed.about, "duty": owed.duty.value, "due_on": owed.due_on}
        added = self._connection.execute(
            insert(risk_reminder).values(**given, told_at=at).on_conflict_do_nothing()
        )
        return added.rowcount == 1
