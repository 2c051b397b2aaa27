"""Cases: what persons look at, with notes and files that are only added."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hold", sa.Column("confirmed_at", sa.DateTime(timezone=True)))
    _create_case()
    _create_papers()
    grant("antifraud", "fraud_case", "SELECT", "INSERT")
    moving = "priority, amount, score, due_on, assigned_to, assigned_at"
    closing = "closed_at, closed_by, outcome"
    grant("antifraud", "fraud_case", f"UPDATE ({moving}, {closing})")
    grant("antifraud", "case_item", "SELECT", "INSERT")
    grant("antifraud", "case_item", "UPDATE (decision_id, outcome, at)")
    grant("antifraud", "case_note", "SELECT", "INSERT")
    grant("antifraud", "case_file", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError


def _create_case() -> None:
    op.create_table(
        "fraud_case",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("assigned_to", sa.Uuid),
        sa.Column("assigned_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid),
        sa.Column("outcome", sa.Text),
        sa.CheckConstraint(
            "outcome IN ('fraud', 'not_fraud', 'unclear')", name="fraud_case_outcome"
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)", name="fraud_case_closed"
        ),
    )
    op.create_index(
        "fraud_case_open",
        "fraud_case",
        ["about"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("fraud_case_of", "fraud_case", ["client_id"])
    op.create_table(
        "case_item",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("decision_id", sa.Uuid, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_papers() -> None:
    op.create_table(
        "case_note",
        sa.Column("note_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("case_note_of", "case_note", ["case_id", "note_id"])
    op.create_table(
        "case_file",
        sa.Column("file_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("case_file_of", "case_file", ["case_id", "file_id"])
