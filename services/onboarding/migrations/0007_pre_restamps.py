"""New time stamps over kept signatures, and when the last one ages."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "restamps",
        sa.Column("restamp_id", sa.Uuid, primary_key=True),
        sa.Column("ceremony_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("stamp_sealed", sa.LargeBinary, nullable=False),
        sa.Column("stamped_at", _INSTANT, nullable=False),
        sa.Column("kept_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["ceremony_id"], ["signatures.ceremony_id"]),
        sa.UniqueConstraint("ceremony_id", "number"),
    )
    op.add_column("signatures", sa.Column("ages_at", _INSTANT))
    op.add_column("signatures", sa.Column("looked_at", _INSTANT))
    op.create_index("signatures_ageing", "signatures", ["ages_at"])
    grant(ROLE, "restamps", "SELECT", "INSERT")
    grant(ROLE, "signatures", "UPDATE (ages_at, looked_at)")


def downgrade() -> None:
    raise NotImplementedError
