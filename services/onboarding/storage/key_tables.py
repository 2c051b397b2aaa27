"""The keys of persons, and who asked to be erased: apart from all they seal.

A backup of the other tables without `person_keys` holds nothing that can be opened.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    exists,
    text,
)

from services.onboarding.storage.tables import metadata

# `wrapped_by`: the service's key that seals this one. `whole_at`: since when nothing of
# the person is sealed by anything else. `look_at`: when the person may be due to go.
person_keys = Table(
    "person_keys",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("key_sealed", LargeBinary),
    Column("wrapped_by", Text),
    Column("made_at", DateTime(timezone=True)),
    Column("whole_at", DateTime(timezone=True)),
    Column("look_at", DateTime(timezone=True)),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint(
        "(key_sealed IS NULL) = (wrapped_by IS NULL)", name="person_keys_wrapped"
    ),
    CheckConstraint(
        "destroyed_at IS NULL OR key_sealed IS NULL", name="person_keys_destroyed"
    ),
)
Index(
    "person_keys_partial",
    person_keys.c.made_at,
    postgresql_where=text("whole_at IS NULL"),
)
Index("person_keys_wrapping", person_keys.c.wrapped_by)
Index("person_keys_looked", person_keys.c.look_at)

erasure_requests = Table(
    "erasure_requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
)
Index(
    "erasure_requests_standing",
    erasure_requests.c.client_id,
    unique=True,
    postgresql_where=text("withdrawn_at IS NULL"),
)


def is_erased(client_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the person a column names was erased: no row of theirs can be opened."""
    return exists().where(
        person_keys.c.client_id == client_id, person_keys.c.destroyed_at.is_not(None)
    )
