"""What is kept of repayments: bank entries, whose they are, and contracts' ledgers.

All of it is append-only for the service's role but two: the place in the bank's
statement, and what was last counted and told of an account.
"""

from sqlalchemy import (
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
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.contracts.storage.tables import metadata


def _instant(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False)


statement_positions = Table(
    "statement_positions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    _instant("read_at"),
)

bank_entries = Table(
    "bank_entries",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("content_sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("value_on", Date, nullable=False),
    _instant("booked_at"),
    Column("reversal_of", Text),
    # Whose key seals what the payer wrote; the house's where there is nobody.
    Column("client_id", Uuid),
    Column("payment", LargeBinary, nullable=False),
    _instant("read_at"),
    CheckConstraint(
        "kind IN ('credit', 'reversal', 'debit')", name="bank_entries_kind"
    ),
    CheckConstraint("amount_minor > 0", name="bank_entries_amount"),
    CheckConstraint(
        "(kind = 'reversal') = (reversal_of IS NOT NULL)", name="bank_entries_reversal"
    ),
)
Index("bank_entries_reversals", bank_entries.c.reversal_of)
Index("bank_entries_client", bank_entries.c.client_id)

bank_contradictions = Table(
    "bank_contradictions",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("client_id", Uuid),
    Column("entry", LargeBinary, nullable=False),
    _instant("read_at"),
    UniqueConstraint("reference", "content_sha256", name="bank_contradictions_once"),
)

doubt_settlements = Table(
    "doubt_settlements",
    metadata,
    # A contradiction, or a reversal among the entries.
    Column("entry_id", Uuid, primary_key=True),
    Column(
        "document_sha256",
        Text,
        ForeignKey("disclosure_documents.sha256"),
        nullable=False,
    ),
    Column("approval_id", Uuid, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    _instant("settled_at"),
    CheckConstraint("asked_by <> approved_by", name="doubt_settlements_two_persons"),
)

credit_assignments = Table(
    "credit_assignments",
    metadata,
    Column("entry_id", Uuid, ForeignKey("bank_entries.entry_id"), primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("recognised_by", Text, nullable=False),
    Column("approval_id", Uuid),
    Column("asked_by", Uuid),
    Column("approved_by", Uuid),
    _instant("assigned_at"),
    CheckConstraint(
        "recognised_by IN ('number', 'iin', 'staff')",
        name="credit_assignments_recognised",
    ),
    CheckConstraint(
        "recognised_by <> 'staff' OR (approval_id IS NOT NULL"
        " AND asked_by IS NOT NULL AND approved_by IS NOT NULL"
        " AND asked_by <> approved_by)",
        name="credit_assignments_two_persons",
    ),
)
Index("credit_assignments_of", credit_assignments.c.contract_id)

early_orders = Table(
    "early_orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("effect", Text, nullable=False),
    _instant("asked_at"),
    UniqueConstraint("contract_id", "day", name="early_orders_one_a_day"),
    CheckConstraint("amount_minor > 0", name="early_orders_amount"),
    CheckConstraint("effect IN ('shorter', 'smaller')", name="early_orders_effect"),
)

accrual_turns = Table(
    "accrual_turns",
    metadata,
    Column("approval_id", Uuid, primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column(
        "document_sha256",
        Text,
        ForeignKey("disclosure_documents.sha256"),
        nullable=False,
    ),
    Column("told", Boolean, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    _instant("approved_at"),
    CheckConstraint("asked_by <> approved_by", name="accrual_turns_two_persons"),
)
Index("accrual_turns_of", accrual_turns.c.contract_id)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contracts.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, ForeignKey("bank_entries.reference")),
    Column("amount_minor", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    _instant("posted_at"),
    CheckConstraint("amount_minor <> 0", name="ledger_postings_amount"),
    CheckConstraint(
        "kind IN ('lent', 'interest', 'penalty', 'received', 'principal_paid',"
        " 'interest_paid', 'penalty_paid')",
        name="ledger_postings_kind",
    ),
)

account_standings = Table(
    "account_standings",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contracts.id"), primary_key=True),
    Column("counted_on", Date),
    Column("days_told", Integer, nullable=False),
    Column("orders_told", Integer, nullable=False),
    Column("closed_on", Date),
)
Index(
    "account_standings_to_count",
    account_standings.c.counted_on,
    postgresql_where=text("closed_on IS NULL OR counted_on IS NULL"),
)
