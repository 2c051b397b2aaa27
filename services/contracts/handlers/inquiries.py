"""Inquiries: clients write, the staff answer within the law's limit (clause 6.1h).

What is written stays sealed with contracts: events name ids, days and persons.  Each
look of the staff is an event, and the client sees it (clause 6.1c).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.context import StaffMember, jsonable
from kernel.crypto import Json
from kernel.events.contracts import (
    InquiryAnswered,
    InquiryClosed,
    InquiryExtended,
    InquiryOpened,
    InquiryRead,
    LetterWritten,
)
from kernel.ids import Ids
from kernel.pages import Page
from services.contracts.domain import inquiries as machine
from services.contracts.domain.inquiries import (
    COUNTED_OVER,
    Inquiry,
    InquiryRules,
    InquiryState,
    Letter,
    Subject,
    inquiry_not_found,
)
from services.contracts.domain.reading import ReadPurpose, reader_of
from services.contracts.ports import Inquiries, Publish

LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One transaction about inquiries, and the rules at its instant."""

    register: Inquiries
    publish: Publish
    rules: InquiryRules
    ids: Ids
    now: datetime


def open_inquiry(
    office: Office, *, client_id: UUID, subject: Subject, text: str
) -> Json:
    """The client writes for the first time about something of theirs.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``letters_too_often``, ``inquiries_full``.
    """
    fit = office.rules.fit(text)
    if not office.register.owns(client_id, subject):
        raise machine.subject_not_found()
    _refuse_too_often(office, client_id)
    machine.refuse_too_many_open(
        open_now=office.register.open_of(client_id), rules=office.rules
    )
    inquiry = machine.open_inquiry(
        inquiry_id=office.ids.new(),
        client_id=client_id,
        subject=subject,
        rules=office.rules,
        at=office.now,
    )
    office.register.add(inquiry)
    letter = _add_letter(office, inquiry, fit)
    office.publish(
        InquiryOpened(
            inquiry_id=inquiry.id,
            client_id=client_id,
            about=subject.about.value,
            about_id=subject.id,
            answer_by=inquiry.answer_by.isoformat(),
        )
    )
    return _shown(inquiry, [letter])


def write_on(office: Office, *, client_id: UUID, inquiry_id: UUID, text: str) -> Json:
    """The client goes on.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``inquiry_closed``, ``letters_too_often``, ``inquiry_full``.
    """
    fit = office.rules.fit(text)
    _refuse_too_often(office, client_id)
    inquiry = _own(office, inquiry_id, client_id)
    written = machine.write_on(inquiry, rules=office.rules, at=office.now)
    machine.refuse_too_long(
        letters=office.register.count_letters(inquiry_id), rules=office.rules
    )
    office.register.save(written)
    letter = _add_letter(office, written, fit)
    office.publish(
        LetterWritten(
            inquiry_id=inquiry_id,
            client_id=client_id,
            letter_id=letter.id,
            answer_by=written.answer_by.isoformat(),
        )
    )
    return _shown(written, office.register.letters(inquiry_id))


def list_own(office: Office, *, client_id: UUID, page: Page) -> Json:
    """A page of the client's inquiries, the newest first, without their letters."""
    found = office.register.list_own(client_id, page)
    shown, next_before = page.cut(found, id_of=lambda inquiry: inquiry.id)
    return {
        "items": [jsonable(_facts(inquiry)) for inquiry in shown],
        "next_before": jsonable(next_before),
    }


def show_own(office: Office, *, client_id: UUID, inquiry_id: UUID) -> Json:
    """One of the client's inquiries with its letters.  Refused ``not_found``."""
    inquiry = _own(office, inquiry_id, client_id)
    return _shown(inquiry, office.register.letters(inquiry_id))


def queue(office: Office, *, state: InquiryState) -> Json:
    """Inquiries in a state, the one due first before the others; nothing of letters."""
    found = office.register.queue(state, limit=LISTED)
    return {"inquiries": [_for_staff(inquiry, at=office.now) for inquiry in found]}


def count_overdue(office: Office) -> int:
    """How many clients wait for an answer longer than the law allows."""
    return office.register.count_overdue(on=almaty_date(office.now))


def read(
    office: Office, *, inquiry_id: UUID, purpose: ReadPurpose, by: StaffMember
) -> Json:
    """An inquiry with its letters for one of the staff, who says what for.

    The client sees that.  Refused ``not_found``.
    """
    inquiry = _any(office, inquiry_id)
    letters = office.register.letters(inquiry_id)
    office.publish(
        InquiryRead(
            inquiry_id=inquiry_id,
            client_id=inquiry.client_id,
            reader=reader_of(by.id),
            purpose=purpose.value,
        )
    )
    told: list[Json] = [
        {**_letter(letter), "staff_id": jsonable(letter.staff_id)} for letter in letters
    ]
    return {**_for_staff(inquiry, at=office.now), "letters": told}


def answer(office: Office, *, inquiry_id: UUID, text: str, by: StaffMember) -> Json:
    """One of the staff answers, and the client is told that there is an answer.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``inquiry_closed``.
    """
    fit = office.rules.fit(text)
    inquiry = _any(office, inquiry_id)
    answered = machine.answer(inquiry, at=office.now)
    office.register.save(answered)
    letter = _add_letter(office, answered, fit, by=by)
    office.publish(
        InquiryAnswered(
            inquiry_id=inquiry_id,
            client_id=inquiry.client_id,
            letter_id=letter.id,
            answered_by=by.id,
        )
    )
    return _for_staff(answered, at=office.now)


def extend(office: Office, *, inquiry_id: UUID, reason: str, by: StaffMember) -> Json:
    """Put the limit off, once; the client is told.

    Refused: ``not_found`` and what `domain.inquiries.extend` refuses.
    """
    inquiry = _any(office, inquiry_id)
    later = machine.extend(inquiry, reason=reason, rules=office.rules)
    office.register.save(later)
    office.publish(
        InquiryExtended(
            inquiry_id=inquiry_id,
            client_id=inquiry.client_id,
            answer_by=later.answer_by.isoformat(),
            extended_by=by.id,
            reason=reason,
        )
    )
    return _for_staff(later, at=office.now)


def close(office: Office, *, inquiry_id: UUID, by: StaffMember) -> Json:
    """Nothing is left to say; the client is told.

    Refused: ``not_found``, ``inquiry_waiting``, ``inquiry_closed``.
    """
    inquiry = _any(office, inquiry_id)
    closed = machine.close(inquiry)
    office.register.save(closed)
    office.publish(
        InquiryClosed(
            inquiry_id=inquiry_id, client_id=inquiry.client_id, closed_by=by.id
        )
    )
    return _for_staff(closed, at=office.now)


def _refuse_too_often(office: Office, client_id: UUID) -> None:
    """Counted while nobody else counts: two letters at once are still two."""
    office.register.hold(client_id)
    today = office.register.written_since(client_id, since=office.now - COUNTED_OVER)
    machine.refuse_too_often(today=today, rules=office.rules)


def _add_letter(
    office: Office, inquiry: Inquiry, text: str, *, by: StaffMember | None = None
) -> Letter:
    letter = Letter(
        id=office.ids.new(),
        inquiry_id=inquiry.id,
        text=text,
        written_at=office.now,
        staff_id=None if by is None else by.id,
    )
    office.register.add_letter(letter, client_id=inquiry.client_id)
    return letter


def _any(office: Office, inquiry_id: UUID) -> Inquiry:
    inquiry = office.register.get(inquiry_id)
    if inquiry is None:
        raise inquiry_not_found()
    return inquiry


def _own(office: Office, inquiry_id: UUID, client_id: UUID) -> Inquiry:
    inquiry = _any(office, inquiry_id)
    if inquiry.client_id != client_id:
        raise inquiry_not_found()
    return inquiry


def _facts(inquiry: Inquiry) -> dict[str, object]:
    return {
        "inquiry_id": inquiry.id,
        "about": inquiry.subject.about,
        "about_id": inquiry.subject.id,
        "state": inquiry.state,
        "opened_at": inquiry.opened_at,
        "written_at": inquiry.written_at,
        "answer_by": inquiry.answer_by,
        "extended": inquiry.extended,
    }


def _letter(letter: Letter) -> dict[str, Json]:
    return {
        "letter_id": jsonable(letter.id),
        "writer": letter.writer.value,
        "text": letter.text,
        "written_at": jsonable(letter.written_at),
    }


def _shown(inquiry: Inquiry, letters: Sequence[Letter]) -> Json:
    return jsonable(
        {**_facts(inquiry), "letters": [_letter(letter) for letter in letters]}
    )


def _for_staff(inquiry: Inquiry, *, at: datetime) -> dict[str, Json]:
    shown = {
        **_facts(inquiry),
        "client_id": inquiry.client_id,
        "overdue": inquiry.is_overdue(at),
    }
    return {name: jsonable(value) for name, value in shown.items()}
