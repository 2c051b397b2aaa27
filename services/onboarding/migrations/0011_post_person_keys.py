"""No older code is left: keys are made, for everybody who was here before as well."""

from alembic import op

revision = "0011_post"
down_revision = "0010_pre"
branch_labels = None
depends_on = None

# Dropping the trigger waits for every transaction that was passed over by it: the
# registrations of those are found by the second statement.
FROM_NOW_ON = """
DROP TRIGGER person_keys_not_yet ON person_keys;
DROP FUNCTION make_no_key_yet();
INSERT INTO person_keys (client_id, look_at)
    SELECT client_id, expires_at FROM registrations ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    op.execute(FROM_NOW_ON)


def downgrade() -> None:
    raise NotImplementedError
