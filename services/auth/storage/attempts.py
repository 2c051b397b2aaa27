"""The count of password attempts, of clients and of staff (clause 4.7).

Each realm has a table of its own, keyed by the keyed token of a login; which one, the
constructor is told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from services.auth.domain.passwords import Attempt, Login
from services.auth.domain.rules import Rules
from services.auth.storage.counting import reservation
from services.auth.storage.tables import password_attempts


class SqlAttempts:
    """The port `Attempts` over one open transaction."""

    def __init__(
        self, connection: Connection, table: Table = password_attempts
    ) -> None:
        self._connection = connection
        self._table = table

    @property
    def _token(self) -> "Column[Any]":
        (column,) = self._table.primary_key
        return column

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        """One upsert, for logins known and unknown alike; see `counting`."""
        statement = reservation(
            self._table,
            {self._token.name: phone_token},
            rules=rules,
            now=now,
            more={"login_id": login_id, "told": False, "touched_at": now},
        )
        row = self._connection.execute(statement).first()
        if row is None:
            return None
        return Attempt(
            login_id=login_id,
            phone_token=phone_token,
            number=row.number,
            locked_until=row.locked_until,
            reopened=row.reopened,
        )

    def locked_until(self, phone_token: str) -> datetime | None:
        return self._connection.execute(
            select(self._table.c.locked_until).where(self._token == phone_token)
        ).scalar()

    def carry(self, login: Login, phone_token: str, *, now: datetime) -> None:
        """Whoever guessed at either number has guessed at this login.

        A lock of the old number lasts its time at the new one, and one of the new
        number, from when it was nobody's, stays: a change of number unlocks nothing.
        """
        table, old = self._table, self._row(login.phone_token)
        if old is None or (old.number == 0 and old.locked_until is None):
            self._connection.execute(
                table.update()
                .where(self._token == phone_token)
                .values(login_id=login.login_id)
            )
            return
        carried = insert(table).values(
            phone_token=phone_token,
            login_id=login.login_id,
            number=old.number,
            locked_until=old.locked_until,
            reopened=old.reopened,
            told=old.told,
            touched_at=now,
        )
        new = carried.excluded
        self._connection.execute(
            carried.on_conflict_do_update(
                index_elements=[self._token],
                set_={
                    "login_id": login.login_id,
                    "number": func.greatest(table.c.number, new.number),
                    "locked_until": func.greatest(
                        table.c.locked_until, new.locked_until
                    ),
                    "touched_at": now,
                },
            )
        )

    def _row(self, phone_token: str) -> Row[*tuple[Any, ...]] | None:
        """The count of a number, locked: no attempt comes between."""
        return self._connection.execute(
            self._table.select().where(self._token == phone_token).with_for_update()
        ).first()

    def clear(self, attempt: Attempt) -> bool:
        statement = self._table.update().where(self._stands(attempt))
        cleared = statement.values(number=0, locked_until=None)
        return self._connection.execute(cleared).rowcount == 1

    def tell(self, attempt: Attempt) -> bool:
        told = self._table.c.told
        statement = self._table.update().where(self._stands(attempt), told.is_(False))
        return self._connection.execute(statement.values(told=True)).rowcount == 1

    def untold(self, *, before: datetime) -> Sequence[Attempt]:
        table = self._table
        statement = (
            select(table, self._token.label("token"))
            .where(table.c.locked_until.is_not(None))
            .where(table.c.told.is_(False))
            .where(table.c.touched_at < before)
        )
        return [_attempt(row) for row in self._connection.execute(statement)]

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        statement = (
            self._table.update()
            .where(self._table.c.locked_until <= now)
            .values(number=0, locked_until=None)
            .returning(self._table.c.login_id)
        )
        return self._connection.execute(statement).scalars().all()

    def forget(self, *, before: datetime) -> int:
        statement = (
            self._table.delete()
            .where(self._table.c.touched_at < before)
            .where(self._table.c.locked_until.is_(None))
        )
        return self._connection.execute(statement).rowcount

    def _stands(self, attempt: Attempt) -> ColumnElement[bool]:
        """That nobody has tried since."""
        table = self._table
        return and_(
            self._token == attempt.phone_token,
            table.c.number == attempt.number,
            table.c.locked_until.is_not_distinct_from(attempt.locked_until),
        )


def _attempt(row: "Row[Any]") -> Attempt:
    return Attempt(
        login_id=row.login_id,
        phone_token=row.token,
        number=row.number,
        locked_until=row.locked_until,
        reopened=row.reopened,
    )
