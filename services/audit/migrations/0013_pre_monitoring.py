"""What the monitoring has seen: hits of rules, alerts, suppressions (clause 6.1d)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0013_pre"
down_revision = "0012_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_hit",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("grp", sa.Text, primary_key=True),
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Uuid, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("grp", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_leaf", sa.BigInteger, nullable=False),
        sa.Column("last_leaf", sa.BigInteger, nullable=False),
        sa.Column("incident_id", sa.Uuid),
        sa.Column("suppression_id", sa.Uuid),
    )
    op.create_index("alert_of", "alert", ["rule", "grp", "last_at"])
    op.create_table(
        "alert_suppression",
        sa.Column("suppression_id", sa.Uuid, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("grp", sa.Text),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("alert_suppression_of", "alert_suppression", ["rule", "until"])
    grant("audit", "rule_hit", "SELECT", "INSERT", "DELETE")
    grant("audit", "alert", "SELECT", "INSERT", "UPDATE (times, last_at, last_leaf)")
    grant("audit", "alert_suppression", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
