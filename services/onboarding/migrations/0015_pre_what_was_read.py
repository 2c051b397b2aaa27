"""What a reading was of; of those before, nobody noted it."""

import sqlalchemy as sa
from alembic import op

revision = "0015_pre"
down_revision = "0014_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readings", sa.Column("what", sa.Text))


def downgrade() -> None:
    raise NotImplementedError
