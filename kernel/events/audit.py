"""The facts audit publishes about its own log."""

from datetime import date
from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, Word


class CheckpointPublished(Event):
    """A signed checkpoint of the log left the process."""

    TYPE = "audit.checkpoint_published.v1"
    SUBJECT = "checkpoint"

    checkpoint_id: UUID
    size: int
    root_sha256: str


class IntegrityMismatchFound(Event):
    """A stored record is not what was logged (clauses 3.2b, 7.2b).

    ``producer``: whose events do not come to what its outbox counted.
    """

    TYPE = "audit.integrity_mismatch_found.v1"
    SUBJECT = "finding"

    finding_id: UUID
    seq: int
    code: str
    producer: str | None = None


class IntegrityProven(Event):
    """A finding stopped the log; somebody had it verified since, and it is whole."""

    TYPE = "audit.integrity_proven.v1"
    SUBJECT = "finding"

    finding_id: UUID
    leaves: int


class ProcedureApproved(Event):
    """A version of the Procedure (Порядок) was put on record (clause 8.4).

    Nobody of the staff stands in it for the version the platform was built for.
    """

    TYPE = "audit.procedure_approved.v1"
    SUBJECT = "version"

    version_id: UUID
    text_sha256: str
    minutes: str
    approved_on: date
    effective_on: date
    asked_by: UUID | None = None
    approved_by: UUID | None = None


class ProcedurePublished(Event):
    """The site shows the version in force from now on (clause 8.3)."""

    TYPE = "audit.procedure_published.v1"
    SUBJECT = "version"

    version_id: UUID
    text_sha256: str


class ProcedureMismatchFound(Event):
    """The site showed another text than the approved one; it was put right at once."""

    TYPE = "audit.procedure_mismatch_found.v1"
    SUBJECT = "finding"

    finding_id: UUID
    version_id: UUID
    text_sha256: str
    found_sha256: str


class SettingChanged(Event):
    """A dated setting has another value from an instant on (clause 6.3).

    A number of legal weight with decimals is a text.  ``source``: the act, the minutes
    or the order that gives the value; ``clause``: of the Procedure, empty if none.
    """

    TYPE = "audit.setting_changed.v1"
    SUBJECT = "setting"

    setting_id: UUID
    key: str
    effective_at: Instant
    value: int | str | list[str]
    source: str
    clause: str
    asked_by: UUID
    approved_by: UUID


class ReviewOpened(Event):
    """A review of the Procedure or of its measures has a day it is due (8.1, 8.2).

    What it is about is kept by audit, here by its digest: people wrote it.
    """

    TYPE = "audit.review_opened.v1"
    SUBJECT = "review"

    review_id: UUID
    cause: Word[Literal["yearly", "law", "technology", "measures"]]
    due_on: date
    subject_sha256: str


class ReviewDue(Event):
    """A review is due soon and has not been held: the warning before."""

    TYPE = "audit.review_due.v1"
    SUBJECT = "review"

    review_id: UUID
    due_on: date


class ReviewOverdue(Event):
    """The day of a review has passed; told anew each day until it is held."""

    TYPE = "audit.review_overdue.v1"
    SUBJECT = "review"

    review_id: UUID
    due_on: date


class ReviewHeld(Event):
    """A review was held, its result is kept by audit; ``next_due_on``: when again."""

    TYPE = "audit.review_held.v1"
    SUBJECT = "review"

    review_id: UUID
    outcome: Word[Literal["kept", "changed"]]
    held_by: UUID
    result_sha256: str
    next_due_on: date | None = None


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
