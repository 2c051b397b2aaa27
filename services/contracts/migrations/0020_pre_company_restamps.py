"""Time stamps of the company's signatures are renewed before they age."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0020_pre"
down_revision = "0019_pre"
branch_labels = None
depends_on = None

_ROLE = "contracts"


def upgrade() -> None:
    # Never looked at: code before this one writes neither.
    for name in ("ages_at", "looked_at"):
        op.add_column("company_signatures", sa.Column(name, sa.DateTime(timezone=True)))
    grant(_ROLE, "company_signatures", "UPDATE (ages_at, looked_at)")
    op.create_index("company_signatures_ageing", "company_signatures", ["ages_at"])
    op.create_table(
        "company_restamps",
        sa.Column("restamp_id", sa.Uuid, primary_key=True),
        sa.Column("document_sha256", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_sha256"], ["company_signatures.document_sha256"]
        ),
        sa.UniqueConstraint(
            "document_sha256", "number", name="company_restamps_number"
        ),
    )
    grant(_ROLE, "company_restamps", "SELECT", "INSERT", "UPDATE (proof)")


def downgrade() -> None:
    raise NotImplementedError
