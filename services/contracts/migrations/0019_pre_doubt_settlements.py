"""What two of the staff settle of entries in which the bank contradicts itself."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0019_pre"
down_revision = "0018_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doubt_settlements",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("document_sha256", sa.Text, nullable=False),
        sa.Column("approval_id", sa.Uuid, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_sha256"], ["disclosure_documents.sha256"]),
        sa.CheckConstraint(
            "asked_by <> approved_by", name="doubt_settlements_two_persons"
        ),
    )
    grant("contracts", "doubt_settlements", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
