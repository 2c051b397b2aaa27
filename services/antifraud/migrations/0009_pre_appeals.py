"""The register of appeals: entries are added, put off once and answered once."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0009_pre"
down_revision = "0008_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal",
        sa.Column("appeal_id", sa.Uuid, primary_key=True),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("against", sa.Text, nullable=False),
        sa.Column("inquiry_id", sa.Uuid),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
        sa.Column("answer_by", sa.Date, nullable=False),
        sa.Column("words_sealed", sa.LargeBinary, nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True)),
        sa.Column("extension_reason", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("outcome", sa.Text),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'partly', 'rejected')", name="appeal_outcome"
        ),
        sa.CheckConstraint(
            "num_nulls(decided_at, decided_by, outcome, answer_sealed) IN (0, 4)",
            name="appeal_answered",
        ),
        sa.UniqueConstraint("year", "number", name="appeal_number"),
    )
    op.create_index(
        "appeal_open",
        "appeal",
        ["client_id", "against"],
        unique=True,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    grant("antifraud", "appeal", "SELECT", "INSERT")
    answering = "decided_at, decided_by, outcome, answer_sealed"
    putting_off = "answer_by, extended_at, extension_reason"
    grant("antifraud", "appeal", f"UPDATE ({putting_off}, {answering})")


def downgrade() -> None:
    raise NotImplementedError
