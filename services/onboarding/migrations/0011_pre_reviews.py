"""The queue of what waits for a person, and the term of a registration that waits."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0011_pre"
down_revision = "0010_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_constraint("registrations_state", "registrations")
    op.create_check_constraint(
        "registrations_state",
        "registrations",
        "state IN ('draft', 'phone_confirmed', 'data_in_review', 'data_complete',"
        " 'photo_in_review', 'photo_held', 'photo_accepted', 'identified', 'active',"
        " 'refused')",
    )
    grant(ROLE, "registrations", "UPDATE (expires_at)")
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("registration_id", sa.Uuid),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT),
        sa.Column("term_left_s", sa.Integer),
        sa.Column("warned_at", _INSTANT),
        sa.Column("settled_as", sa.Text),
        sa.Column("settled_by", sa.Uuid),
        sa.Column("agreed_by", sa.Uuid),
        sa.Column("settled_reason", sa.Text),
        sa.Column("settled_at", _INSTANT),
        sa.CheckConstraint(
            "kind IN ('photo_in_doubt', 'photo_held', 'phone_owner', 'account_owner')",
            name="reviews_kind",
        ),
        sa.CheckConstraint(
            "settled_as IN ('approved', 'rejected', 'superseded', 'run_out')",
            name="reviews_settled",
        ),
        # What a machine refused is let through by two persons, or not at all.
        sa.CheckConstraint(
            "settled_as IS DISTINCT FROM 'approved'"
            " OR kind NOT IN ('photo_held', 'account_owner')"
            " OR (agreed_by IS NOT NULL AND agreed_by <> settled_by)",
            name="reviews_four_eyes",
        ),
    )
    op.create_index(
        "reviews_waiting",
        "reviews",
        ["subject_id"],
        unique=True,
        postgresql_where=sa.text("settled_as IS NULL"),
    )
    op.create_index(
        "reviews_running",
        "reviews",
        ["until"],
        postgresql_where=sa.text("settled_as IS NULL"),
    )
    op.create_index("reviews_registration", "reviews", ["registration_id"])
    grant(
        ROLE,
        "reviews",
        "SELECT",
        "INSERT",
        "UPDATE (warned_at, settled_as, settled_by, agreed_by, settled_reason,"
        " settled_at)",
    )


def downgrade() -> None:
    raise NotImplementedError
