"""With an erased client go the tokens and proofs of amendments as well."""

from alembic import op

revision = "0017_pre"
down_revision = "0016_pre"
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
    UPDATE contracts SET
        protocol_id = CASE WHEN protocol_id IS NOT NULL THEN 'erased' END,
        certificate_serial =
            CASE WHEN certificate_serial IS NOT NULL THEN 'erased' END,
        account_token = CASE WHEN account_token IS NOT NULL THEN 'erased' END,
        amended_token = CASE WHEN amended_token IS NOT NULL THEN 'erased' END
        WHERE client_id = person;
    UPDATE amendments SET
        protocol_id = CASE WHEN protocol_id IS NOT NULL THEN 'erased' END,
        certificate_serial =
            CASE WHEN certificate_serial IS NOT NULL THEN 'erased' END,
        account_token = CASE WHEN account_token IS NOT NULL THEN 'erased' END
        WHERE client_id = person;
    UPDATE applications SET state = 'refused', refusal_code = 'erased',
        next_ask_at = NULL, for_person_since = NULL
        WHERE client_id = person AND state IN ('submitted', 'checked');
    UPDATE clients SET iin_token = NULL WHERE client_id = person;
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    op.execute(ERASE)


def downgrade() -> None:
    raise NotImplementedError
