"""Since when a client is named as they are now: what names them as before ends."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0018_pre"
down_revision = "0017_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "clients", sa.Column("identity_changed_at", sa.DateTime(timezone=True))
    )
    grant("contracts", "clients", "UPDATE (identity_changed_at)")


def downgrade() -> None:
    raise NotImplementedError
