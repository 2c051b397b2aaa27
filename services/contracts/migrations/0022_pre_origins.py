"""From where operations were asked for: browsers and networks, by keyed tokens."""

from kernel.migrations import create_origins

revision = "0022_pre"
down_revision = "0021_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_origins("contracts")


def downgrade() -> None:
    raise NotImplementedError
