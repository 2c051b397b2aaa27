"""The signals of before the occurrences, which only older code wrote."""

from alembic import op

revision = "0010_post"
down_revision = "0009_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE signal CASCADE")
    op.execute("DROP FUNCTION signal_written")


def downgrade() -> None:
    raise NotImplementedError
