"""A key for every client, and the end of what disbursement keeps of an erased one."""

from kernel.migrations import create_person_keys

revision = "0004_pre"
down_revision = "0003_pre"
branch_labels = None
depends_on = None

SEALED = ("payouts.sealed_creditor", "payouts.sealed_digest")

ACTS = """
CREATE OR REPLACE FUNCTION refuse_early_erasure(person UUID, at timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM payouts
    WHERE payouts.client_id = person
        AND payouts.state NOT IN ('paid', 'rejected', 'cancelled', 'blocked');
    IF FOUND THEN
        RAISE EXCEPTION 'nobody with a payout under way is erased';
    END IF;
    PERFORM 1 FROM payouts
    WHERE payouts.client_id = person
        AND greatest(payouts.settled_at, payouts.entered_at) > at - interval '5 years';
    IF FOUND THEN
        RAISE EXCEPTION 'orders are kept for five years';
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
    UPDATE payout_checks SET evidence = 'erased' WHERE payout_id IN
        (SELECT payout_id FROM payouts WHERE client_id = person);
    UPDATE payouts SET account_token = 'erased'
        WHERE client_id = person AND account_token IS NOT NULL;
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    create_person_keys("disbursement", sealed=SEALED, acts=ACTS)


def downgrade() -> None:
    raise NotImplementedError
