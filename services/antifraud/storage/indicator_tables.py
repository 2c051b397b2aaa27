"""The tables of indicators: readings are only added to (migration 0017)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from services.antifraud.storage.tables import metadata

indicator_reading = Table(
    "indicator_reading",
    metadata,
    Column("code", Text, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("colour", SmallInteger, nullable=False),
    Column("amber", BigInteger, nullable=False),
    Column("red", BigInteger, nullable=False),
)

indicator_item = Table(
    "indicator_item",
    metadata,
    Column("item_id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("answered_by", Uuid),
    Column("answer", Text),
    Column("risk_id", Uuid),
    CheckConstraint(
        "num_nulls(answered_at, answered_by, answer) IN (0, 3)",
        name="indicator_item_answered",
    ),
)
Index(
    "indicator_item_waiting",
    indicator_item.c.code,
    unique=True,
    postgresql_where=text("answered_at IS NULL"),
)
