"""Buckets of failed logins: one statement takes from a bucket."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.auth.domain.rules import Allowance
from services.auth.domain.sources import ALARM_EVERY
from services.auth.storage.tables import login_sources as table


class SqlSources:
    """The port `Sources` over one open transaction.

    A bucket is kept as the instant at which it will be full: taking moves it on by one
    `refill`, giving back moves it back, and it is empty when it lies `burst` refills
    ahead (the generic cell rate algorithm, ITU-T I.371).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(
        self, source_token: str, *, allowance: Allowance, now: datetime
    ) -> timedelta:
        """One upsert; its WHERE, read again under the row's lock, lets nobody pass.

        A bucket that would be full later than any can be was filled by a clock that has
        been set back since: it counts as one with its last token.
        """
        latest = now + allowance.refill * (allowance.burst - 1)
        full_at = func.least(func.greatest(table.c.full_at, now), latest)
        statement = (
            insert(table)
            .values(source_token=source_token, full_at=now + allowance.refill)
            .on_conflict_do_update(
                index_elements=[table.c.source_token],
                set_={"full_at": full_at + allowance.refill},
                where=or_(
                    table.c.full_at <= latest,
                    table.c.full_at > latest + allowance.refill,
                ),
            )
            .returning(table.c.full_at)
        )
        if self._connection.execute(statement).first() is not None:
            return timedelta()
        taken: datetime = self._connection.execute(
            select(table.c.full_at).where(table.c.source_token == source_token)
        ).scalar_one()
        return taken - latest

    def give_back(self, source_token: str, *, allowance: Allowance) -> None:
        self._connection.execute(
            table.update()
            .where(table.c.source_token == source_token)
            .values(full_at=table.c.full_at - allowance.refill)
        )

    def alarm(self, source_token: str, *, now: datetime) -> bool:
        quiet = or_(table.c.told_at.is_(None), table.c.told_at <= now - ALARM_EVERY)
        statement = (
            table.update()
            .where(table.c.source_token == source_token, quiet)
            .values(told_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def forget(self, *, before: datetime) -> int:
        statement = table.delete().where(table.c.full_at < before)
        return self._connection.execute(statement).rowcount
