"""Appeals of clients and their letters: sealed, and only added."""

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
        "appeals",
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
            "about IN ('application', 'contract', 'other')", name="appeals_about"
        ),
        sa.CheckConstraint(
            "(about = 'other') = (about_id IS NULL)", name="appeals_about_something"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'closed')", name="appeals_state"
        ),
    )
    op.create_index("appeals_of_client", "appeals", ["client_id", "id"])
    op.create_index("appeals_queue", "appeals", ["state", "answer_by"])
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("appeal_id", sa.Uuid, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.Column("staff_id", sa.Uuid),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"]),
    )
    op.create_index("letters_of_appeal", "letters", ["appeal_id", "id"])
    grant(
        "contracts",
        "appeals",
        *("SELECT", "INSERT", "UPDATE (state, answer_by, extended, written_at)"),
    )
    grant("contracts", "letters", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
