"""Time stamps over checkpoints: when the log was so long (clause 3.2b, RFC 3161)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_stamp",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("checkpoint", sa.LargeBinary, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(
        "CREATE TRIGGER audit_stamp_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_stamp"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
    )
    op.execute("ALTER TABLE audit_stamp ENABLE ALWAYS TRIGGER audit_stamp_append_only")
    grant("audit", "audit_stamp", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
