"""The facts audit publishes about its own log."""

from uuid import UUID

from kernel.events.base import Event


class CheckpointPublished(Event):
    """A signed checkpoint of the log left the process."""

    TYPE = "audit.checkpoint_published.v1"
    SUBJECT = "checkpoint"

    checkpoint_id: UUID
    size: int
    root_sha256: str


class IntegrityMismatchFound(Event):
    """A stored record is not what was logged (clauses 3.2b, 7.2b)."""

    TYPE = "audit.integrity_mismatch_found.v1"
    SUBJECT = "finding"

    finding_id: UUID
    seq: int
    code: str


class IntegrityProven(Event):
    """A finding stopped the log; somebody had it verified since, and it is whole."""

    TYPE = "audit.integrity_proven.v1"
    SUBJECT = "finding"

    finding_id: UUID
    leaves: int


class ExportMade(Event):
    """Somebody took a copy of the log, or a part of it (clause 6.2).

    ``disclosure_id`` is the entry of the register that lets them; releases before it
    was asked for have none. Of a part: how many ``leaves``, and the one client it is
    about, if it is about one; the leaf ``exported`` says which part.
    """

    TYPE = "audit.export_made.v1"
    SUBJECT = "export"

    export_id: UUID
    size: int
    disclosure_id: UUID | None = None
    leaves: int | None = None
    client_id: UUID | None = None
