"""Signals of before the occurrences, and an index, that only older code used."""

from alembic import op

revision = "0014_post"
down_revision = "0013_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE signal CASCADE")
    op.execute("DROP FUNCTION signal_written")
    op.drop_index("centre_report_due", table_name="centre_report")


def downgrade() -> None:
    raise NotImplementedError
