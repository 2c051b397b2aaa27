"""The tables of the register of incidents; words and evidence are sealed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from services.audit.storage.tables import metadata

incident = Table(
    "incident",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("about", Text),
    Column("detected_at", DateTime(timezone=True), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("opened_by", Uuid),
    Column("owner", Uuid),
    Column("owned_at", DateTime(timezone=True)),
    Column("reportable", Boolean, nullable=False),
    Column("contained_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_by", Uuid),
    # Canonical JSON, sealed: cause, consequences, measures, lesson.
    Column("conclusion_sealed", LargeBinary),
    CheckConstraint("detected_at <= opened_at", name="incident_detected"),
    CheckConstraint(
        "num_nulls(closed_at, closed_by, conclusion_sealed) IN (0, 3)",
        name="incident_closed_whole",
    ),
    CheckConstraint(
        "closed_at IS NULL OR contained_at IS NOT NULL",
        name="incident_closed_contained",
    ),
)
Index(
    "incident_open",
    incident.c.detected_at,
    postgresql_where=text("closed_at IS NULL"),
)

incident_entry = Table(
    "incident_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid),
    Column("kind", Text, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    CheckConstraint("at <= noted_at", name="incident_entry_past"),
    Index("incident_entry_of", "incident_id", "at"),
)

incident_evidence = Table(
    "incident_evidence",
    metadata,
    Column("evidence_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("leaf", BigInteger),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Index("incident_evidence_of", "incident_id", "evidence_id"),
)

incident_custody = Table(
    "incident_custody",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=True),
    Column("evidence_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Uuid, nullable=False),
    Column("act", Text, nullable=False),
    Index("incident_custody_of", "evidence_id", "number"),
)

incident_client = Table(
    "incident_client",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("client_id", Uuid, primary_key=True),
    Column("named_at", DateTime(timezone=True), nullable=False),
)

incident_notice = Table(
    "incident_notice",
    metadata,
    Column("notice_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("addressee", Text, nullable=False),
    Column("client_id", Uuid),
    Column("round", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("approved_by", Uuid),
    Column("approved_at", DateTime(timezone=True)),
    # The bytes that are sent, sealed: names and ИИН are among them.
    Column("papers_sealed", LargeBinary),
    Column("papers_sha256", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column("receipt", Text),
    CheckConstraint(
        "state IN ('due', 'approved', 'sent', 'refused', 'withdrawn')",
        name="incident_notice_state",
    ),
    CheckConstraint(
        "(addressee = 'client') = (client_id IS NOT NULL)",
        name="incident_notice_client",
    ),
    CheckConstraint(
        "(state = 'sent') = (sent_at IS NOT NULL AND receipt IS NOT NULL)",
        name="incident_notice_receipt",
    ),
    CheckConstraint(
        "state IN ('due', 'withdrawn') OR num_nulls(approved_by, papers_sealed) = 0",
        name="incident_notice_approved",
    ),
)
Index("incident_notice_of", incident_notice.c.incident_id)
Index(
    "incident_notice_waits",
    incident_notice.c.due_at,
    postgresql_where=text("state IN ('due', 'approved', 'refused')"),
)

log_reader = Table(
    "log_reader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
)

first_measure = Table(
    "first_measure",
    metadata,
    Column("measure_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("measure", Text, nullable=False),
    Column("about", Text),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    Column("taken_at", DateTime(timezone=True)),
    Column("lifted_at", DateTime(timezone=True)),
    Column("undone_at", DateTime(timezone=True)),
    Index("first_measure_of", "incident_id"),
    Index(
        "first_measure_cut",
        "ordered_at",
        postgresql_where=text("measure = 'cut_off' AND undone_at IS NULL"),
    ),
)
