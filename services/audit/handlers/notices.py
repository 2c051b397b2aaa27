"""Notices of incidents: seen, approved, signed, sent, and their receipts (clause 7.3).

What a power cut leaves: a notice is approved and stored in one commit, and the stored
bytes are sent until the addressee gives a receipt; it takes the same bytes once.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Broken, Transient
from kernel.events.audit import (
    IncidentRead,
    NoticeApproved,
    NoticeDeadlineNear,
    NoticeSent,
)
from services.audit.domain.incidents.notice import (
    Addressee,
    Notice,
    Stage,
    notice_changed,
    notice_not_due,
    notice_not_found,
)
from services.audit.domain.incidents.paper import Facts, annex, notice_paper
from services.audit.domain.report import Report
from services.audit.domain.scope import Entry
from services.audit.domain.telling import LANGUAGES, Language
from services.audit.handlers.tools import Tools
from services.audit.ports import People, Printer, Seal
from services.audit.ports.notices import (
    Bodies,
    NoticeAlarms,
    NoticeUnit,
    NoticeUnits,
)

LISTED: Final = 200
SENT_AT_ONCE: Final = 10
LONGEST_REST: Final = timedelta(minutes=5)
READER: Final = "notices"
LEAVES_AT_ONCE: Final = 2_000
MESSAGE_SENT: Final = "auth.message_sent.v1"
TEMPLATE: Final = "incident_notice"
"""What auth writes to a client's phone."""
_DOUBLINGS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What it takes to make a notice."""

    units: NoticeUnits
    people: People
    printer: Printer
    seal: Seal
    tools: Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The notice as it would be sent, and the digest by which it is approved."""

    sha256: str
    papers: Mapping[Language, bytes]


def listed(*, waiting: bool, units: NoticeUnits) -> Sequence[Notice]:
    """What is not sent yet, what ends first comes first; or all, the newest first."""
    with units.begin() as unit:
        return unit.notices.listed(waiting=waiting, limit=LISTED)


def preview(notice_id: UUID, *, by: UUID, desk: Desk) -> Preview:
    """A notice to a body as it would go out now; that it was read is told.

    Refused ``notice_not_found``.
    """
    with desk.units.begin() as unit:
        facts = _facts(_found(notice_id, unit), unit, desk.tools)
        unit.publish(
            IncidentRead(
                incident_id=facts.incident.incident_id, evidence_id=None, reader=by
            )
        )
    return _printed(facts, desk.printer)


def approve(notice_id: UUID, *, seen: str | None, by: UUID, desk: Desk) -> None:
    """Let a notice go out as it was seen.

    1. A client's goes as a message, whose words are auth's; nothing is printed.
    2. A body's is printed anew and must be what was seen, by its digest.
    3. The company signs it in both languages; to whoever protects personal data, with
       the names of whom it concerns, each by a reading that the client sees.
    4. Stored with the approval, if nothing has changed meanwhile.

    Refused ``notice_not_found``, ``notice_not_due``, ``notice_changed``.  Transient
    while contracts, onboarding or НУЦ is away: nothing is approved then.
    """
    with desk.units.begin() as unit:
        notice = _due(notice_id, unit)
        if notice.addressee is Addressee.CLIENT:  # step 1
            _store(notice, b"", by=by, unit=unit, tools=desk.tools)
            return
        facts = _facts(notice, unit, desk.tools)
    made = _printed(facts, desk.printer)  # step 2
    if made.sha256 != seen:
        raise notice_changed()
    body = _signed(facts, made, desk)  # step 3
    with desk.units.begin() as unit:  # step 4
        notice = _due(notice_id, unit)
        again = _printed(_facts(notice, unit, desk.tools), desk.printer)
        if again.sha256 != seen:
            raise notice_changed()
        _store(notice, body, by=by, unit=unit, tools=desk.tools)


def send(*, bodies: Bodies, units: NoticeUnits, tools: Tools) -> int:
    """Send what is approved; how many were taken.

    No transaction is open while a body is asked.  One that does not take a notice
    waits for a person; one that is away is asked again, at the latest in five minutes.
    """
    with units.begin() as unit:
        due = unit.notices.to_send(at=tools.clock.now(), limit=SENT_AT_ONCE)
        papers = {each.notice_id: unit.notices.papers(each.notice_id) for each in due}
    taken = 0
    for notice in due:
        try:
            receipt = bodies.post(notice.addressee, papers[notice.notice_id])
        except Transient:
            _rest(notice, units=units, tools=tools)
        except Broken:
            with units.begin() as unit:
                unit.notices.refused(notice.notice_id)
            raise
        else:
            with units.begin() as unit:
                taken += _sent(notice.notice_id, receipt, unit=unit, tools=tools)
    return taken


def left_to_send(*, units: NoticeUnits, tools: Tools) -> bool:
    """Whether anything is approved that a body has not got."""
    with units.begin() as unit:
        return bool(unit.notices.to_send(at=tools.clock.now(), limit=1))


def send_again(notice_id: UUID, *, units: NoticeUnits, tools: Tools) -> None:
    """The same bytes once more, to a body that did not take them.

    Refused ``notice_not_due``.
    """
    with units.begin() as unit:
        if not unit.notices.send_again(notice_id, at=tools.clock.now()):
            raise notice_not_due()


def hear(*, units: NoticeUnits, tools: Tools) -> int:
    """Look through new leaves for messages that clients were sent; how many leaves.

    Each leaf once: how far it was read leaves with what was found.  The first time
    only what is to come is read.
    """
    with units.begin() as unit:
        checkpoint = unit.last_checkpoint()
        size = checkpoint.size if checkpoint else 0
        start = unit.cursor(READER)
        if start is None:
            unit.set_cursor(READER, size)
            return 0
        if start >= size:
            return 0
        stop = min(size, start + LEAVES_AT_ONCE)
        for seq, leaf in enumerate(unit.leaves(start=start, stop=stop), start=start):
            if MESSAGE_SENT.encode() in leaf:
                _hear(Entry.of(seq, leaf), unit=unit, tools=tools)
        unit.set_cursor(READER, stop)
    return stop - start


def watch(*, units: NoticeUnits, tools: Tools, alarms: NoticeAlarms) -> None:
    """Call people early, call more of them, and say aloud what is late (7.3)."""
    now = tools.clock.now()
    terms = tools.terms(now)
    found = dict.fromkeys(Stage, 0)
    with units.begin() as unit:
        for notice in unit.notices.waiting():
            stage = terms.stage(notice.due_at, now)
            found[stage] += 1
            if stage > notice.stage:
                unit.notices.reached(notice.notice_id, stage)
                unit.publish(
                    NoticeDeadlineNear(
                        incident_id=notice.incident_id,
                        notice_id=notice.notice_id,
                        addressee=notice.addressee.value,
                        stage=stage.word,
                        due_at=notice.due_at,
                    )
                )
    alarms.deadlines({stage: found[stage] for stage in Stage if stage})


def _found(notice_id: UUID, unit: NoticeUnit) -> Notice:
    notice = unit.notices.find(notice_id)
    if notice is None or notice.addressee is Addressee.CLIENT:
        raise notice_not_found()
    return notice


def _due(notice_id: UUID, unit: NoticeUnit) -> Notice:
    notice = unit.notices.lock(notice_id)
    if notice is None:
        raise notice_not_found()
    if notice.state != "due":
        raise notice_not_due()
    return notice


def _facts(notice: Notice, unit: NoticeUnit, tools: Tools) -> Facts:
    incident = unit.incidents.find(notice.incident_id)
    if incident is None:
        raise Broken("a notice of an incident that is not there")
    return Facts(
        incident=incident,
        notice=notice,
        entries=unit.incidents.entries(incident.incident_id),
        clients=unit.incidents.clients(incident.incident_id),
        contact=tools.policy.text("incident.contact", tools.clock.now()),
    )


def _printed(facts: Facts, printer: Printer) -> Preview:
    papers = {
        language: printer.print(notice_paper(facts, language=language))
        for language in LANGUAGES
    }
    digests: Json = {name: sha256_hex(paper) for name, paper in papers.items()}
    return Preview(sha256=sha256_hex(canonical(digests)), papers=papers)


def _signed(facts: Facts, made: Preview, desk: Desk) -> bytes:
    """The message to a body: every paper with the company's signature and its proof."""
    documents = [
        _document(language, "notice", paper, desk.seal)
        for language, paper in made.papers.items()
    ]
    notice = facts.notice
    if notice.addressee is Addressee.PERSONAL_DATA and facts.clients:
        asked = [desk.people.person(client_id) for client_id in facts.clients]
        persons = [person for person in asked if person is not None]
        for language in LANGUAGES:
            told: Report = annex(persons, language=language)
            paper = desk.printer.print(told)
            documents.append(_document(language, "annex", paper, desk.seal))
    return canonical(
        {
            "notice_id": str(notice.notice_id),
            "incident_id": str(notice.incident_id),
            "round": notice.round,
            "documents": documents,
        }
    )


def _document(language: Language, what: str, paper: bytes, seal: Seal) -> Json:
    sealed = seal.seal(paper)
    return {
        "language": language,
        "what": what,
        "pdf_b64": _b64(paper),
        "cms_b64": _b64(sealed.cms),
        "stamp_b64": _b64(sealed.stamp),
        "chain_b64": [_b64(each) for each in sealed.chain],
        "revocation_b64": [_b64(each) for each in sealed.revocation],
    }


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _store(
    notice: Notice, body: bytes, *, by: UUID, unit: NoticeUnit, tools: Tools
) -> None:
    digest = sha256_hex(body)
    unit.notices.approve(
        notice.notice_id, by=by, at=tools.clock.now(), papers=body, sha256=digest
    )
    unit.publish(
        NoticeApproved(
            incident_id=notice.incident_id,
            notice_id=notice.notice_id,
            addressee=notice.addressee.value,
            client_id=notice.client_id,
            papers_sha256=digest if body else None,
            approved_by=by,
        )
    )


def _rest(notice: Notice, *, units: NoticeUnits, tools: Tools) -> None:
    attempts = notice.attempts + 1
    pause = min(timedelta(seconds=1 << min(attempts, _DOUBLINGS)), LONGEST_REST)
    with units.begin() as unit:
        unit.notices.failed(
            notice.notice_id, attempts=attempts, next_at=tools.clock.now() + pause
        )


def _sent(notice_id: UUID, receipt: str, *, unit: NoticeUnit, tools: Tools) -> bool:
    """Keep a receipt, once; whether it is the first."""
    notice = unit.notices.lock(notice_id)
    if notice is None or notice.state != "approved":
        return False
    now = tools.clock.now()
    unit.notices.sent(notice_id, receipt=receipt, at=now)
    unit.publish(
        NoticeSent(
            incident_id=notice.incident_id,
            notice_id=notice_id,
            addressee=notice.addressee.value,
            receipt_sha256=sha256_hex(receipt.encode()),
            in_time=now <= notice.due_at,
        )
    )
    return True


def _hear(entry: Entry, *, unit: NoticeUnit, tools: Tools) -> None:
    """A message that left for a client is the receipt of the notice whose id it bears.

    A client of two incidents is told twice, and one message ends one notice.
    """
    if (entry.kind, entry.data.get("template")) != (MESSAGE_SENT, TEMPLATE):
        return
    notice = unit.notices.find(UUID(str(entry.data["message_id"])))
    if notice is not None and str(notice.client_id) == entry.data["client_id"]:
        _sent(notice.notice_id, str(entry.subject), unit=unit, tools=tools)
