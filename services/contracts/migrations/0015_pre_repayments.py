"""What the bank booked, whose it is, orders, stops, and the ledger of each contract."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant, let_reseal

revision = "0015_pre"
down_revision = "0014_pre"
branch_labels = None
depends_on = None

ROLE = "contracts"
SEALED = (
    "contracts.document",
    "documents.data",
    "company_signatures.proof",
    "application_checks.found",
    "disclosure_documents.document",
    "letters.text",
    "bank_entries.payment",
    "bank_contradictions.entry",
)
# As before; a contract that is repaid stands as active with the code `repaid`, and the
# keyed token of the ИИН goes too.
ERASE = """
CREATE OR REPLACE FUNCTION refuse_early_erasure(person UUID, at timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM contracts
    WHERE contracts.client_id = person AND contracts.state <> 'annulled'
        AND (contracts.state <> 'active' OR contracts.end_code IS NULL);
    IF FOUND THEN
        RAISE EXCEPTION 'nobody with an open contract is erased';
    END IF;
    PERFORM 1 FROM contracts
    WHERE contracts.client_id = person
        AND greatest(contracts.final_at, contracts.closed_at)
            > at - interval '5 years';
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
    UPDATE clients SET iin_token = NULL WHERE client_id = person;
    UPDATE idempotency SET reply = '\\x' WHERE client_id = person;
    RETURN true;
END $$;
"""
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("contracts", sa.Column("closed_at", _INSTANT))
    grant(ROLE, "contracts", "UPDATE (closed_at)")
    op.add_column("clients", sa.Column("iin_token", sa.Text))
    op.create_index("clients_iin", "clients", ["iin_token"])
    _entries()
    _account()
    let_reseal(SEALED)
    op.execute(ERASE)


def _entries() -> None:
    op.create_table(
        "statement_positions",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("upto", sa.BigInteger, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
    )
    grant(ROLE, "statement_positions", "SELECT", "INSERT", "UPDATE (upto, read_at)")
    op.create_table(
        "bank_entries",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False, unique=True),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("value_on", sa.Date, nullable=False),
        sa.Column("booked_at", _INSTANT, nullable=False),
        sa.Column("reversal_of", sa.Text),
        sa.Column("client_id", sa.Uuid),
        sa.Column("payment", sa.LargeBinary, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('credit', 'reversal', 'debit')", name="bank_entries_kind"
        ),
        sa.CheckConstraint("amount_minor > 0", name="bank_entries_amount"),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reversal_of IS NOT NULL)",
            name="bank_entries_reversal",
        ),
    )
    op.create_index("bank_entries_reversals", "bank_entries", ["reversal_of"])
    op.create_index("bank_entries_client", "bank_entries", ["client_id"])
    op.create_table(
        "bank_contradictions",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.UniqueConstraint(
            "reference", "content_sha256", name="bank_contradictions_once"
        ),
    )
    op.create_table(
        "credit_assignments",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("recognised_by", sa.Text, nullable=False),
        sa.Column("approval_id", sa.Uuid),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("assigned_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entries.entry_id"]),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.CheckConstraint(
            "recognised_by IN ('number', 'iin', 'staff')",
            name="credit_assignments_recognised",
        ),
        # Four eyes: what no machine recognises, two persons do.
        sa.CheckConstraint(
            "recognised_by <> 'staff' OR (approval_id IS NOT NULL"
            " AND asked_by IS NOT NULL AND approved_by IS NOT NULL"
            " AND asked_by <> approved_by)",
            name="credit_assignments_two_persons",
        ),
    )
    op.create_index("credit_assignments_of", "credit_assignments", ["contract_id"])
    for table in ("bank_entries", "bank_contradictions", "credit_assignments"):
        grant(ROLE, table, "SELECT", "INSERT")


def _account() -> None:
    op.create_table(
        "early_orders",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.UniqueConstraint("contract_id", "day", name="early_orders_one_a_day"),
        sa.CheckConstraint("amount_minor > 0", name="early_orders_amount"),
        sa.CheckConstraint(
            "effect IN ('shorter', 'smaller')", name="early_orders_effect"
        ),
    )
    op.create_table(
        "accrual_turns",
        sa.Column("approval_id", sa.Uuid, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("document_sha256", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("approved_by", sa.Uuid, nullable=False),
        sa.Column("approved_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.ForeignKeyConstraint(["document_sha256"], ["disclosure_documents.sha256"]),
        sa.CheckConstraint("asked_by <> approved_by", name="accrual_turns_two_persons"),
    )
    op.create_index("accrual_turns_of", "accrual_turns", ["contract_id"])
    op.create_table(
        "ledger_postings",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("posted_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.ForeignKeyConstraint(["reference"], ["bank_entries.reference"]),
        sa.CheckConstraint("amount_minor <> 0", name="ledger_postings_amount"),
        sa.CheckConstraint(
            "kind IN ('lent', 'interest', 'penalty', 'received', 'principal_paid',"
            " 'interest_paid', 'penalty_paid')",
            name="ledger_postings_kind",
        ),
    )
    for table in ("early_orders", "accrual_turns", "ledger_postings"):
        grant(ROLE, table, "SELECT", "INSERT")
    op.create_table(
        "account_standings",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("counted_on", sa.Date),
        sa.Column("days_told", sa.Integer, nullable=False),
        sa.Column("orders_told", sa.Integer, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
    )
    op.create_index(
        "account_standings_to_count",
        "account_standings",
        ["counted_on"],
        postgresql_where=sa.text("closed_on IS NULL OR counted_on IS NULL"),
    )
    may_change = "UPDATE (counted_on, days_told, orders_told, closed_on)"
    grant(ROLE, "account_standings", "SELECT", "INSERT", may_change)


def downgrade() -> None:
    raise NotImplementedError
