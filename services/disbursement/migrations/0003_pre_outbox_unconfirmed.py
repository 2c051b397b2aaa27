"""What the broker has yet to confirm, as ranges in one row."""

from kernel.migrations import create_outbox_unconfirmed

revision = "0003_pre"
down_revision = "0002_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_outbox_unconfirmed("disbursement")


def downgrade() -> None:
    raise NotImplementedError
