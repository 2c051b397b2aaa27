"""The first schema of onboarding, what its role may do, and the ИИН that stays."""

from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLE = "onboarding"

SCHEMA = """
CREATE TABLE registrations (
    registration_id UUID NOT NULL,
    client_id UUID NOT NULL,
    state TEXT NOT NULL,
    token_sha256 BYTEA NOT NULL,
    phone_sealed BYTEA NOT NULL,
    challenge_id UUID NOT NULL,
    person_tries INTEGER DEFAULT 0 NOT NULL,
    refused_code TEXT,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (registration_id),
    CONSTRAINT registrations_state
        CHECK (state IN ('draft', 'phone_confirmed', 'data_complete',
            'photo_accepted', 'identified', 'active', 'refused')),
    CONSTRAINT registrations_refused
        CHECK ((state = 'refused') = (refused_code IS NOT NULL)),
    UNIQUE (client_id)
);
CREATE INDEX registrations_identified ON registrations (moved_at)
    WHERE state = 'identified';
CREATE TABLE persons (
    client_id UUID NOT NULL,
    iin_token TEXT NOT NULL,
    iin_sealed BYTEA NOT NULL,
    surname_sealed BYTEA NOT NULL,
    given_name_sealed BYTEA NOT NULL,
    patronymic_sealed BYTEA,
    document_kind TEXT NOT NULL,
    document_number_sealed BYTEA NOT NULL,
    document_valid_until DATE NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (client_id),
    CONSTRAINT persons_document CHECK (document_kind <> 'birth_certificate')
);
CREATE INDEX persons_iin_token ON persons (iin_token);
CREATE TABLE consents (
    client_id UUID NOT NULL,
    kind TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, kind)
);
CREATE TABLE photos (
    photo_id UUID NOT NULL,
    registration_id UUID NOT NULL,
    photo_sealed BYTEA NOT NULL,
    photo_sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    judged_at timestamptz NOT NULL,
    PRIMARY KEY (photo_id),
    UNIQUE (registration_id),
    FOREIGN KEY(registration_id) REFERENCES registrations (registration_id)
);
CREATE TABLE clients (
    client_id UUID NOT NULL,
    registration_id UUID NOT NULL,
    iin_token TEXT NOT NULL,
    phone_token TEXT NOT NULL,
    phone_sealed BYTEA NOT NULL,
    activated_at timestamptz NOT NULL,
    PRIMARY KEY (client_id),
    UNIQUE (registration_id),
    FOREIGN KEY(registration_id) REFERENCES registrations (registration_id),
    UNIQUE (iin_token),
    UNIQUE (phone_token)
);
CREATE TABLE accounts (
    account_id UUID NOT NULL,
    client_id UUID NOT NULL,
    iban_sealed BYTEA NOT NULL,
    iban_token TEXT NOT NULL,
    state TEXT NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (account_id),
    CONSTRAINT accounts_state CHECK (state IN ('unproved', 'proved', 'lost')),
    UNIQUE (client_id)
);
CREATE TABLE ownership_checks (
    check_id UUID NOT NULL,
    account_id UUID NOT NULL,
    verdict TEXT NOT NULL,
    evidence_id TEXT NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (check_id),
    FOREIGN KEY(account_id) REFERENCES accounts (account_id)
);
CREATE INDEX ownership_checks_account ON ownership_checks (account_id);
CREATE TABLE ceremonies (
    ceremony_id UUID NOT NULL,
    client_id UUID NOT NULL,
    operation TEXT NOT NULL,
    document_sealed BYTEA NOT NULL,
    document_sha256 TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL,
    failed_code TEXT,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (ceremony_id),
    CONSTRAINT ceremonies_state
        CHECK (state IN ('open', 'biometrics_done', 'signature_done',
            'completed', 'failed')),
    CONSTRAINT ceremonies_failed
        CHECK ((state = 'failed') = (failed_code IS NOT NULL)),
    UNIQUE (nonce)
);
CREATE INDEX ceremonies_operation ON ceremonies (operation);
CREATE UNIQUE INDEX ceremonies_unfinished ON ceremonies (operation)
    WHERE state IN ('open', 'biometrics_done', 'signature_done');
CREATE TABLE attempts (
    attempt_id UUID NOT NULL,
    ceremony_id UUID NOT NULL,
    reference_sha256 BYTEA NOT NULL,
    session_id TEXT NOT NULL,
    redirect_url_sealed BYTEA NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    opened_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (attempt_id),
    CONSTRAINT attempts_state CHECK (state IN ('open', 'positive', 'negative')),
    FOREIGN KEY(ceremony_id) REFERENCES ceremonies (ceremony_id),
    UNIQUE (reference_sha256)
);
CREATE INDEX attempts_ceremony ON attempts (ceremony_id);
CREATE UNIQUE INDEX attempts_open ON attempts (ceremony_id) WHERE state = 'open';
CREATE TABLE protocols (
    attempt_id UUID NOT NULL,
    ceremony_id UUID NOT NULL,
    protocol_id TEXT NOT NULL,
    code TEXT,
    protocol_sealed BYTEA NOT NULL,
    cms_sealed BYTEA NOT NULL,
    chain_sealed BYTEA NOT NULL,
    revocation_sealed BYTEA NOT NULL,
    verifier TEXT NOT NULL,
    trust_sha256 TEXT NOT NULL,
    judged_at timestamptz NOT NULL,
    PRIMARY KEY (attempt_id),
    FOREIGN KEY(attempt_id) REFERENCES attempts (attempt_id),
    FOREIGN KEY(ceremony_id) REFERENCES ceremonies (ceremony_id),
    UNIQUE (protocol_id)
);
CREATE UNIQUE INDEX protocols_positive ON protocols (ceremony_id) WHERE code IS NULL;
CREATE TABLE signatures (
    ceremony_id UUID NOT NULL,
    certificate_serial TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    signature_sha256 TEXT NOT NULL,
    signed_sha256 TEXT NOT NULL,
    cms_sealed BYTEA NOT NULL,
    chain_sealed BYTEA NOT NULL,
    revocation_sealed BYTEA NOT NULL,
    stamp_sealed BYTEA NOT NULL,
    stamped_at timestamptz NOT NULL,
    verifier TEXT NOT NULL,
    trust_sha256 TEXT NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (ceremony_id),
    FOREIGN KEY(ceremony_id) REFERENCES ceremonies (ceremony_id),
    UNIQUE (signature_sha256),
    UNIQUE (signed_sha256)
);
CREATE TABLE signature_refusals (
    refusal_id UUID NOT NULL,
    ceremony_id UUID NOT NULL,
    code TEXT NOT NULL,
    cms_sha256 TEXT NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (refusal_id),
    FOREIGN KEY(ceremony_id) REFERENCES ceremonies (ceremony_id)
);
CREATE INDEX signature_refusals_ceremony ON signature_refusals (ceremony_id);
"""

# Evidence and what a person gave are only ever added to.
APPEND_ONLY = (
    "persons",
    "consents",
    "photos",
    "clients",
    "ownership_checks",
    "protocols",
    "signatures",
    "signature_refusals",
)
# Where a row moves on, only the columns that move may be written.
MOVING = {
    "registrations": "state, person_tries, refused_code, moved_at",
    "accounts": "state",
    "ceremonies": "state, failed_code, moved_at",
    "attempts": "state, tries, settled_at",
}

# Clause 4.11, held against the schema's owner as well: an ИИН, once given, stays.
IIN_STAYS = """
CREATE FUNCTION refuse_iin_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an ИИН cannot be changed (clause 4.11)'
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER persons_iin_stays
    BEFORE UPDATE OF client_id, iin_token, iin_sealed ON persons
    FOR EACH ROW EXECUTE FUNCTION refuse_iin_change();
CREATE TRIGGER clients_iin_stays
    BEFORE UPDATE OF client_id, iin_token ON clients
    FOR EACH ROW EXECUTE FUNCTION refuse_iin_change();
ALTER TABLE persons ENABLE ALWAYS TRIGGER persons_iin_stays;
ALTER TABLE clients ENABLE ALWAYS TRIGGER clients_iin_stays;
"""


def upgrade() -> None:
    create_kernel_tables()
    op.execute(SCHEMA)
    op.execute(IIN_STAYS)
    for table in APPEND_ONLY:
        grant(ROLE, table, "SELECT", "INSERT")
    for table, columns in MOVING.items():
        grant(ROLE, table, "SELECT", "INSERT", f"UPDATE ({columns})")


def downgrade() -> None:
    raise NotImplementedError
