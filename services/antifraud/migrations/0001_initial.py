"""Signals, decisions, holds, and messages on their way to the anti-fraud centre."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel_tables()
    _create_signal()
    _create_decision()
    _create_hold()
    _create_report()
    grant("antifraud", "signal", "SELECT", "INSERT")
    grant("antifraud", "decision", "SELECT", "INSERT")
    grant("antifraud", "hold", "SELECT", "INSERT", "UPDATE")
    grant("antifraud", "centre_report", "SELECT", "INSERT", "UPDATE")


def downgrade() -> None:
    raise NotImplementedError


def _create_signal() -> None:
    op.create_table(
        "signal",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("object_id", sa.Uuid),
        sa.Column("token", sa.Text),
    )
    op.create_index("signal_of_client", "signal", ["client_id", "kind", "at"])
    op.create_index("signal_of_token", "signal", ["token", "kind", "at"])


def _create_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.Column("fired", sa.LargeBinary, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
    )
    op.create_index("decision_of_operation", "decision", ["operation", "decided_at"])


def _create_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("decision_id", sa.Uuid, primary_key=True),
        sa.Column("held", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_by", sa.Text),
        sa.Column("ground", sa.Text),
    )
    op.create_index(
        "hold_open",
        "hold",
        ["held"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )


def _create_report() -> None:
    op.create_table(
        "centre_report",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("ack_id", sa.Text),
    )
    op.create_index(
        "centre_report_due",
        "centre_report",
        ["next_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
