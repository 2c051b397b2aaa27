"""Reports of a quarter on the risks of fraud, as they were made (clause 6.1h)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0019_pre"
down_revision = "0018_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "risk_report",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("quarter", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "risk_report_file",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("form", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    for table in ("risk_report", "risk_report_file"):
        grant("antifraud", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
