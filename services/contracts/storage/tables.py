"""What is kept.  The database itself refuses what must never stand in a row.

Amounts are tiyn (bigint), always in tenge.  The lines of decision traces, `visits`,
`statements`, documents and templates are append-only for the service's role; of a
contract it may change only its progress.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from kernel.origins import origins_table
from kernel.person_keys import person_keys_table
from kernel.tables import metadata_for_service

metadata = metadata_for_service()
person_keys = person_keys_table(metadata)
origins = origins_table(metadata)


def _instant(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


applications = Table(
    "applications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("product", Text, nullable=False, server_default="standard"),
    Column("repayment", Text, nullable=False, server_default="annuity"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("term_days", Integer, nullable=False),
    _instant("submitted_at", nullable=False),
    Column("state", Text, nullable=False),
    Column("account_id", Uuid),
    Column("refusal_code", Text),
    Column("contract_id", Uuid),
    Column("tries", Integer, nullable=False, server_default="0"),
    _instant("next_ask_at"),
    _instant("for_person_since"),
    CheckConstraint(
        "repayment IN ('annuity', 'differentiated')", name="applications_repayment"
    ),
    CheckConstraint("amount_minor > 0", name="applications_amount"),
    CheckConstraint("term_days > 0", name="applications_term"),
    CheckConstraint(
        "state IN ('submitted', 'checked', 'offered', 'refused')",
        name="applications_state",
    ),
    CheckConstraint(
        "(state = 'refused') = (refusal_code IS NOT NULL)", name="applications_refusal"
    ),
    CheckConstraint(
        "(state = 'offered') = (contract_id IS NOT NULL)", name="applications_offer"
    ),
)
Index(
    "applications_one_undecided",
    applications.c.client_id,
    unique=True,
    postgresql_where=text("state IN ('submitted', 'checked')"),
)
Index("applications_of_client", applications.c.client_id, applications.c.id)
Index(
    "applications_for_person",
    applications.c.for_person_since,
    postgresql_where=text("for_person_since IS NOT NULL"),
)

application_checks = Table(
    "application_checks",
    metadata,
    Column("application_id", Uuid, ForeignKey("applications.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("found", LargeBinary, nullable=False),
    Column("cited", LargeBinary),
    _instant("checked_at", nullable=False),
)

unanswered_checks = Table(
    "unanswered_checks",
    metadata,
    Column("application_id", Uuid, ForeignKey("applications.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("asked_at", DateTime(timezone=True), primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
)

contracts = Table(
    "contracts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "application_id",
        Uuid,
        ForeignKey("applications.id"),
        nullable=False,
        unique=True,
    ),
    Column("client_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("number", Text, nullable=False, unique=True),
    Column("contract_on", Date, nullable=False),
    Column("product", Text, nullable=False, server_default="standard"),
    Column("repayment", Text, nullable=False, server_default="annuity"),
    Column("annual_percent", Numeric(7, 2), nullable=False, server_default="0"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("term_days", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("document_sha256", Text, nullable=False),
    _instant("offered_at", nullable=False),
    Column("state", Text, nullable=False),
    Column("ceremony_id", Uuid),
    Column("protocol_id", Text),
    Column("certificate_serial", Text),
    Column("signature_sha256", Text),
    _instant("client_signed_at"),
    _instant("signed_at"),
    _instant("consented_at"),
    _instant("hold_until"),
    Column("confirmation_required", Boolean),
    _instant("silence_at"),
    _instant("suspended_since"),
    Column("payout_id", Uuid),
    _instant("released_at"),
    _instant("refusal_asked_at"),
    _instant("final_at"),
    Column("end_code", Text),
    _instant("closed_at"),
    Column("account_token", Text),
    Column("amendment_id", Uuid),
    Column("amended_account_id", Uuid),
    Column("amended_token", Text),
    Column("amended_sha256", Text),
    _instant("hold_from"),
    Column("hold_from_id", Uuid),
    CheckConstraint(
        "repayment IN ('annuity', 'differentiated')", name="contracts_repayment"
    ),
    CheckConstraint("annual_percent >= 0", name="contracts_percent"),
    CheckConstraint("amount_minor > 0", name="contracts_amount"),
    CheckConstraint(
        "state IN ('offered', 'signing', 'concluded', 'consented', 'awaiting_release',"
        " 'released', 'active', 'annulled', 'blocked')",
        name="contracts_state",
    ),
    # Clause 5.2: nothing is concluded without both proofs.
    CheckConstraint(
        "state IN ('offered', 'signing', 'annulled', 'blocked') OR"
        " (signed_at IS NOT NULL AND ceremony_id IS NOT NULL AND"
        " protocol_id IS NOT NULL AND certificate_serial IS NOT NULL AND"
        " signature_sha256 IS NOT NULL AND confirmation_required IS NOT NULL)",
        name="contracts_signed",
    ),
    # Clause 5.5: no hold without a consent, no release before the hold is over.
    CheckConstraint(
        "state NOT IN ('consented', 'awaiting_release', 'released', 'active') OR"
        " (consented_at IS NOT NULL AND hold_until IS NOT NULL)",
        name="contracts_consented",
    ),
    CheckConstraint(
        "released_at IS NULL OR (hold_until IS NOT NULL AND released_at >= hold_until)",
        name="contracts_released",
    ),
)
Index(
    "contracts_one_unfinished",
    contracts.c.client_id,
    unique=True,
    postgresql_where=text("state NOT IN ('active', 'annulled')"),
)
Index("contracts_of_client", contracts.c.client_id, contracts.c.id)
Index(
    "contracts_silent",
    contracts.c.silence_at,
    postgresql_where=text("silence_at IS NOT NULL"),
)
Index(
    "contracts_refused",
    contracts.c.refusal_asked_at,
    postgresql_where=text("refusal_asked_at IS NOT NULL AND final_at IS NULL"),
)

Index(
    "contracts_client_signed",
    contracts.c.client_signed_at,
    postgresql_where=text("client_signed_at IS NOT NULL AND signed_at IS NULL"),
)

Index(
    "contracts_amending",
    contracts.c.amendment_id,
    postgresql_where=text("amendment_id IS NOT NULL"),
)

amendments = Table(
    "amendments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("previous_sha256", Text, nullable=False),
    _instant("requested_at", nullable=False),
    Column("state", Text, nullable=False),
    Column("account_id", Uuid),
    Column("account_token", Text),
    Column("document_sha256", Text),
    _instant("offered_at"),
    _instant("until"),
    Column("ceremony_id", Uuid),
    Column("protocol_id", Text),
    Column("certificate_serial", Text),
    Column("signature_sha256", Text),
    _instant("client_signed_at"),
    _instant("signed_at"),
    _instant("ended_at"),
    Column("end_code", Text),
    UniqueConstraint("contract_id", "ordinal", name="amendments_ordinal"),
    CheckConstraint(
        "state IN ('requested', 'offered', 'signing', 'concluded', 'withdrawn',"
        " 'lapsed')",
        name="amendments_state",
    ),
    CheckConstraint(
        "state NOT IN ('offered', 'signing', 'concluded') OR"
        " (account_id IS NOT NULL AND account_token IS NOT NULL AND"
        " document_sha256 IS NOT NULL AND until IS NOT NULL)",
        name="amendments_offered",
    ),
    # Clause 5.2: nothing is concluded without both proofs, and both signatures.
    CheckConstraint(
        "(state = 'concluded') = (signed_at IS NOT NULL)"
        " AND (signed_at IS NULL OR (ceremony_id IS NOT NULL AND"
        " protocol_id IS NOT NULL AND certificate_serial IS NOT NULL AND"
        " signature_sha256 IS NOT NULL AND client_signed_at IS NOT NULL))",
        name="amendments_signed",
    ),
)
Index(
    "amendments_one_open",
    amendments.c.contract_id,
    unique=True,
    postgresql_where=text("state IN ('requested', 'offered', 'signing')"),
)
Index(
    "amendments_open",
    amendments.c.state,
    amendments.c.until,
    postgresql_where=text("state IN ('requested', 'offered', 'signing')"),
)

# What is given, or asked for, once more after a hold has begun anew.
statements_anew = Table(
    "statements_anew",
    metadata,
    Column("amendment_id", Uuid, ForeignKey("amendments.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("text_version", Text, nullable=False),
    Column("text_sha256", Text, nullable=False),
    Column("channel", Text, nullable=False),
    _instant("second_factor_at", nullable=False),
    _instant("given_at", nullable=False),
    CheckConstraint("kind IN ('consent', 'release')", name="statements_anew_kind"),
)

reminders_anew = Table(
    "reminders_anew",
    metadata,
    Column("amendment_id", Uuid, ForeignKey("amendments.id"), primary_key=True),
    Column("awaits", Text, primary_key=True),
    Column("days_left", Integer, primary_key=True, autoincrement=False),
    _instant("sent_at", nullable=False),
    CheckConstraint(
        "awaits IN ('consent', 'release', 'amendment')", name="reminders_anew_awaits"
    ),
)

# Of a contract's own document the bytes stand in its row as well, where releases
# before this one read them.
documents = Table(
    "documents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content_sha256", Text, nullable=False),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _instant("made_at", nullable=False),
    CheckConstraint(
        "kind IN ('contract', 'amendment', 'evidence')", name="documents_kind"
    ),
)
Index("documents_content", documents.c.content_sha256)
Index("documents_contract", documents.c.contract_id)

templates = Table(
    "templates",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kk", Text, nullable=False),
    Column("ru", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    _instant("approved_at", nullable=False),
    CheckConstraint("kind IN ('contract', 'amendment')", name="templates_kind"),
    CheckConstraint("asked_by <> approved_by", name="templates_four_eyes"),
)

company_signatures = Table(
    "company_signatures",
    metadata,
    Column("document_sha256", Text, primary_key=True),
    Column("contract_id", Uuid, ForeignKey("contracts.id"), nullable=False),
    Column("certificate_serial", Text, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    _instant("stamped_at", nullable=False),
    _instant("ages_at"),
    _instant("looked_at"),
)
Index("company_signatures_ageing", company_signatures.c.ages_at)

# A later stamp over all of a signature's evidence, older stamps too.
company_restamps = Table(
    "company_restamps",
    metadata,
    Column("restamp_id", Uuid, primary_key=True),
    Column(
        "document_sha256",
        Text,
        ForeignKey("company_signatures.document_sha256"),
        nullable=False,
    ),
    Column("number", Integer, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    _instant("stamped_at", nullable=False),
    _instant("kept_at", nullable=False),
    UniqueConstraint("document_sha256", "number", name="company_restamps_number"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contracts.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("issued_on", Date, nullable=False),
    Column("annual_percent", Numeric(7, 2), nullable=False),
    Column("gesv_percent", Numeric(9, 2), nullable=False),
    CheckConstraint("kind IN ('draft', 'final')", name="schedules_kind"),
)

instalments = Table(
    "instalments",
    metadata,
    Column("contract_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("due_on", Date, nullable=False),
    Column("principal_minor", BigInteger, nullable=False),
    Column("interest_minor", BigInteger, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["contract_id", "kind"], ["schedules.contract_id", "schedules.kind"]
    ),
    CheckConstraint(
        "principal_minor >= 0 AND interest_minor >= 0 AND balance_minor >= 0"
        " AND principal_minor + interest_minor > 0",
        name="instalments_amounts",
    ),
)

statements = Table(
    "statements",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contracts.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("text_version", Text, nullable=False),
    Column("text_sha256", Text, nullable=False),
    Column("channel", Text, nullable=False),
    _instant("second_factor_at", nullable=False),
    _instant("given_at", nullable=False),
    CheckConstraint("kind IN ('consent', 'release')", name="statements_kind"),
)

# Clause 6.2: entries are only added; the requests they stand on are sealed, each by the
# key of the client it was first filed for.
disclosure_documents = Table(
    "disclosure_documents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("client_id", Uuid),
    Column("document", LargeBinary, nullable=False),
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("disclosure_id", Uuid, primary_key=True),
    Column("ground", Text, nullable=False),
    Column("recipient_kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("client_id", Uuid),
    Column(
        "document_sha256",
        Text,
        ForeignKey("disclosure_documents.sha256"),
        nullable=False,
    ),
    Column("proofs", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("approved_by", Uuid, nullable=False),
    _instant("approved_at", nullable=False),
    _instant("valid_until", nullable=False),
    CheckConstraint("asked_by <> approved_by", name="disclosures_two_persons"),
    CheckConstraint("valid_until > approved_at", name="disclosures_run_out"),
)
Index("disclosures_of_client", disclosures.c.client_id)

visits = Table(
    "visits",
    metadata,
    Column("approval_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("visited_on", Date, nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("confirmed_by", Uuid, nullable=False),
    _instant("recorded_at", nullable=False),
    # Four eyes: who says it and who confirms it are two.
    CheckConstraint("recorded_by <> confirmed_by", name="visits_two_persons"),
)
Index("visits_of_client", visits.c.client_id)

reminders = Table(
    "reminders",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contracts.id"), primary_key=True),
    Column("awaits", Text, primary_key=True),
    Column("days_left", Integer, primary_key=True, autoincrement=False),
    _instant("sent_at", nullable=False),
    CheckConstraint("awaits IN ('consent', 'release')", name="reminders_awaits"),
)

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("about", Text, nullable=False),
    Column("about_id", Uuid),
    _instant("opened_at", nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("extended", Boolean, nullable=False),
    _instant("written_at", nullable=False),
    CheckConstraint(
        "about IN ('application', 'contract', 'other')", name="inquiries_about"
    ),
    CheckConstraint(
        "(about = 'other') = (about_id IS NULL)", name="inquiries_about_something"
    ),
    CheckConstraint(
        "state IN ('waiting', 'answered', 'closed')", name="inquiries_state"
    ),
)
Index("inquiries_of_client", inquiries.c.client_id, inquiries.c.id)
Index("inquiries_queue", inquiries.c.state, inquiries.c.answer_by)

# Sealed, and only added; who of the staff wrote one, its client is not told.
letters = Table(
    "letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("inquiry_id", Uuid, ForeignKey("inquiries.id"), nullable=False),
    Column("text", LargeBinary, nullable=False),
    _instant("written_at", nullable=False),
    Column("staff_id", Uuid),
)
Index("letters_of_inquiry", letters.c.inquiry_id, letters.c.id)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    _instant("activated_at", nullable=False),
    Column("iin_token", Text),
    _instant("identity_changed_at"),
)
Index("clients_iin", clients.c.iin_token)

suspensions = Table(
    "suspensions",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    _instant("suspended_at"),
    _instant("released_at"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("owned", Boolean, nullable=False),
    _instant("heard_at", nullable=False),
)
