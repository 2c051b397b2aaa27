"""Suspensions of clients, while which silence is not counted."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0014_pre"
down_revision = "0013_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("contracts", sa.Column("suspended_since", _INSTANT))
    op.create_table(
        "suspensions",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("suspended_at", _INSTANT),
        sa.Column("released_at", _INSTANT),
    )
    grant("contracts", "contracts", "UPDATE (suspended_since)")
    grant(
        "contracts",
        "suspensions",
        *("SELECT", "INSERT", "UPDATE (suspended_at, released_at)"),
    )


def downgrade() -> None:
    raise NotImplementedError
