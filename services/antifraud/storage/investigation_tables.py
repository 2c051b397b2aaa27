"""The tables of investigations; all of them are only added to (migration 0018)."""

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
    text,
)

from services.antifraud.storage.tables import metadata

investigation = Table(
    "investigation",
    metadata,
    Column("investigation_id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("ground", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("opened_by", Uuid, nullable=False),
)

investigation_entry = Table(
    "investigation_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("investigation_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("of", Uuid),
    Column("who", Uuid),
    Column("due_on", Date),
    Column("risk_id", Uuid),
    Column("content_sealed", LargeBinary, nullable=False),
)
Index(
    "investigation_entry_of",
    investigation_entry.c.investigation_id,
    investigation_entry.c.entry_id,
)
Index(
    "investigation_entry_ends",
    investigation_entry.c.of,
    unique=True,
    postgresql_where=text("of IS NOT NULL"),
)

investigation_end = Table(
    "investigation_end",
    metadata,
    Column("investigation_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("conclusion_id", Uuid, nullable=False),
    Column("finding", Text, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    CheckConstraint("asked_by <> approved_by", name="investigation_ended_by_two"),
)
