"""From where ended operations were asked for is forgotten."""

from kernel.migrations import grant

revision = "0021_pre"
down_revision = "0020_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grant("onboarding", "origins", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
