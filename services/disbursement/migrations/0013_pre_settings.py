"""Dated settings that were changed, as audit's registry tells them (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0013_pre"
down_revision = "0012_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("disbursement")


def downgrade() -> None:
    raise NotImplementedError
