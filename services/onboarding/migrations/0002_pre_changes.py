"""Changes of numbers and accounts, and the proof the database itself asks for."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0002_pre"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "onboarding"
_INSTANT = sa.DateTime(timezone=True)

# Clause 4.10, held against the service and the schema's owner alike: a number or an
# account moves on only with a change applied by a completed ceremony of its own.
PROOF_NEEDED = """
CREATE FUNCTION refuse_unproved_phone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM changes JOIN ceremonies ON
        ceremonies.ceremony_id = changes.ceremony_id
        AND ceremonies.state = 'completed'
        AND ceremonies.client_id = changes.client_id
        AND ceremonies.operation = 'phone_change:' || changes.change_id
    WHERE changes.client_id = NEW.client_id AND changes.kind = 'phone'
        AND changes.state = 'applied' AND changes.old_token = OLD.phone_token
        AND changes.value_token = NEW.phone_token;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a number is changed by both proofs only (clause 4.10)';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION refuse_unproved_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM changes JOIN ceremonies ON
        ceremonies.ceremony_id = changes.ceremony_id
        AND ceremonies.state = 'completed'
        AND ceremonies.client_id = changes.client_id
        AND ceremonies.operation = 'account_change:' || changes.change_id
    WHERE changes.client_id = NEW.client_id AND changes.kind = 'account'
        AND changes.state = 'applied' AND changes.old_token = OLD.iban_token
        AND changes.value_token = NEW.iban_token;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an account is changed by both proofs only (clause 4.10)';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clients_phone_proved
    BEFORE UPDATE OF phone_token, phone_sealed ON clients
    FOR EACH ROW EXECUTE FUNCTION refuse_unproved_phone();
CREATE TRIGGER accounts_iban_proved
    BEFORE UPDATE OF iban_token, iban_sealed ON accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_unproved_account();
ALTER TABLE clients ENABLE ALWAYS TRIGGER clients_phone_proved;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_iban_proved;
"""


def upgrade() -> None:
    _create_changes()
    op.add_column("ownership_checks", sa.Column("iban_token", sa.Text))
    op.execute(PROOF_NEEDED)
    grant(
        ROLE,
        "changes",
        "SELECT",
        "INSERT",
        "UPDATE (state, challenge_id, ceremony_id, refused_code, moved_at)",
    )
    grant(ROLE, "clients", "UPDATE (phone_token, phone_sealed)")
    grant(ROLE, "accounts", "UPDATE (iban_token, iban_sealed)")


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("change_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("old_sealed", sa.LargeBinary, nullable=False),
        sa.Column("old_token", sa.Text, nullable=False),
        sa.Column("value_sealed", sa.LargeBinary, nullable=False),
        sa.Column("value_token", sa.Text, nullable=False),
        sa.Column("challenge_id", sa.Uuid),
        sa.Column("ceremony_id", sa.Uuid),
        sa.Column("refused_code", sa.Text),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("moved_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"]),
        sa.ForeignKeyConstraint(["ceremony_id"], ["ceremonies.ceremony_id"]),
        sa.UniqueConstraint("ceremony_id"),
        sa.CheckConstraint("kind IN ('phone', 'account')", name="changes_kind"),
        sa.CheckConstraint(
            "state IN ('draft', 'confirmed', 'checked', 'applied', 'refused')",
            name="changes_state",
        ),
        sa.CheckConstraint(
            "(state = 'applied') = (ceremony_id IS NOT NULL)", name="changes_applied"
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refused_code IS NOT NULL)", name="changes_refused"
        ),
    )
    op.create_index(
        "changes_open",
        "changes",
        ["client_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'confirmed', 'checked')"),
    )
    op.create_index("changes_of_client", "changes", ["client_id", "started_at"])
    op.create_index(
        "changes_given_up",
        "changes",
        ["old_token"],
        postgresql_where=sa.text("state = 'applied'"),
    )


def downgrade() -> None:
    raise NotImplementedError
