"""The tables of the monitoring."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)

from services.audit.storage.tables import metadata

rule_hit = Table(
    "rule_hit",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("grp", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_leaf", BigInteger, nullable=False),
    Column("last_leaf", BigInteger, nullable=False),
    Column("incident_id", Uuid),
    Column("suppression_id", Uuid),
    Index("alert_of", "rule", "grp", "last_at"),
)

alert_suppression = Table(
    "alert_suppression",
    metadata,
    Column("suppression_id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("grp", Text),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("alert_suppression_of", "rule", "until"),
)
