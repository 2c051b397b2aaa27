"""The clock's witness: what it counted, and from when on for each payout."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0005_pre"
down_revision = "0004_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "clock_witness",
        sa.Column("one", sa.Boolean, primary_key=True, server_default=sa.text("true")),
        sa.Column("counted_ns", sa.BigInteger, nullable=False),
        sa.Column("boot_id", sa.Text, nullable=False),
        sa.Column("elapsed_ns", sa.BigInteger, nullable=False),
        sa.Column("wall", _INSTANT, nullable=False),
        sa.Column("gap", sa.Boolean, nullable=False),
        sa.Column("anchor_outer", _INSTANT),
        sa.Column("anchor_wall", _INSTANT),
        sa.Column("anchor_counted_ns", sa.BigInteger),
        sa.CheckConstraint("one", name="clock_witness_one"),
    )
    grant("disbursement", "clock_witness", "SELECT", "INSERT", "UPDATE")
    op.add_column("payouts", sa.Column("witnessed_from_ns", sa.BigInteger))
    op.add_column("payouts", sa.Column("first_sent_ns", sa.BigInteger))
    op.create_index(
        "payouts_unwitnessed",
        "payouts",
        ["payout_id"],
        postgresql_where=sa.text(
            "witnessed_from_ns IS NULL AND consented_at IS NOT NULL"
            " AND state IN ('consented', 'held', 'awaiting_release', 'ready')"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError
