"""What the re-reading found stops the writer until the log is proven whole (3.4)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0006_pre"
down_revision = "0005_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_block",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.Text),
    )
    grant("audit", "audit_block", "SELECT", "INSERT", "UPDATE")


def downgrade() -> None:
    raise NotImplementedError
