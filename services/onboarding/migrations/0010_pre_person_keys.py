"""A key for every person, and erasure by destroying it."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0010_pre"
down_revision = "0009_post"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)

# Older code opens nothing that a person's key has sealed: until none of it is left, no
# key is made. The row is passed over, not refused: newer code then seals as before.
NOT_YET = """
CREATE FUNCTION make_no_key_yet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER person_keys_not_yet
    BEFORE INSERT ON person_keys
    FOR EACH ROW EXECUTE FUNCTION make_no_key_yet();
"""

# Held against the service and the schema's owner alike: a destroyed key does not come
# back, and none is destroyed while a contract obliges or within five years of a
# biometric protocol (the floor of `biometric.retention_years`).
KEYS_GUARDED = """
CREATE FUNCTION guard_person_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a destroyed key does not come back';
    ELSIF NEW.destroyed_at IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM obligations
    WHERE obligations.client_id = NEW.client_id AND obligations.closed_at IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'nobody with an open contract is erased';
    END IF;
    PERFORM 1 FROM protocols JOIN ceremonies
        ON ceremonies.ceremony_id = protocols.ceremony_id
    WHERE ceremonies.client_id = NEW.client_id
        AND protocols.judged_at > NEW.destroyed_at - interval '5 years';
    IF FOUND THEN
        RAISE EXCEPTION 'a biometric protocol is kept for five years (clause 4.2)';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER person_keys_guarded
    BEFORE UPDATE ON person_keys
    FOR EACH ROW EXECUTE FUNCTION guard_person_key();
ALTER TABLE person_keys ENABLE ALWAYS TRIGGER person_keys_guarded;
"""

# What may happen to a guarded value without its proof: its field is sealed anew by the
# person's key, once, the token as it was; or the person was erased, and the token goes.
EXEMPT = """
CREATE FUNCTION is_resealed(person UUID, was BYTEA, becomes BYTEA) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        substring(was FROM 1 FOR 8) <> '\\x0106706572736f6e'::bytea
        AND substring(becomes FROM 1 FOR 8) = '\\x0106706572736f6e'::bytea
        AND EXISTS (SELECT FROM person_keys
            WHERE person_keys.client_id = person AND person_keys.whole_at IS NULL),
        false)
$$;
CREATE FUNCTION is_erased(person UUID) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM person_keys WHERE person_keys.client_id = person
        AND person_keys.destroyed_at IS NOT NULL)
$$;
CREATE OR REPLACE TRIGGER persons_iin_stays
    BEFORE UPDATE OF client_id, iin_token, iin_sealed ON persons
    FOR EACH ROW WHEN (NOT (NEW.client_id = OLD.client_id AND (
        (NEW.iin_token = OLD.iin_token
            AND is_resealed(OLD.client_id, OLD.iin_sealed, NEW.iin_sealed))
        OR (NEW.iin_sealed = OLD.iin_sealed AND is_erased(OLD.client_id)
            AND NEW.iin_token = 'erased.' || OLD.client_id))))
    EXECUTE FUNCTION refuse_iin_change();
CREATE OR REPLACE TRIGGER clients_iin_stays
    BEFORE UPDATE OF client_id, iin_token ON clients
    FOR EACH ROW WHEN (NOT (NEW.client_id = OLD.client_id
        AND is_erased(OLD.client_id)
        AND NEW.iin_token = 'erased.' || OLD.client_id))
    EXECUTE FUNCTION refuse_iin_change();
CREATE OR REPLACE TRIGGER clients_phone_proved
    BEFORE UPDATE OF phone_token, phone_sealed ON clients
    FOR EACH ROW WHEN (NOT (
        (NEW.phone_token = OLD.phone_token
            AND is_resealed(OLD.client_id, OLD.phone_sealed, NEW.phone_sealed))
        OR (NEW.phone_sealed = OLD.phone_sealed AND is_erased(OLD.client_id)
            AND NEW.phone_token = 'erased.' || OLD.client_id)))
    EXECUTE FUNCTION refuse_unproved_phone();
CREATE OR REPLACE TRIGGER accounts_iban_proved
    BEFORE UPDATE OF iban_token, iban_sealed ON accounts
    FOR EACH ROW WHEN (NOT (NEW.client_id = OLD.client_id AND (
        (NEW.iban_token = OLD.iban_token
            AND is_resealed(OLD.client_id, OLD.iban_sealed, NEW.iban_sealed))
        OR (NEW.iban_sealed = OLD.iban_sealed AND is_erased(OLD.client_id)
            AND NEW.iban_token = 'erased.' || OLD.account_id))))
    EXECUTE FUNCTION refuse_unproved_account();
CREATE OR REPLACE TRIGGER accounts_acts_proved
    BEFORE UPDATE OF card_sealed, selected, removed_at ON accounts
    FOR EACH ROW WHEN (NOT (NEW.selected = OLD.selected
        AND NEW.removed_at IS NOT DISTINCT FROM OLD.removed_at
        AND is_resealed(OLD.client_id, OLD.card_sealed, NEW.card_sealed)))
    EXECUTE FUNCTION refuse_unproved_account();
ALTER TABLE persons ENABLE ALWAYS TRIGGER persons_iin_stays;
ALTER TABLE clients ENABLE ALWAYS TRIGGER clients_iin_stays;
ALTER TABLE clients ENABLE ALWAYS TRIGGER clients_phone_proved;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_iban_proved;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_acts_proved;
"""

# The service's role may rewrite no evidence; these two acts run by the right of the
# schema's owner, whole or not at all.
RESEAL = """
CREATE FUNCTION reseal(of_table TEXT, of_column TEXT, key_column TEXT, key UUID,
    was BYTEA, becomes BYTEA) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF right(of_column, 7) <> '_sealed'
        OR substring(was FROM 1 FOR 8) = '\\x0106706572736f6e'::bytea
        OR substring(becomes FROM 1 FOR 8) <> '\\x0106706572736f6e'::bytea THEN
        RAISE EXCEPTION 'a field is sealed anew once, by the key of its person';
    END IF;
    EXECUTE format('UPDATE %I SET %I = %L WHERE %I = %L AND %I = %L',
        of_table, of_column, becomes, key_column, key, of_column, was);
END $$;
"""
ERASE = """
CREATE FUNCTION erase_person(person UUID, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE person_keys
        SET key_sealed = NULL, wrapped_by = NULL, look_at = NULL, destroyed_at = at
        WHERE client_id = person AND destroyed_at IS NULL AND whole_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE persons SET iin_token = 'erased.' || client_id WHERE client_id = person;
    UPDATE clients SET iin_token = 'erased.' || client_id,
        phone_token = 'erased.' || client_id WHERE client_id = person;
    UPDATE ownership_checks SET iban_token = 'erased.' || account_id,
        evidence_id = 'erased' WHERE account_id IN
        (SELECT account_id FROM accounts WHERE client_id = person);
    UPDATE accounts SET iban_token = 'erased.' || account_id WHERE client_id = person;
    UPDATE changes SET
        old_token = CASE WHEN old_token IS NOT NULL THEN 'erased' END,
        value_token = CASE WHEN value_token IS NOT NULL THEN 'erased' END
        WHERE client_id = person;
    UPDATE changes SET state = 'refused', refused_code = 'erased', moved_at = at
        WHERE client_id = person AND state IN ('draft', 'confirmed', 'checked');
    UPDATE ceremonies SET state = 'failed', failed_code = 'erased', moved_at = at
        WHERE client_id = person
        AND state IN ('open', 'biometrics_done', 'signature_done');
    UPDATE attempts SET session_id = 'erased',
        reference_sha256 = sha256(attempt_id::text::bytea) WHERE ceremony_id IN
        (SELECT ceremony_id FROM ceremonies WHERE client_id = person);
    UPDATE protocols SET protocol_id = 'erased.' || attempt_id WHERE ceremony_id IN
        (SELECT ceremony_id FROM ceremonies WHERE client_id = person);
    UPDATE signatures SET certificate_serial = 'erased', certificate_sha256 = 'erased'
        WHERE ceremony_id IN
        (SELECT ceremony_id FROM ceremonies WHERE client_id = person);
    UPDATE photo_judgements SET photo_sealed = NULL, settled_as = 'superseded',
        settled_at = at WHERE photo_sealed IS NOT NULL AND registration_id IN
        (SELECT registration_id FROM registrations WHERE client_id = person);
    UPDATE photo_judgements SET settled_reason = NULL WHERE registration_id IN
        (SELECT registration_id FROM registrations WHERE client_id = person);
    UPDATE reviews SET settled_as = 'superseded', settled_at = at
        WHERE client_id = person AND settled_as IS NULL;
    UPDATE reviews SET settled_reason = NULL WHERE client_id = person;
    UPDATE photo_comparisons SET protocol_id = 'erased' WHERE photo_id IN
        (SELECT photo_id FROM photo_judgements JOIN registrations ON
            registrations.registration_id = photo_judgements.registration_id
            WHERE registrations.client_id = person);
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("key_sealed", sa.LargeBinary),
        sa.Column("wrapped_by", sa.Text),
        sa.Column("made_at", _INSTANT),
        sa.Column("whole_at", _INSTANT),
        sa.Column("look_at", _INSTANT),
        sa.Column("destroyed_at", _INSTANT),
        sa.CheckConstraint(
            "(key_sealed IS NULL) = (wrapped_by IS NULL)", name="person_keys_wrapped"
        ),
        sa.CheckConstraint(
            "destroyed_at IS NULL OR key_sealed IS NULL", name="person_keys_destroyed"
        ),
    )
    op.create_index(
        "person_keys_partial",
        "person_keys",
        ["made_at"],
        postgresql_where=sa.text("whole_at IS NULL"),
    )
    op.create_index("person_keys_wrapping", "person_keys", ["wrapped_by"])
    op.create_index("person_keys_looked", "person_keys", ["look_at"])
    op.create_table(
        "erasure_requests",
        sa.Column("request_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT),
    )
    op.create_index(
        "erasure_requests_standing",
        "erasure_requests",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    grant(
        ROLE,
        "person_keys",
        "SELECT",
        "INSERT",
        "UPDATE (key_sealed, wrapped_by, made_at, whole_at, look_at)",
    )
    grant(ROLE, "erasure_requests", "SELECT", "INSERT", "UPDATE (withdrawn_at)")
    op.execute(NOT_YET)
    op.execute(KEYS_GUARDED)
    op.execute(EXEMPT)
    op.execute(RESEAL)
    op.execute(ERASE)


def downgrade() -> None:
    raise NotImplementedError
