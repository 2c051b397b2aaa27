"""The service's own tables, and the road from rows to domain objects."""

from services.contracts.storage import ledger
from services.contracts.storage.tables import metadata

__all__ = ["ledger", "metadata"]
