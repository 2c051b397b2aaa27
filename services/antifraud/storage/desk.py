"""Units of work that open what is sealed: cases and appeals."""

from collections.abc import Iterator
from contextlib import contextmanager

from kernel.context import Context
from kernel.crypto import FieldKeys
from kernel.database import Database, Transaction
from services.antifraud.storage.appeals import AppealRows
from services.antifraud.storage.cases import CaseRows
from services.antifraud.storage.unit import SqlUnit


class SqlCaseUnits:
    """Opens such units in one context.  Implements CaseUnits, AppealUnits."""

    def __init__(self, database: Database, context: Context, fields: FieldKeys) -> None:
        self._database = database
        self._context = context
        self._fields = fields

    @contextmanager
    def begin(self) -> Iterator["SqlCaseUnit"]:
        with self._database.begin(self._context) as transaction:
            yield SqlCaseUnit(transaction, self._fields)


class SqlCaseUnit(SqlUnit):
    """Implements CaseUnit and AppealUnit on an open transaction."""

    def __init__(self, transaction: Transaction, fields: FieldKeys) -> None:
        super().__init__(transaction)
        self._fields = fields

    @property
    def appeals(self) -> AppealRows:
        return AppealRows(self._connection, self._fields)

    @property
    def cases(self) -> CaseRows:
        return CaseRows(self._connection, self._fields)
