"""The books of payouts: double entry, only ever added to, and the proof of each day."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None

ROLE = "disbursement"
APPEND_ONLY = ("ledger_transactions", "ledger_postings", "ledger_proofs")
_INSTANT = sa.DateTime(timezone=True)

# Deferred: the lines follow their transaction, and are counted when all are there. Of
# each line as well as of the transaction, so that nothing joins it later. Each currency
# balances by itself.
BALANCED = """
CREATE OR REPLACE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_postings
    WHERE ledger_postings.transaction_id = NEW.transaction_id
    GROUP BY currency
    HAVING sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION 'a transaction of the ledger does not balance';
    END IF;
    PERFORM 1 FROM ledger_transactions
    WHERE ledger_transactions.transaction_id = NEW.transaction_id AND lines >= 2
        AND lines = (SELECT count(*) FROM ledger_postings
            WHERE ledger_postings.transaction_id = NEW.transaction_id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a transaction of the ledger has other lines than it says';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transactions_balanced
    AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();
CREATE CONSTRAINT TRIGGER ledger_postings_balanced
    AFTER INSERT ON ledger_postings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();
ALTER TABLE ledger_transactions ENABLE ALWAYS TRIGGER ledger_transactions_balanced;
ALTER TABLE ledger_postings ENABLE ALWAYS TRIGGER ledger_postings_balanced;
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is forbidden: rows are only ever added',
        TG_OP, TG_TABLE_NAME;
END $$;
"""


def upgrade() -> None:
    _transactions()
    _postings()
    _proofs()
    op.execute(BALANCED)
    for table in APPEND_ONLY:
        grant(ROLE, table, "SELECT", "INSERT")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")


def _transactions() -> None:
    op.create_table(
        "ledger_transactions",
        sa.Column("transaction_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("lines", sa.SmallInteger, nullable=False),
        sa.Column("payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id")),
        sa.Column("event_id", sa.Uuid),
        sa.Column("bank_reference", sa.Text),
        sa.Column("posted_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('sent', 'settled', 'rejected', 'booked', 'unidentified',"
            " 'received')",
            name="ledger_transactions_kind",
        ),
        sa.CheckConstraint(
            "payout_id IS NOT NULL OR kind IN ('unidentified', 'received')",
            name="ledger_transactions_payout",
        ),
        sa.CheckConstraint(
            "bank_reference IS NOT NULL OR kind IN ('sent', 'rejected')",
            name="ledger_transactions_bank_reference",
        ),
    )
    op.create_index(
        "ledger_transactions_once_per_payout",
        "ledger_transactions",
        ["payout_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('sent', 'settled', 'rejected')"),
    )
    op.create_index(
        "ledger_transactions_once_per_bank_entry",
        "ledger_transactions",
        ["bank_reference"],
        unique=True,
        postgresql_where=sa.text("kind IN ('booked', 'unidentified', 'received')"),
    )
    op.create_index("ledger_transactions_of_day", "ledger_transactions", ["day"])


def _postings() -> None:
    op.create_table(
        "ledger_postings",
        sa.Column(
            "transaction_id",
            sa.Uuid,
            sa.ForeignKey("ledger_transactions.transaction_id"),
            primary_key=True,
        ),
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.CheckConstraint(
            "account IN ('loan', 'loan_in_transit', 'settlement', 'bank', 'suspense')",
            name="ledger_postings_account",
        ),
        sa.CheckConstraint("side IN ('debit', 'credit')", name="ledger_postings_side"),
        sa.CheckConstraint("amount_minor > 0", name="ledger_postings_amount"),
    )


def _proofs() -> None:
    op.create_table(
        "ledger_proofs",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("transactions", sa.Integer, nullable=False),
        sa.Column("debit_minor", sa.BigInteger, nullable=False),
        sa.Column("credit_minor", sa.BigInteger, nullable=False),
        sa.Column("balances", sa.LargeBinary, nullable=False),
        sa.Column("previous_sha256", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("proved_at", _INSTANT, nullable=False),
        sa.CheckConstraint("debit_minor = credit_minor", name="ledger_proofs_balanced"),
    )


def downgrade() -> None:
    raise NotImplementedError
