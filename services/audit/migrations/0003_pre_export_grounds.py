"""An export names the entry of the register that lets it be taken (clause 6.2)."""

import sqlalchemy as sa
from alembic import op

revision = "0003_pre"
down_revision = "0002_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_export", sa.Column("disclosure_id", sa.Uuid))


def downgrade() -> None:
    raise NotImplementedError
