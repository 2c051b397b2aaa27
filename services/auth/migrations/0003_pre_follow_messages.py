"""What became of a message, and in which language a number is written to."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0003_pre"
down_revision = "0002_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("template_version", sa.Integer),
        sa.Column("language", sa.Text),
        sa.Column("ask_at", _INSTANT),
        sa.Column("asked", sa.Integer),
        sa.Column("delivered_at", _INSTANT),
        sa.Column("failed_at", _INSTANT),
    ):
        op.add_column("messages", column)
    op.create_index(
        "messages_unreported",
        "messages",
        ["ask_at"],
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.create_table(
        "languages",
        sa.Column("phone_token", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("chosen_at", _INSTANT, nullable=False),
        sa.CheckConstraint("language IN ('kk', 'ru', 'en')", name="languages_known"),
    )
    grant("auth", "languages", "SELECT", "DELETE")
    grant("gateway", "languages", "SELECT", "INSERT", "UPDATE")


def downgrade() -> None:
    raise NotImplementedError
