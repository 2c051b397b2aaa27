"""The register of risks of fraud; nothing of it can be changed or removed (6.1h)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0015_pre"
down_revision = "0014_post"
branch_labels = None
depends_on = None

ADDED_ONLY = ("risk", "risk_revision", "risk_acceptance", "risk_reminder")


def upgrade() -> None:
    op.create_table(
        "risk",
        sa.Column("risk_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "risk_revision",
        sa.Column("risk_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("assessed", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("says", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "risk_acceptance",
        sa.Column("acceptance_id", sa.Uuid, primary_key=True),
        sa.Column("risk_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until_on", sa.Date, nullable=False),
        sa.CheckConstraint("asked_by <> approved_by", name="risk_accepted_by_two"),
    )
    op.create_index(
        "risk_acceptance_of", "risk_acceptance", ["risk_id", "acceptance_id"]
    )
    op.create_table(
        "risk_reminder",
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("duty", sa.Text, primary_key=True),
        sa.Column("due_on", sa.Date, primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in ADDED_ONLY:
        grant("antifraud", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
