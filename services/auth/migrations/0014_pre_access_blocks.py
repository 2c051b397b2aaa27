"""Who is kept out by an incident until two persons undo it (clause 7.2)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0014_pre"
down_revision = "0013_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_blocks",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Uuid, primary_key=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
    )
    grant("auth", "access_blocks", "SELECT", "INSERT", "DELETE")
    grant("gateway", "access_blocks", "SELECT")


def downgrade() -> None:
    raise NotImplementedError
