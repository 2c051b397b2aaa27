"""Investigations; nothing of one can be changed or removed (clause 6.1h v, vi)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0018_pre"
down_revision = "0017_pre"
branch_labels = None
depends_on = None

ADDED_ONLY = ("investigation", "investigation_entry", "investigation_end")


def upgrade() -> None:
    op.create_table(
        "investigation",
        sa.Column("investigation_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "investigation_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("investigation_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("of", sa.Uuid),
        sa.Column("who", sa.Uuid),
        sa.Column("due_on", sa.Date),
        sa.Column("risk_id", sa.Uuid),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "investigation_entry_of",
        "investigation_entry",
        ["investigation_id", "entry_id"],
    )
    op.create_index(
        "investigation_entry_ends",
        "investigation_entry",
        ["of"],
        unique=True,
        postgresql_where=sa.text("of IS NOT NULL"),
    )
    op.create_table(
        "investigation_end",
        sa.Column("investigation_id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclusion_id", sa.Uuid, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.CheckConstraint(
            "asked_by <> approved_by", name="investigation_ended_by_two"
        ),
    )
    for table in ADDED_ONLY:
        grant("antifraud", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
