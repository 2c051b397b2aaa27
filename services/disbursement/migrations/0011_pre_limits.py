"""Sums of what was sent in a day, what two of the staff agreed to pay, what is held."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0011_pre"
down_revision = "0010_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_sums",
        sa.Column("day_on", sa.Date, primary_key=True),
        sa.Column("counted_id", sa.Uuid, primary_key=True),
        sa.Column("currency", sa.Text, primary_key=True),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name="sent_sums_amount"),
    )
    grant("disbursement", "sent_sums", "SELECT", "INSERT", "UPDATE")
    op.create_table(
        "payout_approvals",
        sa.Column("approval_id", sa.Uuid, primary_key=True),
        sa.Column(
            "payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id"), nullable=False
        ),
        sa.Column("order_seal", sa.LargeBinary, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "requested_by <> approved_by", name="payout_approvals_by_two_persons"
        ),
    )
    op.create_index("payout_approvals_of_payout", "payout_approvals", ["payout_id"])
    op.create_index(
        "payouts_held",
        "payouts",
        ["held_code"],
        postgresql_where=sa.text(
            "held_code IS NOT NULL AND state NOT IN ('paid', 'rejected', 'cancelled')"
        ),
    )
    # A yes is kept as it was given: neither changed nor taken back.
    grant("disbursement", "payout_approvals", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
