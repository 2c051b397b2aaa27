"""The register of incidents: opened, led, proved, closed (clauses 7.1, 7.2).

Every change of it is an event, which the log takes as it takes any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import sha256_hex
from kernel.events.audit import (
    ClientAffected,
    EvidenceTaken,
    IncidentAssigned,
    IncidentClosed,
    IncidentContained,
    IncidentDowngraded,
    IncidentNoted,
    IncidentOpened,
    IncidentRead,
)
from services.audit.domain.incidents.incident import (
    LARGEST_EVIDENCE,
    OF_THE_PROCEDURE,
    Conclusion,
    Custody,
    Entry,
    Evidence,
    Incident,
    Kind,
    Said,
    Severity,
    State,
    evidence_many,
    evidence_not_found,
    evidence_unfit,
    incident_closed,
    incident_not_found,
    incident_not_reportable,
    refuse_future,
    refuse_unfinished,
)
from services.audit.domain.incidents.measure import Ordered
from services.audit.domain.tiles import ExportFile, zipped
from services.audit.handlers import raising
from services.audit.handlers.following import KeptTiles
from services.audit.handlers.proving import leaf_and_proof
from services.audit.handlers.tools import Tools
from services.audit.ports import Noticeboard
from services.audit.ports.incidents import IncidentAlarms
from services.audit.ports.measures import MeasureUnits
from services.audit.ports.notices import NoticeUnit, NoticeUnits

LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An incident with all that is in it but the bytes of evidence."""

    incident: Incident
    entries: Sequence[Entry]
    evidence: Sequence[Evidence]
    clients: Sequence[UUID]
    measures: Sequence[Ordered]
    conclusion: Conclusion | None


def open_incident(
    *,
    kind: Kind,
    severity: Severity,
    about: str | None,
    detected_at: datetime,
    words: str,
    by: UUID | None,
    units: NoticeUnits,
    tools: Tools,
) -> Incident:
    """Enter an incident; from `detected_at`, which stays, the terms of 7.3 run.

    ``by`` is None where the monitoring does it.  Refused as `refuse_unfit_words`,
    ``time_in_future``.
    """
    tools.refuse_unfit(words)
    with units.begin() as unit:
        return opened(
            unit,
            kind=kind,
            severity=severity,
            about=about,
            detected_at=detected_at,
            words=words,
            by=by,
            tools=tools,
        )


def opened(
    unit: NoticeUnit,
    *,
    kind: Kind,
    severity: Severity,
    about: str | None,
    detected_at: datetime,
    words: str,
    by: UUID | None,
    tools: Tools,
) -> Incident:
    """As `open_incident`, within a unit of work."""
    now = tools.clock.now()
    refuse_future(detected_at, now=now)
    reportable = tools.policy.texts("incident.reportable_kinds", now)
    incident = Incident(
        incident_id=tools.ids.new(),
        kind=kind,
        severity=severity,
        about=about,
        detected_at=detected_at,
        opened_at=now,
        opened_by=by,
        owner=None,
        reportable=kind in OF_THE_PROCEDURE or kind.value in reportable,
        contained_at=None,
        closed_at=None,
        closed_by=None,
    )
    unit.incidents.add(incident)
    unit.publish(
        IncidentOpened(
            incident_id=incident.incident_id,
            kind=kind.value,
            severity=severity.value,
            about=about,
            detected_at=detected_at,
            reportable=incident.reportable,
            opened_by=by,
        )
    )
    write(unit, incident, "alert", words, at=detected_at, by=by, tools=tools)
    raising.by_detection(incident, unit=unit, tools=tools)
    return incident


def listed(*, closed: bool, units: NoticeUnits) -> Sequence[Incident]:
    """The open ones, what was detected first comes first; or the closed ones."""
    with units.begin() as unit:
        return unit.incidents.listed(closed=closed, limit=LISTED)


def show(incident_id: UUID, *, by: UUID, units: MeasureUnits) -> Shown:
    """An incident with its words; that somebody read them is told (6.1c).

    Refused ``incident_not_found``.
    """
    with units.begin() as unit:
        incident = unit.incidents.find(incident_id)
        if incident is None:
            raise incident_not_found()
        unit.publish(IncidentRead(incident_id=incident_id, evidence_id=None, reader=by))
        return Shown(
            incident=incident,
            entries=unit.incidents.entries(incident_id),
            evidence=unit.incidents.evidence(incident_id),
            clients=unit.incidents.clients(incident_id),
            measures=unit.measures.of(incident_id),
            conclusion=unit.incidents.conclusion(incident_id),
        )


def assign(
    incident_id: UUID, *, to: UUID, by: UUID, units: NoticeUnits, tools: Tools
) -> None:
    """Give an incident to somebody of the staff, whoever has it now.

    Refused ``incident_not_found``, ``incident_closed``.
    """
    with units.begin() as unit:
        open_one(incident_id, unit)
        unit.incidents.assign(incident_id, to=to, at=tools.clock.now())
        unit.publish(
            IncidentAssigned(incident_id=incident_id, assigned_to=to, assigned_by=by)
        )


def note(
    incident_id: UUID,
    text: str,
    *,
    kind: Said,
    at: datetime | None,
    by: UUID,
    units: NoticeUnits,
    tools: Tools,
) -> UUID:
    """Add a line to the timeline, now or as of when it came about; the entry's id.

    A fact is news: whoever was told of the incident is told of it too (7.3).

    Refused as `refuse_unfit_words`, ``time_in_future``, ``incident_not_found``,
    ``incident_closed``.
    """
    tools.refuse_unfit(text)
    with units.begin() as unit:
        incident = open_one(incident_id, unit)
        now = tools.clock.now()
        entry_id = write(unit, incident, kind, text, at=at or now, by=by, tools=tools)
        if kind == "fact":
            raising.by_new_fact(incident, at=now, unit=unit, tools=tools)
        return entry_id


def add_file(
    incident_id: UUID, content: bytes, *, by: UUID, units: NoticeUnits, tools: Tools
) -> Evidence:
    """Keep a file, sealed; nothing of ours ever opens what is in it.

    Refused ``evidence_unfit``, ``evidence_many``, ``incident_not_found``,
    ``incident_closed``.
    """
    if not 0 < len(content) <= LARGEST_EVIDENCE:
        raise evidence_unfit()
    with units.begin() as unit:
        incident = open_one(incident_id, unit)
        return _keep(incident, content, by=by, unit=unit, tools=tools)


def add_leaf(
    incident_id: UUID,
    seq: int,
    *,
    by: UUID,
    units: NoticeUnits,
    board: Noticeboard,
    tiles: KeptTiles,
    tools: Tools,
) -> Evidence:
    """Keep a leaf of the log with the proof that it stands there.

    ``tools/verify_export.py PROOF --leaf FILE`` judges the two files of the archive
    without asking us.  Refused ``no_such_leaf``, ``log_empty``, ``evidence_many``,
    ``incident_not_found``, ``incident_closed``.
    """
    with units.begin() as unit:
        incident = open_one(incident_id, unit)
        content, proof = leaf_and_proof(seq, unit=unit, board=board, tiles=tiles)
        files = (
            ExportFile(f"proofs/{seq}.leaf", content),
            ExportFile(f"proofs/{seq}.tlog-proof", proof),
        )
        return _keep(incident, zipped(files), by=by, unit=unit, tools=tools, leaf=seq)


def read_evidence(
    incident_id: UUID,
    evidence_id: UUID,
    *,
    by: UUID,
    units: NoticeUnits,
    tools: Tools,
) -> bytes:
    """A piece of evidence; who had it in their hands stands beside it (6.1c).

    Refused ``evidence_not_found``.
    """
    with units.begin() as unit:
        content = unit.incidents.content(incident_id, evidence_id)
        if content is None:
            raise evidence_not_found()
        custody = Custody(at=tools.clock.now(), by=by, act="read")
        unit.incidents.add_custody(evidence_id, custody)
        unit.publish(
            IncidentRead(incident_id=incident_id, evidence_id=evidence_id, reader=by)
        )
    return content


def name_client(
    incident_id: UUID, client_id: UUID, *, by: UUID, units: NoticeUnits, tools: Tools
) -> None:
    """Say that a client is affected, who is told of it; again it is the same.

    Refused ``incident_not_found``, ``incident_closed``.
    """
    with units.begin() as unit:
        incident, at = open_one(incident_id, unit), tools.clock.now()
        if unit.incidents.add_client(incident_id, client_id, at=at):
            unit.publish(
                ClientAffected(
                    incident_id=incident_id, client_id=client_id, named_by=by
                )
            )
            raising.by_affected_client(
                incident, client_id, at=at, unit=unit, tools=tools
            )


def contain(
    incident_id: UUID, words: str, *, by: UUID, units: NoticeUnits, tools: Tools
) -> None:
    """Say what was done that stops it from going on (clause 7.2).

    Refused as `refuse_unfit_words`, ``incident_not_found``, ``incident_closed``.
    """
    tools.refuse_unfit(words)
    with units.begin() as unit:
        incident, now = open_one(incident_id, unit), tools.clock.now()
        write(unit, incident, "measure", words, at=now, by=by, tools=tools)
        if incident.state is State.OPEN:
            unit.incidents.contain(incident_id, at=now)
            unit.publish(IncidentContained(incident_id=incident_id, contained_by=by))


def refuse_undowngradable(incident_id: UUID, *, units: NoticeUnits) -> None:
    """Whether it may be asked that an incident is not reported.

    Refused ``incident_not_found``, ``incident_closed``, ``incident_not_reportable``.
    """
    with units.begin() as unit:
        if not open_one(incident_id, unit).reportable:
            raise incident_not_reportable()


def downgrade(
    incident_id: UUID,
    reason: str,
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: NoticeUnit,
    tools: Tools,
) -> None:
    """Two persons agree that it is not reported, and why.

    Refused as `refuse_undowngradable`.
    """
    incident = open_one(incident_id, unit)
    if not incident.reportable:
        raise incident_not_reportable()
    unit.incidents.downgrade(incident_id)
    unit.notices.withdraw(incident_id)
    now = tools.clock.now()
    write(unit, incident, "note", reason, at=now, by=asked_by, tools=tools)
    unit.publish(
        IncidentDowngraded(
            incident_id=incident_id, asked_by=asked_by, approved_by=approved_by
        )
    )


def close(
    incident_id: UUID,
    conclusion: Conclusion,
    *,
    by: UUID,
    units: NoticeUnits,
    tools: Tools,
) -> None:
    """End an incident for good (clause 7.2).

    Refused ``conclusion_incomplete``, and as `refuse_unfit_words`,
    `refuse_unfinished`, ``incident_not_found``, ``incident_closed``.
    """
    now = tools.clock.now()
    most = tools.policy.integer("incident.note_characters", now)
    conclusion.refuse_incomplete(most=most)
    with units.begin() as unit:
        incident = open_one(incident_id, unit)
        unsent = [each for each in unit.notices.of(incident_id) if each.waits]
        refuse_unfinished(incident, by=by, unsent=len(unsent))
        unit.incidents.close(incident_id, conclusion, by=by, at=now)
        unit.publish(IncidentClosed(incident_id=incident_id, closed_by=by))


def watch(*, units: NoticeUnits, tools: Tools, alarms: IncidentAlarms) -> None:
    """An alarm while incidents go on for longer than measures may take (7.2)."""
    now = tools.clock.now()
    days = tools.policy.integer("incident.measures_wd", now)
    today, calendar = almaty_date(now), tools.calendar
    with units.begin() as unit:
        found = unit.incidents.uncontained()
    late = [
        at for at in found if calendar.add_working_days(almaty_date(at), days) < today
    ]
    alarms.uncontained(count=len(late))


def write(
    unit: NoticeUnit,
    incident: Incident,
    kind: Said,
    text: str,
    *,
    at: datetime,
    by: UUID | None,
    tools: Tools,
) -> UUID:
    """Add a line to the timeline of an incident; the entry's id.

    Refused ``time_in_future``.
    """
    now = tools.clock.now()
    refuse_future(at, now=now)
    entry = Entry(
        entry_id=tools.ids.new(), at=at, noted_at=now, by=by, kind=kind, text=text
    )
    unit.incidents.add_entry(incident.incident_id, entry)
    unit.publish(
        IncidentNoted(
            incident_id=incident.incident_id,
            entry_id=entry.entry_id,
            kind=kind,
            words_sha256=sha256_hex(text.encode()),
            noted_by=by,
        )
    )
    return entry.entry_id


def open_one(incident_id: UUID, unit: NoticeUnit) -> Incident:
    """The incident, locked until the commit: two of the staff come one by one."""
    incident = unit.incidents.lock(incident_id)
    if incident is None:
        raise incident_not_found()
    if incident.state is State.CLOSED:
        raise incident_closed()
    return incident


def _keep(
    incident: Incident,
    content: bytes,
    *,
    by: UUID,
    unit: NoticeUnit,
    tools: Tools,
    leaf: int | None = None,
) -> Evidence:
    now, incident_id = tools.clock.now(), incident.incident_id
    most = tools.policy.integer("incident.evidence", now)
    if len(unit.incidents.evidence(incident_id)) >= most:
        raise evidence_many(most)
    evidence = Evidence(
        evidence_id=tools.ids.new(),
        leaf=leaf,
        size=len(content),
        sha256=sha256_hex(content),
        custody=(Custody(at=now, by=by, act="taken"),),
    )
    unit.incidents.add_evidence(incident_id, evidence, content)
    unit.publish(
        EvidenceTaken(
            incident_id=incident_id,
            evidence_id=evidence.evidence_id,
            evidence_sha256=evidence.sha256,
            leaf=leaf,
            taken_by=by,
        )
    )
    return evidence
