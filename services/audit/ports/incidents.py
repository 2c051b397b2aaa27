"""What the register of incidents needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.audit.domain.incidents.incident import (
    Conclusion,
    Custody,
    Entry,
    Evidence,
    Incident,
)
from services.audit.ports import Unit


class Incidents(Protocol):
    """Incidents with their timelines, evidence and affected clients."""

    def add(self, incident: Incident) -> None: ...

    def listed(self, *, closed: bool, limit: int) -> Sequence[Incident]:
        """The open ones, detected first come first; of closed ones the newest."""
        ...

    def find(self, incident_id: UUID) -> Incident | None: ...

    def lock(self, incident_id: UUID) -> Incident | None:
        """Held until the commit."""
        ...

    def entries(self, incident_id: UUID) -> Sequence[Entry]:
        """The timeline, by when things came about."""
        ...

    def evidence(self, incident_id: UUID) -> Sequence[Evidence]: ...

    def content(self, incident_id: UUID, evidence_id: UUID) -> bytes | None:
        """A file's bytes; of a leaf, the leaf and its proof as one archive."""
        ...

    def clients(self, incident_id: UUID) -> Sequence[UUID]: ...

    def conclusion(self, incident_id: UUID) -> Conclusion | None: ...

    def add_entry(self, incident_id: UUID, entry: Entry) -> None: ...

    def add_evidence(
        self, incident_id: UUID, evidence: Evidence, content: bytes
    ) -> None: ...

    def add_custody(self, evidence_id: UUID, custody: Custody) -> None: ...

    def add_client(self, incident_id: UUID, client_id: UUID, *, at: datetime) -> bool:
        """False for one who is named already."""
        ...

    def assign(self, incident_id: UUID, *, to: UUID, at: datetime) -> None: ...

    def contain(self, incident_id: UUID, *, at: datetime) -> None: ...

    def downgrade(self, incident_id: UUID) -> None: ...

    def close(
        self, incident_id: UUID, conclusion: Conclusion, *, by: UUID, at: datetime
    ) -> None: ...

    def uncontained(self) -> Sequence[datetime]:
        """When the open incidents were detected which nothing has stopped yet."""
        ...


class IncidentUnit(Unit, Protocol):
    """A unit of work that knows incidents."""

    @property
    def incidents(self) -> Incidents: ...


class IncidentAlarms(Protocol):
    """Telling the operators."""

    def uncontained(self, *, count: int) -> None:
        """So many incidents went on for longer than they may; 0 when none."""
        ...
