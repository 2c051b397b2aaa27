"""TOTP secrets sealed, recovery codes by keyed hash, and the count of attempts.

Clients' and staff's stand in tables of their own; `login_id` is then the staff id.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, and_, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from services.auth.domain.factors import CountedMethod, FactorAttempt, Standing, Totp
from services.auth.domain.rules import Rules
from services.auth.storage.counting import reservation
from services.auth.storage.tables import factor_attempts as counts
from services.auth.storage.tables import passkeys, recovery_codes, totp_factors


class SqlStandings:
    """Which second factors a login has, by one statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, login_id: UUID) -> Standing:
        since = select(totp_factors.c.confirmed_at).where(
            totp_factors.c.login_id == login_id
        )
        unused = (
            select(func.count())
            .where(recovery_codes.c.login_id == login_id)
            .where(recovery_codes.c.used_at.is_(None))
        )
        living = (
            select(func.count())
            .where(passkeys.c.login_id == login_id)
            .where(passkeys.c.suspended_at.is_(None))
        )
        row = self._connection.execute(
            select(
                since.scalar_subquery().label("totp_since"),
                unused.scalar_subquery().label("recovery_left"),
                living.scalar_subquery().label("passkeys"),
            )
        ).one()
        return Standing(
            totp_since=row.totp_since,
            recovery_left=row.recovery_left,
            passkeys=row.passkeys,
        )


class SqlTotps:
    """The port `Totps` over one open transaction."""

    def __init__(
        self,
        connection: Connection,
        fields: FieldKeys,
        table: Table = totp_factors,
    ) -> None:
        self._connection = connection
        self._fields = fields
        self._table = table

    def begin(self, totp: Totp) -> bool:
        values = {
            "secret_sealed": self._fields.seal(
                totp.secret, table=self._table.name, column="secret", row=totp.login_id
            ),
            "begun_at": totp.begun_at,
            "last_step": totp.last_step,
        }
        statement = (
            insert(self._table)
            .values(login_id=totp.login_id, **values)
            .on_conflict_do_update(
                index_elements=[self._table.c.login_id],
                set_=values,
                where=self._table.c.confirmed_at.is_(None),
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def find(self, login_id: UUID) -> Totp | None:
        row = self._connection.execute(
            select(
                self._table.c.secret_sealed,
                self._table.c.begun_at,
                self._table.c.confirmed_at,
                self._table.c.last_step,
            ).where(self._table.c.login_id == login_id)
        ).first()
        if row is None:
            return None
        return Totp(
            login_id=login_id,
            secret=self._fields.unseal(
                bytes(row.secret_sealed),
                table=self._table.name,
                column="secret",
                row=login_id,
            ),
            begun_at=row.begun_at,
            confirmed_at=row.confirmed_at,
            last_step=row.last_step,
        )

    def use_step(self, login_id: UUID, step: int) -> bool:
        """One conditional UPDATE: of two browsers with one code, one gets in."""
        statement = (
            self._table.update()
            .where(self._table.c.login_id == login_id)
            .where(self._table.c.last_step < step)
            .values(last_step=step)
        )
        return self._connection.execute(statement).rowcount == 1

    def confirm(self, login_id: UUID, *, now: datetime) -> bool:
        statement = (
            self._table.update()
            .where(self._table.c.login_id == login_id)
            .where(self._table.c.confirmed_at.is_(None))
            .values(confirmed_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def remove(self, login_id: UUID) -> bool:
        statement = (
            self._table.delete()
            .where(self._table.c.login_id == login_id)
            .where(self._table.c.confirmed_at.is_not(None))
        )
        return self._connection.execute(statement).rowcount == 1


class SqlRecoveryCodes:
    """The port `RecoveryCodes` over one open transaction."""

    def __init__(self, connection: Connection, table: Table = recovery_codes) -> None:
        self._connection = connection
        self._table = table

    def replace(self, login_id: UUID, tokens: Sequence[str], *, now: datetime) -> None:
        self._connection.execute(
            self._table.delete().where(self._table.c.login_id == login_id)
        )
        rows = [
            {"login_id": login_id, "code_token": token, "made_at": now}
            for token in tokens
        ]
        self._connection.execute(self._table.insert(), rows)

    def use(self, login_id: UUID, token: str, *, now: datetime) -> bool:
        """One conditional UPDATE: a code opens once, however many try it."""
        statement = (
            self._table.update()
            .where(self._table.c.login_id == login_id)
            .where(self._table.c.code_token == token)
            .where(self._table.c.used_at.is_(None))
            .values(used_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def left(self, login_id: UUID) -> int:
        statement = (
            select(func.count())
            .select_from(self._table)
            .where(self._table.c.login_id == login_id)
            .where(self._table.c.used_at.is_(None))
        )
        return self._connection.execute(statement).scalar_one()


class SqlFactorAttempts:
    """The port `FactorAttempts` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(
        self, login_id: UUID, method: CountedMethod, *, rules: Rules, now: datetime
    ) -> FactorAttempt | None:
        """One upsert, as for passwords; see `counting` (A02, P04)."""
        statement = reservation(
            counts, {"login_id": login_id, "method": method}, rules=rules, now=now
        )
        row = self._connection.execute(statement).first()
        if row is None:
            return None
        return FactorAttempt(
            login_id=login_id,
            method=method,
            number=row.number,
            locked_until=row.locked_until,
            reopened=row.reopened,
        )

    def locked_until(self, login_id: UUID, method: CountedMethod) -> datetime | None:
        return self._connection.execute(
            select(counts.c.locked_until)
            .where(counts.c.login_id == login_id)
            .where(counts.c.method == method)
        ).scalar()

    def clear(self, attempt: FactorAttempt) -> None:
        """The row is ours since `reserve`: nobody has counted in between."""
        mine = and_(
            counts.c.login_id == attempt.login_id, counts.c.method == attempt.method
        )
        self._connection.execute(
            counts.update().where(mine).values(number=0, locked_until=None)
        )

    def reopen(self, *, now: datetime) -> Sequence[tuple[UUID, CountedMethod]]:
        statement = (
            counts.update()
            .where(counts.c.locked_until <= now)
            .values(number=0, locked_until=None)
            .returning(counts.c.login_id, counts.c.method)
        )
        return [
            (row.login_id, row.method) for row in self._connection.execute(statement)
        ]
