"""What readers did, until the writer tells it in the log (clauses 6.1d, 6.1e)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0005_pre"
down_revision = "0004_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_notice",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("fields", sa.LargeBinary, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN (10, 11)", name="audit_notice_kind"),
    )
    grant("audit", "audit_notice", "SELECT", "INSERT", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
