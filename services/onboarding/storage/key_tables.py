"""The keys of persons, and who asked to be erased: apart from all they seal."""

from sqlalchemy import Column, DateTime, Index, Table, Uuid, text

from kernel.person_keys import person_keys_table
from services.onboarding.storage.tables import metadata

person_keys = person_keys_table(metadata)

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
