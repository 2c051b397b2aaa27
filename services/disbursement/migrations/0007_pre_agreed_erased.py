"""With an erased client goes the token of the account an amendment agreed on."""

from alembic import op

revision = "0007_pre"
down_revision = "0006_pre"
branch_labels = None
depends_on = None

ERASE = """
CREATE OR REPLACE FUNCTION erase_person(person UUID, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE person_keys
        SET key_sealed = NULL, wrapped_by = NULL, look_at = NULL, destroyed_at = at
        WHERE client_id = person AND destroyed_at IS NULL AND whole_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE payout_checks SET evidence = 'erased' WHERE payout_id IN
        (SELECT payout_id FROM payouts WHERE client_id = person);
    UPDATE payouts SET
        account_token = CASE WHEN account_token IS NOT NULL THEN 'erased' END,
        agreed_token = CASE WHEN agreed_token IS NOT NULL THEN 'erased' END
        WHERE client_id = person;
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    op.execute(ERASE)


def downgrade() -> None:
    raise NotImplementedError
