"""The tables of risks of fraud; all of them are only added to (migration 0015)."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from services.antifraud.storage.tables import metadata

risk = Table(
    "risk",
    metadata,
    Column("risk_id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("opened_by", Uuid, nullable=False),
)

risk_revision = Table(
    "risk_revision",
    metadata,
    Column("risk_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("assessed", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("says", LargeBinary, nullable=False),
)

risk_acceptance = Table(
    "risk_acceptance",
    metadata,
    Column("acceptance_id", Uuid, primary_key=True),
    Column("risk_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until_on", Date, nullable=False),
    CheckConstraint("asked_by <> approved_by", name="risk_accepted_by_two"),
)
Index("risk_acceptance_of", risk_acceptance.c.risk_id, risk_acceptance.c.acceptance_id)

risk_reminder = Table(
    "risk_reminder",
    metadata,
    Column("about", Text, primary_key=True),
    Column("duty", Text, primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("told_at", DateTime(timezone=True), nullable=False),
)
