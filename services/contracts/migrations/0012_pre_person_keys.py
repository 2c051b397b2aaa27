"""A key for every client, and the end of what contracts keeps of an erased one."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_person_keys

revision = "0012_pre"
down_revision = "0011_pre"
branch_labels = None
depends_on = None

SEALED = (
    "contracts.document",
    "documents.data",
    "company_signatures.proof",
    "application_checks.found",
    "disclosure_documents.document",
    "letters.text",
)

ACTS = """
CREATE OR REPLACE FUNCTION refuse_early_erasure(person UUID, at timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM contracts
    WHERE contracts.client_id = person
        AND contracts.state NOT IN ('annulled', 'closed');
    IF FOUND THEN
        RAISE EXCEPTION 'nobody with an open contract is erased';
    END IF;
    PERFORM 1 FROM contracts
    WHERE contracts.client_id = person
        AND contracts.final_at > at - interval '5 years';
    IF FOUND THEN
        RAISE EXCEPTION 'documents are kept for five years after the obligations';
    END IF;
END $$;
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
            CASE WHEN certificate_serial IS NOT NULL THEN 'erased' END
        WHERE client_id = person;
    UPDATE applications SET state = 'refused', refusal_code = 'erased',
        next_ask_at = NULL, for_person_since = NULL
        WHERE client_id = person AND state IN ('submitted', 'checked');
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    op.add_column("disclosure_documents", sa.Column("client_id", sa.Uuid))
    create_person_keys("contracts", sealed=SEALED, acts=ACTS)


def downgrade() -> None:
    raise NotImplementedError
