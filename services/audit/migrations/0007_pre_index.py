"""What full tiles of the log name: searching ten million leaves (clause 6.1d)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_tile",
        sa.Column("tile", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("terms", sa.ARRAY(sa.BigInteger), nullable=False),
        sa.Column("producers", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("events", sa.ARRAY(sa.Integer), nullable=False),
    )
    op.create_index("audit_tile_terms", "audit_tile", ["terms"], postgresql_using="gin")
    grant("audit", "audit_tile", "SELECT", "INSERT", "UPDATE")


def downgrade() -> None:
    raise NotImplementedError
