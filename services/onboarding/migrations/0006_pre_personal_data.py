"""Consents as a history, obligations, refusals, readings, ends of documents."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0006_pre"
down_revision = "0005_pre"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)

# Held against the service and the schema's owner alike: who consented to what (law
# №94-V, art. 8), and who read whose data, is never rewritten.
ONLY_ADDED = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME;
END $$;
CREATE TRIGGER consent_acts_only_added
    BEFORE UPDATE OR DELETE ON consent_acts
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER readings_only_added
    BEFORE UPDATE OR DELETE ON readings
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
ALTER TABLE consent_acts ENABLE ALWAYS TRIGGER consent_acts_only_added;
ALTER TABLE readings ENABLE ALWAYS TRIGGER readings_only_added;
"""

# Releases before this one write and read `consents`: what either writes, both find.
ALIKE = """
INSERT INTO consent_acts (client_id, kind, act, text_sha256, channel, acted_at)
    SELECT client_id, kind, 'given', text_sha256, 'lender', given_at FROM consents
    ORDER BY given_at;
CREATE FUNCTION take_over_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consent_acts (client_id, kind, act, text_sha256, channel, acted_at)
        SELECT NEW.client_id, NEW.kind, 'given', NEW.text_sha256, 'lender',
            NEW.given_at
        WHERE NOT EXISTS (SELECT FROM consent_acts
            WHERE client_id = NEW.client_id AND kind = NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER consents_taken_over AFTER INSERT ON consents
    FOR EACH ROW EXECUTE FUNCTION take_over_consent();
CREATE FUNCTION hand_back_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consents (client_id, kind, text_sha256, given_at)
        VALUES (NEW.client_id, NEW.kind, NEW.text_sha256, NEW.acted_at)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER consent_acts_handed_back AFTER INSERT ON consent_acts
    FOR EACH ROW WHEN (NEW.act = 'given') EXECUTE FUNCTION hand_back_consent();
"""


def upgrade() -> None:
    _create_consent_acts()
    _create_obligations()
    _create_refusals()
    _create_readings()
    _create_document_notices()
    op.execute(ALIKE)
    op.execute(ONLY_ADDED)


def _create_consent_acts() -> None:
    op.create_table(
        "consent_acts",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("text_version", sa.Text),
        sa.Column("text_sha256", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("acted_at", _INSTANT, nullable=False),
        sa.CheckConstraint("act IN ('given', 'withdrawn')", name="consent_acts_act"),
    )
    op.create_index("consent_acts_client", "consent_acts", ["client_id", "number"])
    grant(ROLE, "consent_acts", "SELECT", "INSERT")


def _create_obligations() -> None:
    op.create_table(
        "obligations",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT),
    )
    op.create_index(
        "obligations_open",
        "obligations",
        ["client_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    grant(ROLE, "obligations", "SELECT", "INSERT", "UPDATE (closed_at)")


def _create_refusals() -> None:
    op.create_table(
        "registration_refusals",
        sa.Column("refusal_id", sa.Uuid, primary_key=True),
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("refused_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.registration_id"]),
        sa.CheckConstraint("outcome IN ('retry', 'final')", name="refusals_outcome"),
    )
    op.create_index(
        "refusals_registration", "registration_refusals", ["registration_id"]
    )
    grant(ROLE, "registration_refusals", "SELECT", "INSERT")


def _create_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("reading_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
    )
    op.create_index("readings_client", "readings", ["client_id", "reading_id"])
    grant(ROLE, "readings", "SELECT", "INSERT")


def _create_document_notices() -> None:
    op.create_index("persons_valid_until", "persons", ["document_valid_until"])
    op.create_table(
        "document_notices",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("valid_until", sa.Date, primary_key=True),
        sa.Column("standing", sa.Text, primary_key=True),
        sa.Column("noted_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "standing IN ('expiring', 'expired')", name="document_notices_standing"
        ),
    )
    grant(ROLE, "document_notices", "SELECT", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
