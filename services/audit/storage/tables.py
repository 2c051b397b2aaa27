"""The tables. Rows of `audit_log` are only ever added; triggers refuse anything else.

One table of leaves, not partitioned: a partition key would forbid one UNIQUE over the
event id.
"""

from sqlalchemy import (
    ARRAY,
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
    Uuid,
    text,
)

from kernel.tables import metadata_for_service

metadata = metadata_for_service()

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("event_id", Uuid),
    Column("event_sha256", LargeBinary),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("chain_hash", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("seq >= 0", name="audit_log_seq"),
    CheckConstraint("octet_length(leaf_hash) = 32", name="audit_log_leaf_hash"),
    CheckConstraint("octet_length(chain_hash) = 32", name="audit_log_chain_hash"),
    CheckConstraint("octet_length(leaf) <= 65535", name="audit_log_leaf"),
)
# Kinds by number: 1 event, 2 event_ref, 3 conflict, 4 refused (domain.leaf.Kind).
Index(
    "audit_log_event",
    audit_log.c.event_id,
    unique=True,
    postgresql_where=text("kind IN (1, 2)"),
)
Index(
    "audit_log_conflict",
    audit_log.c.event_id,
    audit_log.c.event_sha256,
    unique=True,
    postgresql_where=text("kind = 3"),
)
Index(
    "audit_log_refused",
    audit_log.c.event_sha256,
    unique=True,
    postgresql_where=text("kind = 4"),
)

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)

audit_stamp = Table(
    "audit_stamp",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    # The exact bytes of the checkpoint that was published, cosignatures and all.
    Column("checkpoint", LargeBinary, nullable=False),
    # TimeStampResp (RFC 3161) over them.
    Column("reply", LargeBinary, nullable=False),
    Column("stamped_at", DateTime(timezone=True), nullable=False),
)

audit_parked = Table(
    "audit_parked",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    # Sealed: a refused message may hold anything, personal data too.
    Column("raw", LargeBinary, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False),
)

audit_export = Table(
    "audit_export",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("disclosure_id", Uuid),
)

audit_notice = Table(
    "audit_notice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    # Canonical JSON: the fields of the leaf to be.
    Column("fields", LargeBinary, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    # 10 exported, 11 read (domain.leaf.Kind).
    CheckConstraint("kind IN (10, 11)", name="audit_notice_kind"),
)

audit_block = Table(
    "audit_block",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("lifted_at", DateTime(timezone=True)),
    Column("lifted_by", Text),
)

audit_tile = Table(
    "audit_tile",
    metadata,
    Column("tile", BigInteger, primary_key=True, autoincrement=False),
    # domain.index: what 256 leaves name, and how many events of whom they are.
    Column("terms", ARRAY(BigInteger), nullable=False),
    Column("producers", ARRAY(Text), nullable=False),
    Column("events", ARRAY(Integer), nullable=False),
    # The digest of the terms, sealed: who changes a row cannot seal it.
    Column("seal", LargeBinary),
)
Index("audit_tile_terms", audit_tile.c.terms, postgresql_using="gin")
Index(
    "audit_tile_unsealed",
    audit_tile.c.tile,
    postgresql_where=text("seal IS NULL"),
)

audit_producer = Table(
    "audit_producer",
    metadata,
    Column("producer", Text, primary_key=True),
    Column("last_sequence", BigInteger, nullable=False),
)

audit_hole = Table(
    "audit_hole",
    metadata,
    Column("producer", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("noticed_at", DateTime(timezone=True), nullable=False),
    Column("reported", Boolean, nullable=False),
)

audit_evidence = Table(
    "audit_evidence",
    metadata,
    # An event's type, or the number of a leaf's own kind (domain.leaf.Kind).
    Column("kind", Text, primary_key=True),
    Column("leaves", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
)

audit_procedure_text = Table(
    "audit_procedure_text",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("text", LargeBinary, nullable=False),
    CheckConstraint("sha256 = sha256(text)", name="audit_procedure_text_sha256"),
)

audit_procedure = Table(
    "audit_procedure",
    metadata,
    Column("version_id", Uuid, primary_key=True),
    Column(
        "sha256",
        LargeBinary,
        ForeignKey("audit_procedure_text.sha256"),
        nullable=False,
        unique=True,
    ),
    Column("minutes", Text, nullable=False, unique=True),
    Column("approved_on", Date, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("asked_by", Uuid),
    Column("approved_by", Uuid),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("minutes <> ''", name="audit_procedure_minutes"),
    CheckConstraint("effective_on >= approved_on", name="audit_procedure_dates"),
    CheckConstraint("asked_by <> approved_by", name="audit_procedure_persons"),
)

audit_review = Table(
    "audit_review",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("opened_by", Uuid),
    Column("due_on", Date, nullable=False),
    Column("held_on", Date),
    Column("outcome", Text),
    Column("result", Text),
    Column("held_by", Uuid),
    Column("warned", Boolean, nullable=False),
    Column("overdue_told_on", Date),
    CheckConstraint(
        "num_nulls(held_on, outcome, result, held_by) IN (0, 4)",
        name="audit_review_held",
    ),
)
# Of what returns by itself one is open at a time.
Index(
    "audit_review_open",
    audit_review.c.cause,
    unique=True,
    postgresql_where=text("held_on IS NULL AND cause = 'yearly'"),
)
