"""Dated settings that were changed, as audit's registry tells them (clause 6.3)."""

from kernel.migrations import create_settings

revision = "0018_pre"
down_revision = "0017_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_settings("onboarding")


def downgrade() -> None:
    raise NotImplementedError
