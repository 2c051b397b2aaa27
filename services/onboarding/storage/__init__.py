"""Tables, and the road from rows to domain objects. Personal fields are sealed."""

from services.onboarding.storage.tables import metadata
from services.onboarding.storage.unit import SqlUnit

__all__ = ["SqlUnit", "metadata"]
