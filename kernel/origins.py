"""From where an operation was asked for, until antifraud is asked about it (6.1g).

The question is often put by a beat, long after the request: so each service that asks
keeps the keyed tokens of browser and network in a table of its own, made by a migration
with `kernel.migrations.create_origins`.  They go when nothing will be asked any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    MetaData,
    Table,
    Text,
    Uuid,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.database import Transaction
from kernel.policy import Policy

AT_ONCE: Final = 1_000
"""Rows forgotten in one transaction."""
Ended = Callable[[ColumnElement[UUID]], ColumnElement[bool]]
"""Whether the operation on the thing of this id has ended, in the service's tables."""


def origins_table(metadata: MetaData) -> Table:
    """One row for each operation: tokens alone, no address and no mark of a browser."""
    return Table(
        "origins",
        metadata,
        Column("operation", Text, primary_key=True),
        Column("device_token", Text, nullable=False),
        Column("network_token", Text, nullable=False),
        Column("noted_at", DateTime(timezone=True), nullable=False),
    )


@dataclass(frozen=True, slots=True)
class SqlOrigins:
    """`kernel.judged.Origins` within one transaction."""

    transaction: Transaction
    table: Table
    ended: Ended

    def note(self, operation: str) -> None:
        origin = self.transaction.context.origin
        if origin is None:
            return
        told = {
            "device_token": origin.device,
            "network_token": origin.network,
            "noted_at": self.transaction.now,
        }
        self.transaction.connection.execute(
            insert(self.table)
            .values(operation=operation, **told)
            .on_conflict_do_update(index_elements=["operation"], set_=told)
        )

    def facts(self, operation: str) -> Mapping[str, str]:
        columns = self.table.c
        row = self.transaction.connection.execute(
            select(columns.device_token, columns.network_token).where(
                columns.operation == operation
            )
        ).one_or_none()
        return {} if row is None else row._asdict()

    def forget_ended(self, *, before: datetime) -> int:
        operation = self.table.c.operation
        thing = cast(func.split_part(operation, ":", 2), Uuid)
        over = (
            select(operation)
            .where(or_(self.table.c.noted_at < before, self.ended(thing)))
            .limit(AT_ONCE)
        )
        return self.transaction.connection.execute(
            self.table.delete().where(operation.in_(over))
        ).rowcount


def kept_since(policy: Policy, at: datetime) -> datetime:
    """What was noted before is kept for nothing: its operation was given up."""
    return at - timedelta(days=policy.integer("antifraud.origin_days", at))
