"""What said that the stamper of a new time stamp was good when it stamped."""

import sqlalchemy as sa
from alembic import op

revision = "0016_pre"
down_revision = "0015_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("restamps", sa.Column("revocation_sealed", sa.LargeBinary))


def downgrade() -> None:
    raise NotImplementedError
