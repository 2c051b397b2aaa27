"""Reminders of answers that are awaited: each is sent once."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0010_pre"
down_revision = "0009_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("awaits", sa.Text, primary_key=True),
        sa.Column("days_left", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.CheckConstraint("awaits IN ('consent', 'release')", name="reminders_awaits"),
    )
    grant("contracts", "reminders", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
