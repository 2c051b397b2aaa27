"""The tables of losses by fraud; all of them are only added to (migration 0016)."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)

from services.antifraud.storage.tables import metadata

loss = Table(
    "loss",
    metadata,
    Column("loss_id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
)

loss_fact = Table(
    "loss_fact",
    metadata,
    Column("loss_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("risk_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("contract_id", Uuid),
    Column("occurred_on", Date, nullable=False),
    Column("found_on", Date, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("words", Text, nullable=False),
)
Index("loss_fact_of_case", loss_fact.c.case_id)

loss_entry = Table(
    "loss_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("loss_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("side", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("on", Date, nullable=False),
    Column("words", Text, nullable=False),
)
Index("loss_entry_of", loss_entry.c.loss_id, loss_entry.c.entry_id)
