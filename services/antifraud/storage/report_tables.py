"""The tables of reports of a quarter; they are only added to (migration 0019)."""

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, Uuid

from services.antifraud.storage.tables import metadata

risk_report = Table(
    "risk_report",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("quarter", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("made_by", Uuid, nullable=False),
)

risk_report_file = Table(
    "risk_report_file",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
