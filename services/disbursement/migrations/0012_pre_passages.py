"""One row for each passage through the gate, with all its checks."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0012_pre"
down_revision = "0011_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_passages",
        sa.Column("passage", sa.Uuid, primary_key=True),
        sa.Column(
            "payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id"), nullable=False
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checks", sa.JSON, nullable=False),
        sa.CheckConstraint(
            "json_array_length(checks) > 0", name="payout_passages_checks"
        ),
    )
    op.create_index("payout_passages_of_payout", "payout_passages", ["payout_id"])
    # What the gate saw stays as it was seen.
    grant("disbursement", "payout_passages", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
