"""The facts audit publishes: about its log, about incidents and the Procedure."""

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


class IncidentOpened(Event):
    """Something of clause 7.2, or an outage, has come about: the register has it.

    ``detected_at`` is the first alert and stays; the terms of 7.3 run from it.
    ``about`` is a subject of the log, if it is about one; ``opened_by`` is None where
    the monitoring did.
    """

    TYPE = "audit.incident_opened.v1"
    SUBJECT = "incident"

    incident_id: UUID
    kind: Word[Literal["unauthorised_access", "unauthorised_change", "fraud", "outage"]]
    severity: Word[Literal["low", "medium", "high", "critical"]]
    about: str | None
    detected_at: Instant
    reportable: bool
    opened_by: UUID | None


class IncidentAssigned(Event):
    """An incident is somebody's of the staff, who leads it to its end."""

    TYPE = "audit.incident_assigned.v1"
    SUBJECT = "incident"

    incident_id: UUID
    assigned_to: UUID
    assigned_by: UUID


class IncidentNoted(Event):
    """The timeline of an incident has one more entry; its words stay with audit."""

    TYPE = "audit.incident_noted.v1"
    SUBJECT = "incident"

    incident_id: UUID
    entry_id: UUID
    kind: Word[Literal["alert", "note", "measure", "fact"]]
    words_sha256: str
    noted_by: UUID | None


class IncidentRead(Event):
    """A member of the staff read an incident's words, or a piece of evidence."""

    TYPE = "audit.incident_read.v1"
    SUBJECT = "incident"

    incident_id: UUID
    evidence_id: UUID | None
    reader: UUID


class EvidenceTaken(Event):
    """Evidence of an incident was kept: a file, or a leaf with its proof.

    ``leaf`` is the leaf's number; None for a file.
    """

    TYPE = "audit.evidence_taken.v1"
    SUBJECT = "incident"

    incident_id: UUID
    evidence_id: UUID
    evidence_sha256: str
    leaf: int | None
    taken_by: UUID


class ClientAffected(Event):
    """An incident concerns this client, who has to be told of it."""

    TYPE = "audit.client_affected.v1"
    SUBJECT = "incident"

    incident_id: UUID
    client_id: UUID
    named_by: UUID


class IncidentContained(Event):
    """The measures that were taken stop it from going on (clause 7.2)."""

    TYPE = "audit.incident_contained.v1"
    SUBJECT = "incident"

    incident_id: UUID
    contained_by: UUID


class IncidentDowngraded(Event):
    """Two persons found that it need not be reported; the reason stays with audit."""

    TYPE = "audit.incident_downgraded.v1"
    SUBJECT = "incident"

    incident_id: UUID
    asked_by: UUID
    approved_by: UUID


class IncidentClosed(Event):
    """Cause, consequences, measures and lesson are on record (clause 7.2)."""

    TYPE = "audit.incident_closed.v1"
    SUBJECT = "incident"

    incident_id: UUID
    closed_by: UUID


class NoticeDue(Event):
    """Somebody has to be told of an incident by then (clause 7.3).

    ``round`` is 2 and more for news of an incident that was told already.
    """

    TYPE = "audit.notice_due.v1"
    SUBJECT = "incident"

    incident_id: UUID
    notice_id: UUID
    addressee: Word[Literal["regulator", "personal_data", "client"]]
    client_id: UUID | None
    round: int
    due_at: Instant


class NoticeDeadlineNear(Event):
    """The term of a notice comes to its end, or has, and the notice is not sent."""

    TYPE = "audit.notice_deadline_near.v1"
    SUBJECT = "incident"

    incident_id: UUID
    notice_id: UUID
    addressee: Word[Literal["regulator", "personal_data", "client"]]
    stage: Word[Literal["early", "escalated", "overdue"]]
    due_at: Instant


class NoticeApproved(Event):
    """A person has seen a notice and lets it go out; a client is told by auth.

    ``papers_sha256`` is of what is sent to a body; a client gets a message.
    """

    TYPE = "audit.notice_approved.v1"
    SUBJECT = "incident"

    incident_id: UUID
    notice_id: UUID
    addressee: Word[Literal["regulator", "personal_data", "client"]]
    client_id: UUID | None
    papers_sha256: str | None
    approved_by: UUID


class NoticeSent(Event):
    """The addressee has a notice, and its receipt is kept (clause 7.3)."""

    TYPE = "audit.notice_sent.v1"
    SUBJECT = "incident"

    incident_id: UUID
    notice_id: UUID
    addressee: Word[Literal["regulator", "personal_data", "client"]]
    receipt_sha256: str
    in_time: bool


class AlertRaised(Event):
    """A rule of the monitoring has seen enough (clause 6.1d).

    ``group`` is whom or what the rule counts by, ``-`` for everybody; ``leaf`` the leaf
    at which it fired.
    """

    TYPE = "audit.alert_raised.v1"
    SUBJECT = "alert"

    alert_id: UUID
    rule: str
    group: str
    severity: Word[Literal["low", "medium", "high", "critical"]]
    leaf: int
    incident_id: UUID | None


class AlertsSuppressed(Event):
    """Until then a rule counts and calls nobody; for one group, or for all."""

    TYPE = "audit.alerts_suppressed.v1"
    SUBJECT = "suppression"

    suppression_id: UUID
    rule: str
    group: str | None
    until: Instant
    suppressed_by: UUID


class MeasureOrdered(Event):
    """A first measure, which the service it belongs to takes at once (clause 7.2).

    ``about`` is whom it concerns: ``client:<id>``, ``login:<id>``, ``staff:<id>``, or
    ``process:<name>``; None for a measure that concerns everybody.  A service that does
    not know a measure takes none.
    """

    TYPE = "audit.measure_ordered.v1"
    SUBJECT = "incident"

    measure_id: UUID
    incident_id: UUID
    measure: Word[
        Literal[
            "end_sessions",
            "suspend_client",
            "suspend_staff",
            "halt_sending",
            "block_login",
            "cut_off",
        ]
    ]
    about: str | None


class MeasureLifted(Event):
    """Two persons undo a first measure; its service obeys (clause 7.2)."""

    TYPE = "audit.measure_lifted.v1"
    SUBJECT = "incident"

    measure_id: UUID
    incident_id: UUID
    measure: Word[Literal["block_login", "suspend_staff", "cut_off"]]
    about: str | None
    asked_by: UUID
    approved_by: UUID


class ProcessCutOff(Event):
    """A process has no right and no connection at the broker any more (clause 7.2)."""

    TYPE = "audit.process_cut_off.v1"
    SUBJECT = "incident"

    measure_id: UUID
    incident_id: UUID
    principal: str


class ProcessAdmitted(Event):
    """A process that was cut off has its rights at the broker again, as written."""

    TYPE = "audit.process_admitted.v1"
    SUBJECT = "incident"

    measure_id: UUID
    incident_id: UUID
    principal: str


class BrokerRightsLost(Event):
    """Somebody changed what a process may do at the broker; it was put right."""

    TYPE = "audit.broker_rights_lost.v1"
    SUBJECT = "loss"

    loss_id: UUID
    principal: str
