"""The tables: one row per payout, what the gate saw, and the books, append-only.

The table repeats the hardest rules as constraints, so that no defect of the code above
can write a sending that is early, unconsented or unreleased.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from kernel.person_keys import person_keys_table
from kernel.tables import metadata_for_service

_INSTANT: Final = DateTime(timezone=True)
_SENT: Final = "('sending', 'unknown', 'paid', 'rejected')"

metadata = metadata_for_service()
person_keys = person_keys_table(metadata)

payouts = Table(
    "payouts",
    metadata,
    Column("payout_id", Uuid, primary_key=True),
    Column("contract_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    # Unknown only to a tombstone, which stands in the contract's place.
    Column("account_id", Uuid),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("document_sha256", Text),
    Column("agreed_token", Text),
    Column("signed_at", _INSTANT),
    Column("hold_from", _INSTANT),
    Column("correlation_id", Uuid),
    Column("causation_id", Uuid),
    Column("entered_at", _INSTANT, nullable=False),
    Column("consented_at", _INSTANT),
    Column("hold_until", _INSTANT),
    Column("witnessed_from_ns", BigInteger),
    Column("release_required", Boolean, nullable=False),
    Column("released_at", _INSTANT),
    Column("suspended_by", Uuid),
    Column("held_code", Text),
    Column("account_token", Text),
    Column("follows", Uuid, ForeignKey("payouts.payout_id")),
    Column("repeat_until", _INSTANT),
    Column("debtor_iban", Text),
    Column("sealed_creditor", LargeBinary),
    Column("sealed_digest", LargeBinary),
    Column("order_key", Text, unique=True),
    Column("attempt", Integer, nullable=False),
    Column("first_sent_at", _INSTANT),
    Column("first_sent_ns", BigInteger),
    Column("sent_at", _INSTANT),
    Column("order_id", Text),
    Column("missing", Integer, nullable=False),
    Column("settled_at", _INSTANT),
    Column("booked_reference", Text),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", _INSTANT),
    Column("tries", Integer, nullable=False),
    Column("next_at", _INSTANT),
    UniqueConstraint("contract_id", "number", name="payouts_one_per_contract"),
    CheckConstraint("amount_minor > 0", name="payouts_amount"),
    CheckConstraint(
        "state = 'cancelled' OR (account_id IS NOT NULL AND amount_minor IS NOT NULL"
        " AND currency IS NOT NULL AND document_sha256 IS NOT NULL"
        " AND signed_at IS NOT NULL AND correlation_id IS NOT NULL)",
        name="payouts_facts",
    ),
    CheckConstraint(
        f"state NOT IN {_SENT} OR (consented_at IS NOT NULL"
        " AND hold_until IS NOT NULL AND order_key IS NOT NULL"
        " AND first_sent_at IS NOT NULL AND first_sent_at >= hold_until"
        " AND sealed_creditor IS NOT NULL)",
        name="payouts_never_early",
    ),
    CheckConstraint(
        f"state NOT IN {_SENT} OR NOT release_required"
        " OR (released_at IS NOT NULL AND released_at >= hold_until)",
        name="payouts_never_unreleased",
    ),
    CheckConstraint(
        "state <> 'paid' OR (order_id IS NOT NULL AND settled_at IS NOT NULL)",
        name="payouts_paid",
    ),
)
Index(
    "payouts_waiting",
    payouts.c.state,
    payouts.c.next_at,
    postgresql_where=text("next_at IS NOT NULL"),
)
Index(
    "payouts_unbooked",
    payouts.c.first_sent_at,
    postgresql_where=text(
        "booked_reference IS NULL AND state IN ('paid', 'sending', 'unknown')"
    ),
)
HELD_STILL: Final = text(
    "held_code IS NOT NULL AND state NOT IN ('paid', 'rejected', 'cancelled')"
)
"""What stands still with a code; by the very words of its index."""
Index("payouts_held", payouts.c.held_code, postgresql_where=HELD_STILL)
Index("payouts_of_client", payouts.c.client_id, payouts.c.signed_at)

Index(
    "payouts_unwitnessed",
    payouts.c.payout_id,
    postgresql_where=text(
        "witnessed_from_ns IS NULL AND consented_at IS NOT NULL"
        " AND state IN ('consented', 'held', 'awaiting_release', 'ready')"
    ),
)

clock_witness = Table(
    "clock_witness",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("counted_ns", BigInteger, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("elapsed_ns", BigInteger, nullable=False),
    Column("wall", _INSTANT, nullable=False),
    Column("gap", Boolean, nullable=False),
    Column("anchor_outer", _INSTANT),
    Column("anchor_wall", _INSTANT),
    Column("anchor_counted_ns", BigInteger),
    CheckConstraint("one", name="clock_witness_one"),
)

payout_passages = Table(
    "payout_passages",
    metadata,
    Column("passage", Uuid, primary_key=True),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id"), nullable=False),
    Column("checked_at", _INSTANT, nullable=False),
    # One object for each check: name, verdict, code, evidence.
    Column("checks", JSON, nullable=False),
    CheckConstraint("json_array_length(checks) > 0", name="payout_passages_checks"),
)
Index("payout_passages_of_payout", payout_passages.c.payout_id)

# What earlier releases kept, a row for each check: never written any more.
payout_checks = Table(
    "payout_checks",
    metadata,
    Column("passage", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("checked_at", _INSTANT, nullable=False),
)
sent_sums = Table(
    "sent_sums",
    metadata,
    Column("day_on", Date, primary_key=True),
    Column("counted_id", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor >= 0", name="sent_sums_amount"),
)

payout_approvals = Table(
    "payout_approvals",
    metadata,
    Column("approval_id", Uuid, primary_key=True),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id"), nullable=False),
    Column("order_seal", LargeBinary, nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    Column("approved_at", _INSTANT, nullable=False),
    CheckConstraint(
        "requested_by <> approved_by", name="payout_approvals_by_two_persons"
    ),
)
Index("payout_approvals_of_payout", payout_approvals.c.payout_id)
Index("payout_checks_of_payout", payout_checks.c.payout_id)

ledger_transactions = Table(
    "ledger_transactions",
    metadata,
    Column("transaction_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("day", Date, nullable=False),
    # So many lines were posted with it: none can be added afterwards.
    Column("lines", SmallInteger, nullable=False),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id")),
    Column("event_id", Uuid),
    Column("bank_reference", Text),
    Column("posted_at", _INSTANT, nullable=False),
    CheckConstraint(
        "kind IN ('sent', 'settled', 'rejected', 'booked', 'unidentified', 'received')",
        name="ledger_transactions_kind",
    ),
    CheckConstraint(
        "payout_id IS NOT NULL OR kind IN ('unidentified', 'received')",
        name="ledger_transactions_payout",
    ),
    CheckConstraint(
        "bank_reference IS NOT NULL OR kind IN ('sent', 'rejected')",
        name="ledger_transactions_bank_reference",
    ),
)
Index(
    "ledger_transactions_once_per_payout",
    ledger_transactions.c.payout_id,
    ledger_transactions.c.kind,
    unique=True,
    postgresql_where=text("kind IN ('sent', 'settled', 'rejected')"),
)
Index(
    "ledger_transactions_once_per_bank_entry",
    ledger_transactions.c.bank_reference,
    unique=True,
    postgresql_where=text("kind IN ('booked', 'unidentified', 'received')"),
)
Index("ledger_transactions_of_day", ledger_transactions.c.day)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column(
        "transaction_id",
        Uuid,
        ForeignKey("ledger_transactions.transaction_id"),
        primary_key=True,
    ),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    CheckConstraint(
        "account IN ('loan', 'loan_in_transit', 'settlement', 'bank', 'suspense')",
        name="ledger_postings_account",
    ),
    CheckConstraint("side IN ('debit', 'credit')", name="ledger_postings_side"),
    CheckConstraint("amount_minor > 0", name="ledger_postings_amount"),
)

ledger_proofs = Table(
    "ledger_proofs",
    metadata,
    Column("day", Date, primary_key=True),
    Column("transactions", Integer, nullable=False),
    Column("debit_minor", BigInteger, nullable=False),
    Column("credit_minor", BigInteger, nullable=False),
    Column("balances", LargeBinary, nullable=False),
    Column("previous_sha256", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("proved_at", _INSTANT, nullable=False),
    CheckConstraint("debit_minor = credit_minor", name="ledger_proofs_balanced"),
)

statement_positions = Table(
    "statement_positions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("message", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("caught_up_at", _INSTANT),
    Column("database", Text),
    Column("next_at", _INSTANT),
)

bank_entries = Table(
    "bank_entries",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("reversal", Boolean, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("booked_at", _INSTANT, nullable=False),
    Column("end_to_end_id", Text),
    Column("finding", Text, nullable=False),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id")),
    Column("read_at", _INSTANT, nullable=False),
    CheckConstraint("direction IN ('debit', 'credit')", name="bank_entries_direction"),
    CheckConstraint("amount_minor > 0", name="bank_entries_amount"),
)
Index("bank_entries_of_payout", bank_entries.c.payout_id)

reconciliation_cases = Table(
    "reconciliation_cases",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("finding", Text, nullable=False),
    Column("severe", Boolean, nullable=False),
    Column("about", Text, nullable=False),
    Column("payout_id", Uuid, ForeignKey("payouts.payout_id")),
    Column("reference", Text),
    Column("opened_at", _INSTANT, nullable=False),
    Column("resolved_at", _INSTANT),
    Column("resolved_by", Uuid),
    Column("resolution", Text),
    UniqueConstraint("finding", "about", name="reconciliation_cases_once"),
    CheckConstraint(
        "(resolved_at IS NULL) = (resolution IS NULL)",
        name="reconciliation_cases_resolved",
    ),
    # Only the bank's own entry closes a case without a person, and no severe one.
    CheckConstraint(
        "resolved_at IS NULL OR resolved_by IS NOT NULL OR NOT severe",
        name="reconciliation_cases_by_a_person",
    ),
)
Index(
    "reconciliation_cases_open",
    reconciliation_cases.c.payout_id,
    postgresql_where=text("resolved_at IS NULL"),
)

sending_halts = Table(
    "sending_halts",
    metadata,
    Column("halt_id", Uuid, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("halted_at", _INSTANT, nullable=False),
    Column("halted_by", Uuid),
    Column("reason", Text),
    Column("resumed_at", _INSTANT),
    Column("approval_id", Uuid),
    Column("asked_by", Uuid),
    Column("resumed_by", Uuid),
    Column("resume_reason", Text),
    # Four eyes: nobody alone lets money go again.
    CheckConstraint(
        "resumed_at IS NULL OR (approval_id IS NOT NULL AND asked_by IS NOT NULL"
        " AND resumed_by IS NOT NULL AND resume_reason IS NOT NULL"
        " AND asked_by <> resumed_by)",
        name="sending_halts_two_persons",
    ),
)
Index(
    "sending_halts_one_stands",
    sending_halts.c.scope,
    unique=True,
    postgresql_where=text("resumed_at IS NULL"),
)
