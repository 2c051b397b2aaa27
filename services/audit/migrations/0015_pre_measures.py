"""First measures of incidents, and how far they are taken (clause 7.2)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0015_pre"
down_revision = "0014_post"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "first_measure",
        sa.Column("measure_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, nullable=False),
        sa.Column("measure", sa.Text, nullable=False),
        sa.Column("about", sa.Text),
        sa.Column("ordered_at", _INSTANT, nullable=False),
        sa.Column("taken_at", _INSTANT),
        sa.Column("lifted_at", _INSTANT),
        sa.Column("undone_at", _INSTANT),
    )
    op.create_index("first_measure_of", "first_measure", ["incident_id"])
    op.create_index(
        "first_measure_cut",
        "first_measure",
        ["ordered_at"],
        postgresql_where=sa.text("measure = 'cut_off' AND undone_at IS NULL"),
    )
    going_on = "UPDATE (taken_at, lifted_at, undone_at)"
    grant("audit", "first_measure", "SELECT", "INSERT", going_on)


def downgrade() -> None:
    raise NotImplementedError
