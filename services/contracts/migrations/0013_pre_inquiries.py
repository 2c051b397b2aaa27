"""Inquiries of clients and their letters: sealed, and only added."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0013_pre"
down_revision = "0012_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("about_id", sa.Uuid),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("answer_by", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "about IN ('application', 'contract', 'other')", name="inquiries_about"
        ),
        sa.CheckConstraint(
            "(about = 'other') = (about_id IS NULL)", name="inquiries_about_something"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'closed')", name="inquiries_state"
        ),
    )
    op.create_index("inquiries_of_client", "inquiries", ["client_id", "id"])
    op.create_index("inquiries_queue", "inquiries", ["state", "answer_by"])
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("inquiry_id", sa.Uuid, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.Column("staff_id", sa.Uuid),
        sa.ForeignKeyConstraint(["inquiry_id"], ["inquiries.id"]),
    )
    op.create_index("letters_of_inquiry", "letters", ["inquiry_id", "id"])
    grant(
        "contracts",
        "inquiries",
        *("SELECT", "INSERT", "UPDATE (state, answer_by, extended, written_at)"),
    )
    grant("contracts", "letters", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
