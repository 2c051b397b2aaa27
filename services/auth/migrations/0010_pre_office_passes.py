"""Passes of who was at the office: given by the process `auth`, used at the gateway."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0010_pre"
down_revision = "0009_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "office_passes",
        sa.Column("pass_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("pass_sha256", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.UniqueConstraint("pass_sha256", name="office_passes_pass"),
    )
    grant("auth", "office_passes", "SELECT", "INSERT", "DELETE")
    grant("gateway", "office_passes", "SELECT", "UPDATE (used_at)")


def downgrade() -> None:
    raise NotImplementedError
