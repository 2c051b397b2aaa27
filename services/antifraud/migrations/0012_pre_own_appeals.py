"""Clients file appeals themselves, and look at their own."""

from alembic import op

revision = "0012_pre"
down_revision = "0011_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("appeal_of_client", "appeal", ["client_id", "appeal_id"])


def downgrade() -> None:
    raise NotImplementedError
