"""Dated settings that were changed, as audit's registry tells them (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0012_pre"
down_revision = "0011_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("auth", "gateway")


def downgrade() -> None:
    raise NotImplementedError
