"""The door to the register of incidents (clauses 7.1, 7.2)."""

import base64
import binascii
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from kernel.events import Instant
from services.audit.domain.incidents.incident import Conclusion, Kind, Severity
from services.audit.domain.scope import SUBJECT
from services.audit.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
About = Annotated[str, Field(pattern=SUBJECT)]


def _decoded(value: object) -> object:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


Content = Annotated[bytes, BeforeValidator(_decoded)]


class IncidentDoor:
    """Who protects information leads incidents from the first alert to the lesson."""

    use_cases: UseCases

    @answers(permission="incidents.look")
    def incidents_list(
        self, call: Call, *, state: Literal["open", "closed"] = "open"
    ) -> Json:
        """The open ones, what was detected first comes first; or the closed ones."""
        return self.use_cases.incidents.listed(call, closed=state == "closed")

    @answers(permission="incidents.look")
    def incidents_show(self, call: Call, *, incident_id: UUID) -> Json:
        """An incident with its timeline; that it was read is told."""
        return self.use_cases.incidents.show(call, incident_id=incident_id)

    @answers(permission="incidents.lead")
    def open_incident(
        self,
        call: Call,
        *,
        kind: Kind,
        severity: Severity,
        words: Words,
        about: About | None = None,
        detected_at: Instant | None = None,
    ) -> Json:
        """Enter an incident, detected now or earlier; the instant stays."""
        return self.use_cases.incidents.open(
            call,
            kind=kind,
            severity=severity,
            words=words,
            about=about,
            detected_at=detected_at,
        )

    @answers(permission="incidents.lead")
    def assign_incident(self, call: Call, *, incident_id: UUID, to: UUID) -> Json:
        """Give an incident to somebody of the staff."""
        return self.use_cases.incidents.assign(call, incident_id=incident_id, to=to)

    @answers(permission="incidents.lead")
    def note_incident(
        self,
        call: Call,
        *,
        incident_id: UUID,
        text: Words,
        kind: Literal["note", "measure", "fact"] = "note",
        at: Instant | None = None,
    ) -> Json:
        """Add a line to the timeline; it stays."""
        return self.use_cases.incidents.note(
            call, incident_id=incident_id, text=text, kind=kind, at=at
        )

    @answers(permission="incidents.lead")
    def add_evidence(
        self, call: Call, *, incident_id: UUID, content_b64: Content
    ) -> Json:
        """Keep a file of at most 4 MiB, sealed."""
        return self.use_cases.incidents.add_file(
            call, incident_id=incident_id, content=content_b64
        )

    @answers(permission="incidents.lead")
    def add_leaf_evidence(
        self, call: Call, *, incident_id: UUID, leaf: Annotated[int, Field(ge=0)]
    ) -> Json:
        """Keep a leaf of the log with the proof that it stands there."""
        return self.use_cases.incidents.add_leaf(
            call, incident_id=incident_id, leaf=leaf
        )

    @answers(permission="incidents.look")
    def read_evidence(
        self, call: Call, *, incident_id: UUID, evidence_id: UUID
    ) -> Json:
        """A piece of evidence; that it was read stands beside it."""
        return self.use_cases.incidents.read_evidence(
            call, incident_id=incident_id, evidence_id=evidence_id
        )

    @answers(permission="incidents.lead")
    def name_affected_client(
        self, call: Call, *, incident_id: UUID, client_id: UUID
    ) -> Json:
        """Say that a client is affected."""
        return self.use_cases.incidents.name_client(
            call, incident_id=incident_id, client_id=client_id
        )

    @answers(permission="incidents.lead")
    def contain_incident(self, call: Call, *, incident_id: UUID, text: Words) -> Json:
        """Say what was done that stops it from going on."""
        return self.use_cases.incidents.contain(
            call, incident_id=incident_id, text=text
        )

    @answers(permission="incidents.lead")
    def ask_incident_downgrade(
        self, call: Call, *, incident_id: UUID, reason: Words
    ) -> Json:
        """Ask that it is not reported; another person decides."""
        return self.use_cases.incidents.ask_downgrade(
            call, incident_id=incident_id, reason=reason
        )

    @executes(permission="incidents.decide")
    def downgrade_incident(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the incident is not reported."""
        self.use_cases.incidents.downgrade(tx, approval, by.id)

    @answers(permission="incidents.lead")
    def close_incident(
        self,
        call: Call,
        *,
        incident_id: UUID,
        cause: Words,
        consequences: Words,
        measures: Words,
        lesson: Words,
    ) -> Json:
        """End an incident for good, by whoever leads it."""
        return self.use_cases.incidents.close(
            call,
            incident_id=incident_id,
            conclusion=Conclusion(
                cause=cause,
                consequences=consequences,
                measures=measures,
                lesson=lesson,
            ),
        )

    @every(seconds=60)
    def watch_incidents(self) -> None:
        """An alarm while incidents go on for longer than they may."""
        self.use_cases.incidents.watch()
