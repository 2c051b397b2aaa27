"""The queue of what waits for a person of the staff, or for antifraud."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from kernel.origins import origins_table
from services.onboarding.storage.tables import metadata

origins = origins_table(metadata)

# `subject_id`: a photo, a registration, an account or a change, by the kind.
# `term_left_s`: what was left of the registration's time when it began to wait.
reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("registration_id", Uuid),
    Column("subject_id", Uuid, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("term_left_s", Integer),
    Column("warned_at", DateTime(timezone=True)),
    Column("settled_as", Text),
    Column("settled_by", Uuid),
    Column("agreed_by", Uuid),
    Column("settled_reason", Text),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint(
        "kind IN ('photo_in_doubt', 'photo_held', 'phone_owner', 'account_owner',"
        " 'antifraud')",
        name="reviews_kind",
    ),
    CheckConstraint(
        "settled_as IN ('approved', 'rejected', 'superseded', 'run_out')",
        name="reviews_settled",
    ),
    CheckConstraint(
        "settled_as IS DISTINCT FROM 'approved'"
        " OR kind NOT IN ('photo_held', 'account_owner')"
        " OR (agreed_by IS NOT NULL AND agreed_by <> settled_by)",
        name="reviews_four_eyes",
    ),
)
Index(
    "reviews_waiting",
    reviews.c.subject_id,
    unique=True,
    postgresql_where=text("settled_as IS NULL"),
)
Index("reviews_running", reviews.c.until, postgresql_where=text("settled_as IS NULL"))
Index("reviews_registration", reviews.c.registration_id)

# `subject_id`: the registration or the change that `operation` names.
questions = Table(
    "questions",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("subject_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_ask_at", DateTime(timezone=True)),
    Column("for_person_since", DateTime(timezone=True)),
    Column("agreed_at", DateTime(timezone=True)),
    Column("decision_id", Uuid),
    Column("outcome", Text),
    Column("asked_at", DateTime(timezone=True), nullable=False),
)
Index("questions_subject", questions.c.subject_id)
