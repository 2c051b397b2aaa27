"""The log's tables and the two roads to them: the only writer's, and the readers'."""

from services.audit.storage.tables import metadata

__all__ = ["metadata"]
