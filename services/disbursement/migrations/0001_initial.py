"""The payout table and the append-only record of the gate's checks."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_SENT = "('sending', 'unknown', 'paid', 'rejected')"


def upgrade() -> None:
    create_kernel_tables()
    _create_payouts()
    _create_payout_checks()
    # A payout is never deleted, a check is never changed (clause 3.4).
    grant("disbursement", "payouts", "SELECT", "INSERT", "UPDATE")
    grant("disbursement", "payout_checks", "SELECT", "INSERT")


def _create_payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("payout_id", sa.Uuid, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("document_sha256", sa.Text),
        sa.Column("signed_at", _INSTANT),
        sa.Column("correlation_id", sa.Uuid),
        sa.Column("causation_id", sa.Uuid),
        sa.Column("entered_at", _INSTANT, nullable=False),
        sa.Column("consented_at", _INSTANT),
        sa.Column("hold_until", _INSTANT),
        sa.Column("release_required", sa.Boolean, nullable=False),
        sa.Column("released_at", _INSTANT),
        sa.Column("suspended_by", sa.Uuid),
        sa.Column("held_code", sa.Text),
        sa.Column("account_token", sa.Text),
        sa.Column("debtor_iban", sa.Text),
        sa.Column("sealed_creditor", sa.LargeBinary),
        sa.Column("sealed_digest", sa.LargeBinary),
        sa.Column("order_key", sa.Text, unique=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("first_sent_at", _INSTANT),
        sa.Column("sent_at", _INSTANT),
        sa.Column("order_id", sa.Text),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("settled_at", _INSTANT),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("lease_until", _INSTANT),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.UniqueConstraint("contract_id", "number", name="payouts_one_per_contract"),
        *_rules_of_money(),
    )
    op.create_index(
        "payouts_waiting",
        "payouts",
        ["state", "next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index("payouts_of_client", "payouts", ["client_id", "signed_at"])


def _rules_of_money() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint("amount_minor > 0", name="payouts_amount"),
        sa.CheckConstraint(
            "state = 'cancelled' OR (account_id IS NOT NULL"
            " AND amount_minor IS NOT NULL AND currency IS NOT NULL"
            " AND document_sha256 IS NOT NULL AND signed_at IS NOT NULL"
            " AND correlation_id IS NOT NULL)",
            name="payouts_facts",
        ),
        sa.CheckConstraint(
            f"state NOT IN {_SENT} OR (consented_at IS NOT NULL"
            " AND hold_until IS NOT NULL AND order_key IS NOT NULL"
            " AND first_sent_at IS NOT NULL AND first_sent_at >= hold_until"
            " AND sealed_creditor IS NOT NULL)",
            name="payouts_never_early",
        ),
        sa.CheckConstraint(
            f"state NOT IN {_SENT} OR NOT release_required"
            " OR (released_at IS NOT NULL AND released_at >= hold_until)",
            name="payouts_never_unreleased",
        ),
        sa.CheckConstraint(
            "state <> 'paid' OR (order_id IS NOT NULL AND settled_at IS NOT NULL)",
            name="payouts_paid",
        ),
    )


def _create_payout_checks() -> None:
    op.create_table(
        "payout_checks",
        sa.Column("passage", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column(
            "payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id"), nullable=False
        ),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("checked_at", _INSTANT, nullable=False),
    )
    op.create_index("payout_checks_of_payout", "payout_checks", ["payout_id"])


def downgrade() -> None:
    raise NotImplementedError
