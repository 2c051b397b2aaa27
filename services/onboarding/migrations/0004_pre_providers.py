"""Which provider a visit went to, and the visits of a person found quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0004_pre"
down_revision = "0003_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The code before this one names no provider and knew one: the default is its word.
    op.add_column(
        "attempts",
        sa.Column("provider", sa.Text, nullable=False, server_default="coid"),
    )
    op.create_index("ceremonies_client", "ceremonies", ["client_id"])


def downgrade() -> None:
    raise NotImplementedError
