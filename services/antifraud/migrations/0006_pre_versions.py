"""Versions of the rules, the register of what was done with each, labels, shadows."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0006_pre"
down_revision = "0005_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_set",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("says", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "rule_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("report", sa.LargeBinary),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("rule_entry_in_order", "rule_entry", ["at", "entry_id"])
    op.create_table(
        "label",
        sa.Column("decision_id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("fraud", sa.Boolean, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "shadow_verdict",
        sa.Column("decision_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("fired", sa.LargeBinary, nullable=False),
    )
    for table in ("rule_set", "rule_entry", "label", "shadow_verdict"):
        grant("antifraud", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
