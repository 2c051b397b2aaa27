"""The count of password attempts: one statement takes an attempt (clause 4.7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from services.auth.domain.passwords import Attempt, Login
from services.auth.domain.rules import Rules
from services.auth.storage.tables import password_attempts as table


class SqlAttempts:
    """The port `Attempts` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        """One upsert, for numbers known and unknown alike.

        The row lock it takes makes attempts of one number wait for one another, and
        its WHERE, read again under that lock, lets nobody pass a lock (P04, P05).  A
        lock that has run out starts a new run; attempts during a lock change nothing,
        so that they neither shorten nor prolong it (A03).
        """
        until = now + rules.lock
        # The number this attempt gets; after a lock the count begins again.
        number = case((table.c.locked_until.is_not(None), 1), else_=table.c.number + 1)
        fresh = insert(table).values(
            phone_token=phone_token,
            login_id=login_id,
            number=1,
            locked_until=until if rules.attempts == 1 else None,
            reopened=False,
            told=False,
            touched_at=now,
        )
        statement = fresh.on_conflict_do_update(
            index_elements=[table.c.phone_token],
            set_={
                "login_id": login_id,
                "number": number,
                "locked_until": case(
                    (number >= rules.attempts, literal(until)), else_=null()
                ),
                "reopened": table.c.locked_until.is_not(None),
                "told": False,
                "touched_at": now,
            },
            where=or_(table.c.locked_until.is_(None), table.c.locked_until <= now),
        ).returning(table.c.number, table.c.locked_until, table.c.reopened)
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
            select(table.c.locked_until).where(table.c.phone_token == phone_token)
        ).scalar()

    def carry(self, login: Login, phone_token: str, *, now: datetime) -> None:
        """Whoever guessed at either number has guessed at this login.

        A lock of the old number lasts its time at the new one, and one of the new
        number, from when it was nobody's, stays: a change of number unlocks nothing.
        """
        old = self._row(login.phone_token)
        if old is None or (old.number == 0 and old.locked_until is None):
            self._connection.execute(
                table.update()
                .where(table.c.phone_token == phone_token)
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
                index_elements=[table.c.phone_token],
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
            table.select().where(table.c.phone_token == phone_token).with_for_update()
        ).first()

    def clear(self, attempt: Attempt) -> bool:
        statement = table.update().where(_stands(attempt))
        cleared = statement.values(number=0, locked_until=None)
        return self._connection.execute(cleared).rowcount == 1

    def tell(self, attempt: Attempt) -> bool:
        statement = table.update().where(_stands(attempt), table.c.told.is_(False))
        return self._connection.execute(statement.values(told=True)).rowcount == 1

    def untold(self, *, before: datetime) -> Sequence[Attempt]:
        statement = (
            table.select()
            .where(table.c.locked_until.is_not(None))
            .where(table.c.told.is_(False))
            .where(table.c.touched_at < before)
        )
        return [
            Attempt(
                login_id=row.login_id,
                phone_token=row.phone_token,
                number=row.number,
                locked_until=row.locked_until,
                reopened=row.reopened,
            )
            for row in self._connection.execute(statement)
        ]

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        statement = (
            table.update()
            .where(table.c.locked_until <= now)
            .values(number=0, locked_until=None)
            .returning(table.c.login_id)
        )
        return self._connection.execute(statement).scalars().all()

    def forget(self, *, before: datetime) -> int:
        statement = (
            table.delete()
            .where(table.c.touched_at < before)
            .where(table.c.locked_until.is_(None))
        )
        return self._connection.execute(statement).rowcount


def _stands(attempt: Attempt) -> ColumnElement[bool]:
    """That nobody has tried since."""
    return and_(
        table.c.phone_token == attempt.phone_token,
        table.c.number == attempt.number,
        table.c.locked_until.is_not_distinct_from(attempt.locked_until),
    )
