"""Documents by their digest, and their templates."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None

_ROLE = "contracts"


def upgrade() -> None:
    _create_documents()
    _create_templates()
    for table in ("documents", "templates"):
        grant(_ROLE, table, "SELECT", "INSERT")


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.CheckConstraint(
            "kind IN ('contract', 'amendment', 'evidence')", name="documents_kind"
        ),
    )
    op.create_index("documents_content", "documents", ["content_sha256"])
    op.create_index("documents_contract", "documents", ["contract_id"])


def _create_templates() -> None:
    op.create_table(
        "templates",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("kk", sa.Text, nullable=False),
        sa.Column("ru", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('contract', 'amendment')", name="templates_kind"),
        sa.CheckConstraint("asked_by <> approved_by", name="templates_four_eyes"),
    )


def downgrade() -> None:
    raise NotImplementedError
