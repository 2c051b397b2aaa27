"""Applications that are held, traces that cite settings, visits to an office."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0006_pre"
down_revision = "0005_post"
branch_labels = None
depends_on = None

_ROLE = "contracts"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "applications",
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    )
    for name in ("next_ask_at", "for_person_since"):
        op.add_column("applications", sa.Column(name, _INSTANT))
    op.create_index(
        "applications_for_person",
        "applications",
        ["for_person_since"],
        postgresql_where=sa.text("for_person_since IS NOT NULL"),
    )
    op.add_column("application_checks", sa.Column("cited", sa.LargeBinary))
    op.create_table(
        "unanswered_checks",
        sa.Column("application_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("asked_at", _INSTANT, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"]),
    )
    _create_visits()
    grant(_ROLE, "applications", "UPDATE (tries, next_ask_at, for_person_since)")
    for table in ("unanswered_checks", "visits"):
        grant(_ROLE, table, "SELECT", "INSERT")


def _create_visits() -> None:
    op.create_table(
        "visits",
        sa.Column("approval_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("visited_on", sa.Date, nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
        sa.Column("confirmed_by", sa.Uuid, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.CheckConstraint("recorded_by <> confirmed_by", name="visits_two_persons"),
    )
    op.create_index("visits_of_client", "visits", ["client_id"])


def downgrade() -> None:
    raise NotImplementedError
