"""Dated settings that were changed, the registry of all services (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0010_pre"
down_revision = "0009_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("audit")


def downgrade() -> None:
    raise NotImplementedError
