"""Dated settings that were changed, as audit's registry tells them (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0021_pre"
down_revision = "0020_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("contracts")


def downgrade() -> None:
    raise NotImplementedError
