"""No older code is left: keys are made, for every client and for the house."""

from kernel.migrations import make_person_keys

revision = "0024_post"
down_revision = "0023_post"
branch_labels = None
depends_on = None

# Requests about nobody in particular are sealed by a key of the house.
WHOM = """
SELECT client_id FROM applications
UNION SELECT client_id FROM contracts
UNION SELECT client_id FROM inquiries
UNION SELECT client_id FROM disclosures WHERE client_id IS NOT NULL
UNION SELECT '00000000-0000-0000-0000-000000000000'::uuid
"""


def upgrade() -> None:
    make_person_keys(WHOM)


def downgrade() -> None:
    raise NotImplementedError
