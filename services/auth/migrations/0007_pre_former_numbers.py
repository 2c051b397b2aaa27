"""The number a login has left, told for a while of what happens to accounts."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("logins", sa.Column("former_token", sa.Text))
    op.add_column("logins", sa.Column("former_sealed", sa.LargeBinary))
    op.add_column("logins", sa.Column("moved_at", sa.DateTime(timezone=True)))
    grant("auth", "logins", "UPDATE (former_token, former_sealed, moved_at)")


def downgrade() -> None:
    raise NotImplementedError
