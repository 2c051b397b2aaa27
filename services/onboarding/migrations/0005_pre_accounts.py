"""Several accounts of a client, cards by token, and the proof of every act on them."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0005_pre"
down_revision = "0004_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"

# Clauses 4.10 and 5.3, held against the service and the schema's owner alike: an
# account comes with the registration, before there is a client; later each act on it is
# a change applied, in this very transaction, by a completed ceremony of its own or of
# the contract that names the account.  Older code's changes name no account.
PROOF_NEEDED = """
CREATE OR REPLACE FUNCTION refuse_unproved_account() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    needed TEXT := 'replace';
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM 1 FROM clients WHERE clients.client_id = NEW.client_id;
        IF NOT FOUND THEN
            RETURN NEW;
        END IF;
        needed := 'add';
    ELSIF NEW.removed_at IS DISTINCT FROM OLD.removed_at THEN
        needed := 'remove';
    ELSIF NEW.selected IS DISTINCT FROM OLD.selected THEN
        needed := 'select';
    END IF;
    PERFORM 1 FROM changes JOIN ceremonies ON
        ceremonies.ceremony_id = changes.ceremony_id
        AND ceremonies.state = 'completed'
        AND ceremonies.client_id = changes.client_id
        AND (ceremonies.operation = 'account_change:' || changes.change_id
            OR (needed = 'add' AND ceremonies.operation = changes.covered_by))
    WHERE changes.client_id = NEW.client_id AND changes.kind = 'account'
        AND changes.act = needed AND changes.state = 'applied'
        AND changes.xmin = pg_current_xact_id()::xid
        AND (needed IN ('add', 'replace') OR (NEW.iban_token = OLD.iban_token
            AND NEW.iban_sealed = OLD.iban_sealed
            AND NEW.card_sealed IS NOT DISTINCT FROM OLD.card_sealed))
        AND CASE needed
            WHEN 'add' THEN changes.account_id = NEW.account_id
                AND changes.value_token = NEW.iban_token AND NOT NEW.selected
            WHEN 'remove' THEN changes.account_id = NEW.account_id
                AND changes.old_token = OLD.iban_token AND OLD.removed_at IS NULL
            WHEN 'select' THEN CASE WHEN NEW.selected
                THEN changes.account_id = NEW.account_id
                    AND changes.value_token = NEW.iban_token
                ELSE changes.old_token = NEW.iban_token END
            ELSE coalesce(changes.account_id, NEW.account_id) = NEW.account_id
                AND changes.old_token = OLD.iban_token
                AND changes.value_token = NEW.iban_token
                AND NEW.state = 'unproved'
        END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an account is changed by both proofs only (clause 4.10)';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_added_proved
    BEFORE INSERT ON accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_unproved_account();
CREATE TRIGGER accounts_acts_proved
    BEFORE UPDATE OF card_sealed, selected, removed_at ON accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_unproved_account();
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_added_proved;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_acts_proved;
"""

# Clauses 5.3 and 5.4: an account is proved by an answer about its very value, kept in
# the same transaction.  Looked for at its end, since the state is moved first.
ANSWER_NEEDED = """
CREATE FUNCTION refuse_unanswered_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'proved' AND OLD.iban_token = NEW.iban_token THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM 1 FROM ownership_checks WHERE ownership_checks.account_id = NEW.account_id
        AND ownership_checks.iban_token = NEW.iban_token
        AND ownership_checks.verdict = 'match'
        AND ownership_checks.xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an account is proved by an answer only (clauses 5.3, 5.4)';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accounts_proof_answered
    AFTER INSERT OR UPDATE OF state ON accounts
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'proved')
    EXECUTE FUNCTION refuse_unanswered_account();
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_proof_answered;
"""

# Column constraints, because older code writes neither column.
NEW_COLUMNS = """
ALTER TABLE accounts ADD COLUMN selected BOOLEAN DEFAULT true NOT NULL
    CONSTRAINT accounts_removed CHECK (NOT (selected AND removed_at IS NOT NULL));
ALTER TABLE changes ADD COLUMN act TEXT DEFAULT 'replace' NOT NULL
    CONSTRAINT changes_act CHECK (act IN ('add', 'replace', 'select', 'remove'));
"""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("card_sealed", sa.LargeBinary))
    op.add_column("accounts", sa.Column("removed_at", sa.DateTime(timezone=True)))
    op.execute(NEW_COLUMNS)
    op.add_column("changes", sa.Column("account_id", sa.Uuid))
    op.add_column("changes", sa.Column("covered_by", sa.Text))
    for column in ("old_sealed", "old_token", "value_sealed", "value_token"):
        op.alter_column("changes", column, nullable=True)
    op.execute(PROOF_NEEDED)
    op.execute(ANSWER_NEEDED)
    grant(ROLE, "accounts", "UPDATE (card_sealed, selected, removed_at)")
    grant(ROLE, "changes", "UPDATE (covered_by)")


def downgrade() -> None:
    raise NotImplementedError
