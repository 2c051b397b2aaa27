"""The balance of the books is looked at once for all lines of a statement.

Each line and each transaction asked for itself, at the commit: twelve questions for a
payout, of which two are left.
"""

from alembic import op

revision = "0016_post"
down_revision = "0015_post"
branch_labels = None
depends_on = None

# Of whatever lines come, the whole transaction is looked at, so that nothing joins it
# later. Each currency balances by itself. LATERAL keeps to the index of transactions,
# whatever the server believed of the table when it planned.
BALANCED = """
CREATE OR REPLACE FUNCTION refuse_unbalanced_lines() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM (SELECT DISTINCT transaction_id FROM added) AS touched
    CROSS JOIN LATERAL (
        SELECT 1 FROM ledger_postings
        WHERE ledger_postings.transaction_id = touched.transaction_id
        GROUP BY currency
        HAVING sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) <> 0
        LIMIT 1
    ) AS unbalanced;
    IF FOUND THEN
        RAISE EXCEPTION 'a transaction of the ledger does not balance';
    END IF;
    PERFORM 1 FROM (SELECT DISTINCT transaction_id FROM added) AS touched
    CROSS JOIN LATERAL (
        SELECT lines FROM ledger_transactions
        WHERE ledger_transactions.transaction_id = touched.transaction_id
    ) AS head
    WHERE head.lines <> (SELECT count(*) FROM ledger_postings
        WHERE ledger_postings.transaction_id = touched.transaction_id);
    IF FOUND THEN
        RAISE EXCEPTION 'a transaction of the ledger has other lines than it says';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION refuse_without_lines() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lines < 2 OR NEW.lines <> (SELECT count(*) FROM ledger_postings
        WHERE ledger_postings.transaction_id = NEW.transaction_id) THEN
        RAISE EXCEPTION 'a transaction of the ledger has other lines than it says';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER ledger_postings_balanced ON ledger_postings;
CREATE TRIGGER ledger_postings_balanced
    AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_lines();
DROP TRIGGER ledger_transactions_balanced ON ledger_transactions;
CREATE CONSTRAINT TRIGGER ledger_transactions_balanced
    AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_without_lines();
ALTER TABLE ledger_transactions ENABLE ALWAYS TRIGGER ledger_transactions_balanced;
ALTER TABLE ledger_postings ENABLE ALWAYS TRIGGER ledger_postings_balanced;
DROP FUNCTION refuse_unbalanced();
"""


def upgrade() -> None:
    op.execute(BALANCED)


def downgrade() -> None:
    raise NotImplementedError
