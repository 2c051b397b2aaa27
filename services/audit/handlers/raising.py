"""Notices come about by what happens to an incident: nobody has to think of them."""

from datetime import datetime
from uuid import UUID

from kernel.events.audit import NoticeDue
from services.audit.domain.incidents.incident import OF_PERSONAL_DATA, Incident
from services.audit.domain.incidents.notice import BODIES, Addressee, Notice, Stage
from services.audit.handlers.tools import Tools
from services.audit.ports.notices import NoticeUnit


def by_detection(incident: Incident, *, unit: NoticeUnit, tools: Tools) -> None:
    """The bodies are told of whatever is reported, from its detection on (7.3)."""
    if not incident.reportable:
        return
    for addressee in BODIES:
        if addressee is Addressee.REGULATOR or incident.kind in OF_PERSONAL_DATA:
            since = incident.detected_at
            _raise(incident, addressee, since=since, unit=unit, tools=tools)


def by_affected_client(
    incident: Incident, client_id: UUID, *, at: datetime, unit: NoticeUnit, tools: Tools
) -> None:
    """The client is told, and whoever protects personal data of whom it concerns."""
    if not incident.reportable:
        return
    _raise(
        incident,
        Addressee.CLIENT,
        since=at,
        client_id=client_id,
        unit=unit,
        tools=tools,
    )
    _tell_anew(incident, Addressee.PERSONAL_DATA, since=at, unit=unit, tools=tools)


def by_new_fact(
    incident: Incident, *, at: datetime, unit: NoticeUnit, tools: Tools
) -> None:
    """Each body that has a notice already is told of the news."""
    told = {each.addressee for each in unit.notices.of(incident.incident_id)}
    for addressee in BODIES:
        if incident.reportable and addressee in told:
            _tell_anew(incident, addressee, since=at, unit=unit, tools=tools)


def _tell_anew(
    incident: Incident,
    addressee: Addressee,
    *,
    since: datetime,
    unit: NoticeUnit,
    tools: Tools,
) -> None:
    """Raise another notice, unless one that nobody has approved yet will tell it."""
    earlier = [
        each
        for each in unit.notices.of(incident.incident_id)
        if each.addressee is addressee
    ]
    if any(each.state == "due" for each in earlier):
        return
    _raise(
        incident,
        addressee,
        since=since,
        number=len(earlier) + 1,
        unit=unit,
        tools=tools,
    )


def _raise(
    incident: Incident,
    addressee: Addressee,
    *,
    since: datetime,
    unit: NoticeUnit,
    tools: Tools,
    number: int = 1,
    client_id: UUID | None = None,
) -> None:
    notice = Notice(
        notice_id=tools.ids.new(),
        incident_id=incident.incident_id,
        addressee=addressee,
        client_id=client_id,
        round=number,
        since=since,
        due_at=tools.terms(tools.clock.now()).due_at(addressee, since),
        state="due",
        stage=Stage.NONE,
        approved_by=None,
        papers_sha256=None,
        attempts=0,
        sent_at=None,
        receipt=None,
    )
    unit.notices.add(notice)
    unit.publish(
        NoticeDue(
            incident_id=incident.incident_id,
            notice_id=notice.notice_id,
            addressee=addressee.value,
            client_id=client_id,
            round=number,
            due_at=notice.due_at,
        )
    )
