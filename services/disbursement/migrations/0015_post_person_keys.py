"""No older code is left: keys are made, for every client."""

from kernel.migrations import make_person_keys

revision = "0015_post"
down_revision = "0014_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_person_keys("SELECT client_id FROM payouts")


def downgrade() -> None:
    raise NotImplementedError
