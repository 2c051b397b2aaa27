"""What the bank booked, held against orders; cases of it, and halts of all sending."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0009_pre"
down_revision = "0008_pre"
branch_labels = None
depends_on = None

ROLE = "disbursement"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("payouts", sa.Column("booked_reference", sa.Text))
    op.create_index(
        "payouts_unbooked",
        "payouts",
        ["first_sent_at"],
        postgresql_where=sa.text(
            "booked_reference IS NULL AND state IN ('paid', 'sending', 'unknown')"
        ),
    )
    _entries()
    _cases()
    _halts()


def _entries() -> None:
    op.create_table(
        "statement_positions",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("message", sa.Text, primary_key=True),
        sa.Column("upto", sa.BigInteger, nullable=False),
        sa.Column("caught_up_at", _INSTANT),
        sa.Column("database", sa.Text),
        sa.Column("next_at", _INSTANT),
    )
    may_change = "UPDATE (upto, caught_up_at, database, next_at)"
    grant(ROLE, "statement_positions", "SELECT", "INSERT", may_change)
    op.create_table(
        "bank_entries",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("reversal", sa.Boolean, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("booked_at", _INSTANT, nullable=False),
        sa.Column("end_to_end_id", sa.Text),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id")),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "direction IN ('debit', 'credit')", name="bank_entries_direction"
        ),
        sa.CheckConstraint("amount_minor > 0", name="bank_entries_amount"),
    )
    op.create_index("bank_entries_of_payout", "bank_entries", ["payout_id"])
    grant(ROLE, "bank_entries", "SELECT", "INSERT")


def _cases() -> None:
    op.create_table(
        "reconciliation_cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("severe", sa.Boolean, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("payout_id", sa.Uuid, sa.ForeignKey("payouts.payout_id")),
        sa.Column("reference", sa.Text),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("resolved_at", _INSTANT),
        sa.Column("resolved_by", sa.Uuid),
        sa.Column("resolution", sa.Text),
        sa.UniqueConstraint("finding", "about", name="reconciliation_cases_once"),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)",
            name="reconciliation_cases_resolved",
        ),
        # Only the bank's own entry closes a case without a person, and no severe one.
        sa.CheckConstraint(
            "resolved_at IS NULL OR resolved_by IS NOT NULL OR NOT severe",
            name="reconciliation_cases_by_a_person",
        ),
    )
    op.create_index(
        "reconciliation_cases_open",
        "reconciliation_cases",
        ["payout_id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    may_change = "UPDATE (resolved_at, resolved_by, resolution)"
    grant(ROLE, "reconciliation_cases", "SELECT", "INSERT", may_change)


def _halts() -> None:
    op.create_table(
        "sending_halts",
        sa.Column("halt_id", sa.Uuid, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("halted_at", _INSTANT, nullable=False),
        sa.Column("halted_by", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.Column("resumed_at", _INSTANT),
        sa.Column("approval_id", sa.Uuid),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("resumed_by", sa.Uuid),
        sa.Column("resume_reason", sa.Text),
        # Four eyes: nobody alone lets money go again.
        sa.CheckConstraint(
            "resumed_at IS NULL OR (approval_id IS NOT NULL AND asked_by IS NOT NULL"
            " AND resumed_by IS NOT NULL AND resume_reason IS NOT NULL"
            " AND asked_by <> resumed_by)",
            name="sending_halts_two_persons",
        ),
    )
    op.create_index(
        "sending_halts_one_stands",
        "sending_halts",
        ["scope"],
        unique=True,
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
    may_change = "UPDATE (resumed_at, approval_id, asked_by, resumed_by, resume_reason)"
    grant(ROLE, "sending_halts", "SELECT", "INSERT", may_change)


def downgrade() -> None:
    raise NotImplementedError
