"""The tables every service's database has: outbox, inbox and what goes with them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

kernel_metadata = MetaData()

outbox = Table(
    "outbox",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("inserted", BigInteger, Identity(always=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("time", DateTime(timezone=True), nullable=False),
    Column("traceparent", Text, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("causation_id", Uuid),
    Column("sequence", BigInteger, unique=True),
    Column("subject_version", BigInteger),
    Column("body", LargeBinary),
)
Index("outbox_unnumbered", outbox.c.inserted, postgresql_where=text("sequence IS NULL"))

# One row, however many messages: to mark each in its own row would write all of its
# bytes and index entries once more.
outbox_unconfirmed = Table(
    "outbox_unconfirmed",
    kernel_metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("sequences", INT8MULTIRANGE, nullable=False),
    CheckConstraint("one", name="outbox_unconfirmed_one"),
)

outbox_subject = Table(
    "outbox_subject",
    kernel_metadata,
    Column("subject", Text, primary_key=True),
    Column("last_version", BigInteger, nullable=False),
)

inbox = Table(
    "inbox",
    kernel_metadata,
    Column("source", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("subject_version", BigInteger, primary_key=True),
    Column("message_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("applied_at", DateTime(timezone=True)),
    Column("parked_at", DateTime(timezone=True)),
    Column("reason", Text),
    CheckConstraint(
        "state IN ('applied', 'waiting', 'failed', 'parked', 'dropped')",
        name="inbox_state",
    ),
)
Index("inbox_retry", inbox.c.next_at, postgresql_where=text("state = 'failed'"))
Index("inbox_parked", inbox.c.parked_at, postgresql_where=text("state = 'parked'"))
Index("inbox_waiting", inbox.c.received_at, postgresql_where=text("state = 'waiting'"))

inbox_subject = Table(
    "inbox_subject",
    kernel_metadata,
    Column("source", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("last_version", BigInteger, nullable=False),
)

parked_drop = Table(
    "parked_drop",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="asked"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('asked', 'refused', 'dropped')", name="parked_drop_state"
    ),
    CheckConstraint("decided_by <> asked_by", name="parked_drop_four_eyes"),
)
Index(
    "parked_drop_open",
    parked_drop.c.message_id,
    unique=True,
    postgresql_where=text("state = 'asked'"),
)

approvals = Table(
    "approvals",
    kernel_metadata,
    Column("approval_id", Uuid, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("arguments", LargeBinary, nullable=False),
    Column("arguments_sha256", LargeBinary, nullable=False),
    Column("effect", Text, nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="asked"),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('asked', 'executed', 'rejected', 'expired')", name="approvals_state"
    ),
    CheckConstraint(
        "(state IN ('executed', 'rejected')) = "
        "(decided_by IS NOT NULL AND decided_at IS NOT NULL)",
        name="approvals_decided",
    ),
    CheckConstraint("decided_by <> requested_by", name="approvals_four_eyes"),
)
Index(
    "approvals_open",
    approvals.c.operation,
    approvals.c.arguments_sha256,
    unique=True,
    postgresql_where=text("state = 'asked'"),
)

settings = Table(
    "settings",
    kernel_metadata,
    Column("setting_id", Uuid, primary_key=True),
    Column("key", Text, nullable=False),
    Column("effective_at", DateTime(timezone=True), nullable=False),
    # Canonical JSON, as the event told it.
    Column("value", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("clause", Text, nullable=False),
    UniqueConstraint("key", "effective_at", name="settings_dated"),
    CheckConstraint("source <> ''", name="settings_source"),
)

quarantine = Table(
    "quarantine",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("code", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("body_sha256", LargeBinary, nullable=False),
)

idempotency = Table(
    "idempotency",
    kernel_metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("arguments_sha256", LargeBinary, nullable=False),
    Column("reply", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
)


def metadata_for_service() -> MetaData:
    """A fresh MetaData with the kernel's tables in it; a service adds its own."""
    metadata = MetaData()
    for table in kernel_metadata.sorted_tables:
        table.to_metadata(metadata)
    return metadata
