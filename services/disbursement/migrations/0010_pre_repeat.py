"""A payout in the place of one that the bank refused, asked for by two of the staff."""

import sqlalchemy as sa
from alembic import op

revision = "0010_pre"
down_revision = "0009_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payouts", sa.Column("follows", sa.Uuid, sa.ForeignKey("payouts.payout_id"))
    )
    op.add_column("payouts", sa.Column("repeat_until", sa.DateTime(timezone=True)))


def downgrade() -> None:
    raise NotImplementedError
