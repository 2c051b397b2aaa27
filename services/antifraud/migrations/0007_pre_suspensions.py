"""Ends of suspensions, suspended names without a client, rules that were tripped."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("hold", "client_id", nullable=True)
    op.add_column("hold", sa.Column("until_on", sa.Date))
    op.add_column("hold", sa.Column("suspended_by", sa.Text))
    op.add_column("hold", sa.Column("reason", sa.Text))
    op.add_column("hold", sa.Column("warned_on", sa.Date))
    op.add_column("hold", sa.Column("overdue_on", sa.Date))
    op.create_table(
        "hold_review",
        sa.Column("review_id", sa.Uuid, primary_key=True),
        sa.Column("decision_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("until_on", sa.Date, nullable=False),
    )
    op.create_index("hold_review_of", "hold_review", ["decision_id", "at"])
    grant("antifraud", "hold_review", "SELECT", "INSERT")
    op.create_table(
        "rule_trip",
        sa.Column("trip_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("tripped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Integer, nullable=False),
        sa.Column("rearmed_at", sa.DateTime(timezone=True)),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("approved_by", sa.Uuid),
        sa.CheckConstraint(
            "rearmed_at IS NULL OR asked_by <> approved_by",
            name="rule_trip_rearmed_by_two",
        ),
    )
    op.create_index(
        "rule_trip_open",
        "rule_trip",
        ["version", "rule"],
        unique=True,
        postgresql_where=sa.text("rearmed_at IS NULL"),
    )
    grant("antifraud", "rule_trip", "SELECT", "INSERT")
    rearming = "UPDATE (rearmed_at, asked_by, approved_by)"
    grant("antifraud", "rule_trip", rearming)
    # Rows come in the order of time: a range of it is a few blocks.
    op.create_index(
        "decision_in_time", "decision", ["decided_at"], postgresql_using="brin"
    )


def downgrade() -> None:
    raise NotImplementedError
