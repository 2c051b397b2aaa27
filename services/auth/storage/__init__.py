"""Tables of auth, and the road from rows to domain objects."""

from services.auth.storage.tables import metadata

__all__ = ["metadata"]
