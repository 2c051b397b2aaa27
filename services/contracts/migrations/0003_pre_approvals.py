"""Four eyes: what one member of the staff asks for and another decides."""

from kernel.migrations import create_approvals

revision = "0003_pre"
down_revision = "0002_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_approvals("contracts")


def downgrade() -> None:
    raise NotImplementedError
