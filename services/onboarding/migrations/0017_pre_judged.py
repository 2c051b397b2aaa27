"""Antifraud is asked before a registration or a change takes effect."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0017_pre"
down_revision = "0016_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_ask_at", _INSTANT),
        sa.Column("for_person_since", _INSTANT),
        sa.Column("agreed_at", _INSTANT),
        sa.Column("decision_id", sa.Uuid),
        sa.Column("outcome", sa.Text),
        sa.Column("asked_at", _INSTANT, nullable=False),
    )
    op.create_index("questions_subject", "questions", ["subject_id"])
    grant(
        ROLE,
        "questions",
        "SELECT",
        "INSERT",
        "UPDATE (tries, next_ask_at, for_person_since, agreed_at, decision_id,"
        " outcome, asked_at)",
    )
    _widen(
        "changes",
        "changes_state",
        "state IN ('draft', 'confirmed', 'checked', 'proved', 'applied', 'refused')",
    )
    op.add_column("changes", sa.Column("proved_by", sa.Uuid))
    op.create_foreign_key(
        "changes_proved_by_fkey",
        "changes",
        "ceremonies",
        ["proved_by"],
        ["ceremony_id"],
    )
    grant(ROLE, "changes", "UPDATE (proved_by)")
    op.create_index(
        "changes_proved",
        "changes",
        ["moved_at"],
        postgresql_where=sa.text("state = 'proved'"),
    )
    _widen(
        "reviews",
        "reviews_kind",
        "kind IN ('photo_in_doubt', 'photo_held', 'phone_owner', 'account_owner',"
        " 'antifraud')",
    )


def _widen(table: str, name: str, condition: str) -> None:
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, condition)


def downgrade() -> None:
    raise NotImplementedError
