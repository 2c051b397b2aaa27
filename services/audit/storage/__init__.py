"""The log's tables and the two roads to them: the only writer's, and the readers'.

Beside them stand the tables of incidents and of the monitoring.
"""

from services.audit.storage import incident_tables, monitoring_tables
from services.audit.storage.tables import metadata

__all__ = ["incident_tables", "metadata", "monitoring_tables"]
