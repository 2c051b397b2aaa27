"""Names and document may be others, by both proofs over a statement of their own."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0014_pre"
down_revision = "0013_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_IDENTITY = (
    "surname_sealed, given_name_sealed, patronymic_sealed, document_kind,"
    " document_number_sealed, document_valid_until"
)

# Clause 4.10, held against the service and the schema's owner alike. Sealing a field
# anew by the person's own key passes: the value is the same.
PROOF_NEEDED = """
CREATE OR REPLACE FUNCTION is_same_or_resealed(person UUID, was BYTEA, becomes BYTEA)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT was IS NOT DISTINCT FROM becomes OR is_resealed(person, was, becomes)
$$;
CREATE OR REPLACE FUNCTION refuse_unproved_identity() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.document_kind = OLD.document_kind
        AND NEW.document_valid_until = OLD.document_valid_until
        AND is_same_or_resealed(OLD.client_id, OLD.surname_sealed, NEW.surname_sealed)
        AND is_same_or_resealed(
            OLD.client_id, OLD.given_name_sealed, NEW.given_name_sealed)
        AND is_same_or_resealed(
            OLD.client_id, OLD.patronymic_sealed, NEW.patronymic_sealed)
        AND is_same_or_resealed(
            OLD.client_id, OLD.document_number_sealed, NEW.document_number_sealed)
    THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM changes JOIN ceremonies ON
        ceremonies.ceremony_id = changes.ceremony_id
        AND ceremonies.state = 'completed'
        AND ceremonies.client_id = changes.client_id
        AND ceremonies.operation = 'identity_change:' || changes.change_id
    WHERE changes.client_id = NEW.client_id AND changes.kind = 'identity'
        AND changes.state = 'applied'
        AND changes.xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an identity is changed by both proofs only (clause 4.10)';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER persons_identity_proved
    BEFORE UPDATE OF surname_sealed, given_name_sealed, patronymic_sealed,
        document_kind, document_number_sealed, document_valid_until ON persons
    FOR EACH ROW EXECUTE FUNCTION refuse_unproved_identity();
ALTER TABLE persons ENABLE ALWAYS TRIGGER persons_identity_proved;
"""


def upgrade() -> None:
    op.add_column("changes", sa.Column("refused_reason", sa.Text))
    op.drop_constraint("changes_kind", "changes", type_="check")
    op.create_check_constraint(
        "changes_kind", "changes", "kind IN ('phone', 'account', 'identity')"
    )
    op.execute(PROOF_NEEDED)
    grant(ROLE, "changes", "UPDATE (refused_reason)")
    grant(ROLE, "persons", f"UPDATE ({_IDENTITY}, given_at)")


def downgrade() -> None:
    raise NotImplementedError
