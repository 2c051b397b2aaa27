"""The register of disclosures: entries are only added, requests are sealed (6.2)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0009_pre"
down_revision = "0008_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "disclosure_documents",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "disclosures",
        sa.Column("disclosure_id", sa.Uuid, primary_key=True),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("recipient_kind", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("document_sha256", sa.Text, nullable=False),
        sa.Column("proofs", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("approved_at", _INSTANT, nullable=False),
        sa.Column("valid_until", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["document_sha256"], ["disclosure_documents.sha256"]),
        sa.CheckConstraint("asked_by <> approved_by", name="disclosures_two_persons"),
        sa.CheckConstraint("valid_until > approved_at", name="disclosures_run_out"),
    )
    op.create_index("disclosures_of_client", "disclosures", ["client_id"])
    for table in ("disclosure_documents", "disclosures"):
        grant("contracts", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
