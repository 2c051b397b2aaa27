"""The base of losses by fraud; nothing of it can be changed or removed (6.1h vii)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0016_pre"
down_revision = "0015_pre"
branch_labels = None
depends_on = None

ADDED_ONLY = ("loss", "loss_fact", "loss_entry")


def upgrade() -> None:
    op.create_table(
        "loss",
        sa.Column("loss_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "loss_fact",
        sa.Column("loss_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("risk_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("contract_id", sa.Uuid),
        sa.Column("occurred_on", sa.Date, nullable=False),
        sa.Column("found_on", sa.Date, nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index("loss_fact_of_case", "loss_fact", ["case_id"])
    op.create_table(
        "loss_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("loss_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index("loss_entry_of", "loss_entry", ["loss_id", "entry_id"])
    for table in ADDED_ONLY:
        grant("antifraud", table, "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
