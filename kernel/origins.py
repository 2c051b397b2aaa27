"""From where an operation was asked for, until antifraud is asked about it (6.1g).

The question is often put by a beat, long after the request: so each service that asks
keeps the keyed tokens of browser and network in a table of its own, made by a migration
with `kernel.migrations.create_origins`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, DateTime, MetaData, Table, Text, select
from sqlalchemy.dialects.postgresql import insert

from kernel.database import Transaction


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
