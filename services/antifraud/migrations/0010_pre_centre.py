"""What the National Bank's centre tells, what became of our messages, daily reports."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0010_pre"
down_revision = "0009_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_feed()
    _create_listing()
    op.create_table(
        "centre_day",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("made_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sa.Column("differs", sa.Boolean, nullable=False),
    )
    grant("antifraud", "centre_day", "SELECT", "INSERT")
    _widen_report()
    op.create_index("link_of_key", "link", ["key"])
    op.create_index("hold_at", "hold", ["held_at"])


def downgrade() -> None:
    raise NotImplementedError


def _create_feed() -> None:
    op.create_table(
        "centre_feed",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
    )
    grant("antifraud", "centre_feed", "SELECT", "INSERT", "UPDATE")
    op.create_table(
        "centre_item",
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("item_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text),
        sa.Column("ground", sa.Text),
    )
    op.create_index("centre_item_id", "centre_item", ["item_id"])
    op.create_index("centre_item_state", "centre_item", ["state"])
    grant("antifraud", "centre_item", "SELECT", "INSERT", "UPDATE")


def _create_listing() -> None:
    op.create_table(
        "centre_listing",
        sa.Column("item_id", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("centre_listing_key", "centre_listing", ["key"])
    grant("antifraud", "centre_listing", "SELECT", "INSERT", "UPDATE (ended_at)")


def _widen_report() -> None:
    for column in ("status", "reason", "settled_by", "ground"):
        op.add_column("centre_report", sa.Column(column, sa.Text))
    op.add_column("centre_report", sa.Column("ask_at", sa.DateTime(timezone=True)))
    op.create_index("centre_report_created", "centre_report", ["created_at"])
    op.create_index(
        "centre_report_line",
        "centre_report",
        ["created_at", "event_id"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "centre_report_unsettled",
        "centre_report",
        ["ask_at"],
        postgresql_where=sa.text("state = 'sent'"),
    )
