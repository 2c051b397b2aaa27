"""What the broker has yet to confirm, as ranges in one row."""

from kernel.migrations import create_outbox_unconfirmed

revision = "0004_pre"
down_revision = "0003_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_outbox_unconfirmed("audit")


def downgrade() -> None:
    raise NotImplementedError
