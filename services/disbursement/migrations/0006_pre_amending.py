"""Payouts of amended contracts: the account agreed on, and a hold counted anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006_pre"
down_revision = "0005_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("agreed_token", sa.Text))
    op.add_column("payouts", sa.Column("hold_from", sa.DateTime(timezone=True)))


def downgrade() -> None:
    raise NotImplementedError
