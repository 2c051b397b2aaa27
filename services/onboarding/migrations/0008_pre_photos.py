"""Every judged photo with its measures, and what waits for a person."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_constraint("registrations_state", "registrations")
    op.create_check_constraint(
        "registrations_state",
        "registrations",
        "state IN ('draft', 'phone_confirmed', 'data_complete', 'photo_in_review',"
        " 'photo_held', 'photo_accepted', 'identified', 'active', 'refused')",
    )
    op.add_column(
        "registrations",
        sa.Column("photo_tries", sa.Integer, nullable=False, server_default="0"),
    )
    grant(ROLE, "registrations", "UPDATE (photo_tries)")
    _create_judgements()
    _create_comparisons()


def _create_judgements() -> None:
    op.create_table(
        "photo_judgements",
        sa.Column("photo_id", sa.Uuid, primary_key=True),
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("measures", sa.Text, nullable=False),
        sa.Column("limits_since", _INSTANT, nullable=False),
        sa.Column("upload_sha256", sa.Text, nullable=False),
        sa.Column("photo_sha256", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("photo_sealed", sa.LargeBinary),
        sa.Column("judged_at", _INSTANT, nullable=False),
        sa.Column("settled_as", sa.Text),
        sa.Column("settled_by", sa.Uuid),
        sa.Column("settled_reason", sa.Text),
        sa.Column("settled_at", _INSTANT),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.registration_id"]),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'review', 'held', 'refused')",
            name="photo_judgements_verdict",
        ),
        sa.CheckConstraint(
            "settled_as IN ('accepted', 'refused', 'superseded')",
            name="photo_judgements_settled",
        ),
        # A picture stays here only as long as somebody has to look at it.
        sa.CheckConstraint(
            "(photo_sealed IS NOT NULL)"
            " = (verdict IN ('review', 'held') AND settled_as IS NULL)",
            name="photo_judgements_picture",
        ),
    )
    op.create_index(
        "photo_judgements_waiting",
        "photo_judgements",
        ["registration_id"],
        unique=True,
        postgresql_where=sa.text("photo_sealed IS NOT NULL"),
    )
    grant(
        ROLE,
        "photo_judgements",
        "SELECT",
        "INSERT",
        "UPDATE (photo_sealed, settled_as, settled_by, settled_reason, settled_at)",
    )


def _create_comparisons() -> None:
    op.create_table(
        "photo_comparisons",
        sa.Column("photo_id", sa.Uuid, primary_key=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("protocol_id", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("protocol_sealed", sa.LargeBinary, nullable=False),
        sa.Column("cms_sealed", sa.LargeBinary, nullable=False),
        sa.Column("chain_sealed", sa.LargeBinary, nullable=False),
        sa.Column("revocation_sealed", sa.LargeBinary, nullable=False),
        sa.Column("verifier", sa.Text, nullable=False),
        sa.Column("trust_sha256", sa.Text, nullable=False),
        sa.Column("judged_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo_judgements.photo_id"]),
    )
    grant(ROLE, "photo_comparisons", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
