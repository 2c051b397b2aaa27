"""From where operations were asked for: browsers and networks, by keyed tokens."""

from kernel.migrations import create_origins

revision = "0019_pre"
down_revision = "0018_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_origins("onboarding")


def downgrade() -> None:
    raise NotImplementedError
