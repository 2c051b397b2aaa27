"""The mark in each row of the outbox, which only older relays read and wrote."""

from kernel.migrations import take_outbox_marks

revision = "0023_post"
down_revision = "0022_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    take_outbox_marks()


def downgrade() -> None:
    raise NotImplementedError
