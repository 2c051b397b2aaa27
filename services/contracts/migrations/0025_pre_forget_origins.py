"""From where ended operations were asked for is forgotten."""

from kernel.migrations import grant

revision = "0025_pre"
down_revision = "0024_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grant("contracts", "origins", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
