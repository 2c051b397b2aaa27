"""The tables of antifraud.

`occurrence`, `decision`, versions of rules and their register are only ever added to;
the application's role has no right to change them.  `tally` and `pair` follow
`occurrence` by a trigger (migration 0005).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
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

from kernel.tables import metadata_for_service

metadata = metadata_for_service()

occurrence = Table(
    "occurrence",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("other", Text),
    Column("object", Text),
    Column("amount", BigInteger),
)
Index(
    "occurrence_of_object",
    occurrence.c.object,
    postgresql_where=text("object IS NOT NULL"),
)

tally = Table(
    "tally",
    metadata,
    Column("key", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("smallest", BigInteger),
    Column("largest", BigInteger),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
)

pair = Table(
    "pair",
    metadata,
    Column("key", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("other", Text, primary_key=True),
)

link = Table(
    "link",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
)
Index("link_of_key", link.c.key)

list_entry = Table(
    "list_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("of", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("added_by", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
)
Index(
    "list_entry_open",
    list_entry.c.key,
    list_entry.c.of,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Column("fired", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("rule_set", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("took_us", LargeBinary),
)
Index("decision_of_operation", decision.c.operation, decision.c.decided_at)
Index("decision_in_time", decision.c.decided_at, postgresql_using="brin")

rule_set = Table(
    "rule_set",
    metadata,
    Column("version", Text, primary_key=True),
    Column("says", LargeBinary, nullable=False),
)

rule_entry = Table(
    "rule_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("version", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("approved_by", Uuid),
    Column("report", LargeBinary),
    Column("note", Text, nullable=False),
)
Index("rule_entry_in_order", rule_entry.c.at, rule_entry.c.entry_id)

label = Table(
    "label",
    metadata,
    Column("decision_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("fraud", Boolean, nullable=False),
    Column("by", Uuid, nullable=False),
)

shadow_verdict = Table(
    "shadow_verdict",
    metadata,
    Column("decision_id", Uuid, primary_key=True),
    Column("version", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("fired", LargeBinary, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    Column("decision_id", Uuid, primary_key=True),
    Column("held", Text, nullable=False),
    Column("client_id", Uuid),
    Column("held_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    Column("ground", Text),
    Column("until_on", Date),
    Column("suspended_by", Text),
    Column("reason", Text),
    Column("warned_on", Date),
    Column("overdue_on", Date),
    Column("confirmed_at", DateTime(timezone=True)),
)
Index(
    "hold_open",
    hold.c.held,
    unique=True,
    postgresql_where=text("released_at IS NULL"),
)
Index("hold_at", hold.c.held_at)

hold_review = Table(
    "hold_review",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("decision_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("until_on", Date, nullable=False),
)
Index("hold_review_of", hold_review.c.decision_id, hold_review.c.at)

rule_trip = Table(
    "rule_trip",
    metadata,
    Column("trip_id", Uuid, primary_key=True),
    Column("version", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("tripped_at", DateTime(timezone=True), nullable=False),
    Column("judged", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
    Column("rearmed_at", DateTime(timezone=True)),
    Column("asked_by", Uuid),
    Column("approved_by", Uuid),
    CheckConstraint(
        "rearmed_at IS NULL OR asked_by <> approved_by",
        name="rule_trip_rearmed_by_two",
    ),
)
Index(
    "rule_trip_open",
    rule_trip.c.version,
    rule_trip.c.rule,
    unique=True,
    postgresql_where=text("rearmed_at IS NULL"),
)

fraud_case = Table(
    "fraud_case",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("about", Text, nullable=False),
    Column("client_id", Uuid),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("assigned_to", Uuid),
    Column("assigned_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_by", Uuid),
    Column("outcome", Text),
    CheckConstraint(
        "outcome IN ('fraud', 'not_fraud', 'unclear')", name="fraud_case_outcome"
    ),
    CheckConstraint(
        "(closed_at IS NULL) = (outcome IS NULL)", name="fraud_case_closed"
    ),
)
Index(
    "fraud_case_open",
    fraud_case.c.about,
    unique=True,
    postgresql_where=text("closed_at IS NULL"),
)
Index("fraud_case_of", fraud_case.c.client_id)

case_item = Table(
    "case_item",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("decision_id", Uuid, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

case_note = Table(
    "case_note",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
)
Index("case_note_of", case_note.c.case_id, case_note.c.note_id)

case_file = Table(
    "case_file",
    metadata,
    Column("file_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("upload_sha256", Text),
)
Index("case_file_of", case_file.c.case_id, case_file.c.file_id)

appeal = Table(
    "appeal",
    metadata,
    Column("appeal_id", Uuid, primary_key=True),
    Column("year", SmallInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("against", Text, nullable=False),
    Column("inquiry_id", Uuid),
    Column("received_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("words_sealed", LargeBinary, nullable=False),
    Column("extended_at", DateTime(timezone=True)),
    Column("extension_reason", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Uuid),
    Column("outcome", Text),
    Column("answer_sealed", LargeBinary),
    CheckConstraint(
        "outcome IN ('upheld', 'partly', 'rejected')", name="appeal_outcome"
    ),
    CheckConstraint(
        "num_nulls(decided_at, decided_by, outcome, answer_sealed) IN (0, 4)",
        name="appeal_answered",
    ),
    UniqueConstraint("year", "number", name="appeal_number"),
)
Index(
    "appeal_open",
    appeal.c.client_id,
    appeal.c.against,
    unique=True,
    postgresql_where=text("decided_at IS NULL"),
)
Index("appeal_of_client", appeal.c.client_id, appeal.c.appeal_id)

centre_report = Table(
    "centre_report",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("ack_id", Text),
    Column("status", Text),
    Column("reason", Text),
    Column("ask_at", DateTime(timezone=True)),
    Column("settled_by", Text),
    Column("ground", Text),
)
Index(
    "centre_report_line",
    centre_report.c.created_at,
    centre_report.c.event_id,
    postgresql_where=text("state = 'pending'"),
)
Index(
    "centre_report_unsettled",
    centre_report.c.ask_at,
    postgresql_where=text("state = 'sent'"),
)
Index("centre_report_created", centre_report.c.created_at)
