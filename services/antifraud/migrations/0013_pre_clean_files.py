"""Files of cases are made anew: the digest of what was brought stands beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0013_pre"
down_revision = "0012_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_file", sa.Column("upload_sha256", sa.Text))


def downgrade() -> None:
    raise NotImplementedError
