"""Indicators: readings that stay, and what turned red and is answered once (6.1h)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0017_pre"
down_revision = "0016_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator_reading",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("base", sa.BigInteger, nullable=False),
        sa.Column("colour", sa.SmallInteger, nullable=False),
        sa.Column("amber", sa.BigInteger, nullable=False),
        sa.Column("red", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "indicator_item",
        sa.Column("item_id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Uuid),
        sa.Column("answer", sa.Text),
        sa.Column("risk_id", sa.Uuid),
        sa.CheckConstraint(
            "num_nulls(answered_at, answered_by, answer) IN (0, 3)",
            name="indicator_item_answered",
        ),
    )
    op.create_index(
        "indicator_item_waiting",
        "indicator_item",
        ["code"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    grant("antifraud", "indicator_reading", "SELECT", "INSERT")
    grant("antifraud", "indicator_item", "SELECT", "INSERT")
    answering = "answered_at, answered_by, answer, risk_id"
    grant("antifraud", "indicator_item", f"UPDATE ({answering})")


def downgrade() -> None:
    raise NotImplementedError
