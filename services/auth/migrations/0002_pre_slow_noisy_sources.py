"""Buckets of failed logins by source; which locks have been told of."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0002_pre"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "login_sources",
        sa.Column("source_token", sa.Text, primary_key=True),
        sa.Column("full_at", _INSTANT, nullable=False),
        sa.Column("told_at", _INSTANT),
    )
    op.create_index("login_sources_full", "login_sources", ["full_at"])
    op.add_column("password_attempts", sa.Column("told", sa.Boolean))
    grant("auth", "login_sources", "SELECT", "DELETE")
    grant("gateway", "login_sources", "SELECT", "INSERT", "UPDATE")


def downgrade() -> None:
    raise NotImplementedError
