"""Dated settings that were changed, as audit's registry tells them (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0011_pre"
down_revision = "0010_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("antifraud")


def downgrade() -> None:
    raise NotImplementedError
