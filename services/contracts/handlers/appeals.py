"""Appeals: clients write, the staff answer within the law's limit (clause 6.1h).

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
    AppealAnswered,
    AppealClosed,
    AppealExtended,
    AppealOpened,
    AppealRead,
    LetterWritten,
)
from kernel.ids import Ids
from kernel.pages import Page
from services.contracts.domain import appeals as machine
from services.contracts.domain.appeals import (
    COUNTED_OVER,
    Appeal,
    AppealRules,
    AppealState,
    Letter,
    Subject,
    appeal_not_found,
)
from services.contracts.domain.reading import ReadPurpose, reader_of
from services.contracts.ports import Appeals, Publish

LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One transaction about appeals, and the rules at its instant."""

    register: Appeals
    publish: Publish
    rules: AppealRules
    ids: Ids
    now: datetime


def open_appeal(
    office: Office, *, client_id: UUID, subject: Subject, text: str
) -> Json:
    """The client writes for the first time about something of theirs.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``letters_too_often``, ``appeals_full``.
    """
    fit = office.rules.fit(text)
    if not office.register.owns(client_id, subject):
        raise machine.subject_not_found()
    _refuse_too_often(office, client_id)
    machine.refuse_too_many_open(
        open_now=office.register.open_of(client_id), rules=office.rules
    )
    appeal = machine.open_appeal(
        appeal_id=office.ids.new(),
        client_id=client_id,
        subject=subject,
        rules=office.rules,
        at=office.now,
    )
    office.register.add(appeal)
    letter = _add_letter(office, appeal, fit)
    office.publish(
        AppealOpened(
            appeal_id=appeal.id,
            client_id=client_id,
            about=subject.about.value,
            about_id=subject.id,
            answer_by=appeal.answer_by.isoformat(),
        )
    )
    return _shown(appeal, [letter])


def write_on(office: Office, *, client_id: UUID, appeal_id: UUID, text: str) -> Json:
    """The client goes on.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``appeal_closed``, ``letters_too_often``, ``appeal_full``.
    """
    fit = office.rules.fit(text)
    _refuse_too_often(office, client_id)
    appeal = _own(office, appeal_id, client_id)
    written = machine.write_on(appeal, rules=office.rules, at=office.now)
    machine.refuse_too_long(
        letters=office.register.count_letters(appeal_id), rules=office.rules
    )
    office.register.save(written)
    letter = _add_letter(office, written, fit)
    office.publish(
        LetterWritten(
            appeal_id=appeal_id,
            client_id=client_id,
            letter_id=letter.id,
            answer_by=written.answer_by.isoformat(),
        )
    )
    return _shown(written, office.register.letters(appeal_id))


def list_own(office: Office, *, client_id: UUID, page: Page) -> Json:
    """A page of the client's appeals, the newest first, without their letters."""
    found = office.register.list_own(client_id, page)
    shown, next_before = page.cut(found, id_of=lambda appeal: appeal.id)
    return {
        "items": [jsonable(_facts(appeal)) for appeal in shown],
        "next_before": jsonable(next_before),
    }


def show_own(office: Office, *, client_id: UUID, appeal_id: UUID) -> Json:
    """One of the client's appeals with its letters.  Refused ``not_found``."""
    appeal = _own(office, appeal_id, client_id)
    return _shown(appeal, office.register.letters(appeal_id))


def queue(office: Office, *, state: AppealState) -> Json:
    """Appeals in a state, the one due first before the others; nothing of letters."""
    found = office.register.queue(state, limit=LISTED)
    return {"appeals": [_for_staff(appeal, at=office.now) for appeal in found]}


def count_overdue(office: Office) -> int:
    """How many clients wait for an answer longer than the law allows."""
    return office.register.count_overdue(on=almaty_date(office.now))


def read(
    office: Office, *, appeal_id: UUID, purpose: ReadPurpose, by: StaffMember
) -> Json:
    """An appeal with its letters for one of the staff, who says what for.

    The client sees that.  Refused ``not_found``.
    """
    appeal = _any(office, appeal_id)
    letters = office.register.letters(appeal_id)
    office.publish(
        AppealRead(
            appeal_id=appeal_id,
            client_id=appeal.client_id,
            reader=reader_of(by.id),
            purpose=purpose.value,
        )
    )
    told: list[Json] = [
        {**_letter(letter), "staff_id": jsonable(letter.staff_id)} for letter in letters
    ]
    return {**_for_staff(appeal, at=office.now), "letters": told}


def answer(office: Office, *, appeal_id: UUID, text: str, by: StaffMember) -> Json:
    """One of the staff answers, and the client is told that there is an answer.

    Refused: ``letter_unfit``, ``card_number_refused``, ``not_found``,
    ``appeal_closed``.
    """
    fit = office.rules.fit(text)
    appeal = _any(office, appeal_id)
    answered = machine.answer(appeal, at=office.now)
    office.register.save(answered)
    letter = _add_letter(office, answered, fit, by=by)
    office.publish(
        AppealAnswered(
            appeal_id=appeal_id,
            client_id=appeal.client_id,
            letter_id=letter.id,
            answered_by=by.id,
        )
    )
    return _for_staff(answered, at=office.now)


def extend(office: Office, *, appeal_id: UUID, reason: str, by: StaffMember) -> Json:
    """Put the limit off, once; the client is told.

    Refused: ``not_found`` and what `domain.appeals.extend` refuses.
    """
    appeal = _any(office, appeal_id)
    later = machine.extend(appeal, reason=reason, rules=office.rules)
    office.register.save(later)
    office.publish(
        AppealExtended(
            appeal_id=appeal_id,
            client_id=appeal.client_id,
            answer_by=later.answer_by.isoformat(),
            extended_by=by.id,
            reason=reason,
        )
    )
    return _for_staff(later, at=office.now)


def close(office: Office, *, appeal_id: UUID, by: StaffMember) -> Json:
    """Nothing is left to say; the client is told.

    Refused: ``not_found``, ``appeal_waiting``, ``appeal_closed``.
    """
    appeal = _any(office, appeal_id)
    closed = machine.close(appeal)
    office.register.save(closed)
    office.publish(
        AppealClosed(appeal_id=appeal_id, client_id=appeal.client_id, closed_by=by.id)
    )
    return _for_staff(closed, at=office.now)


def _refuse_too_often(office: Office, client_id: UUID) -> None:
    """Counted while nobody else counts: two letters at once are still two."""
    office.register.hold(client_id)
    today = office.register.written_since(client_id, since=office.now - COUNTED_OVER)
    machine.refuse_too_often(today=today, rules=office.rules)


def _add_letter(
    office: Office, appeal: Appeal, text: str, *, by: StaffMember | None = None
) -> Letter:
    letter = Letter(
        id=office.ids.new(),
        appeal_id=appeal.id,
        text=text,
        written_at=office.now,
        staff_id=None if by is None else by.id,
    )
    office.register.add_letter(letter, client_id=appeal.client_id)
    return letter


def _any(office: Office, appeal_id: UUID) -> Appeal:
    appeal = office.register.get(appeal_id)
    if appeal is None:
        raise appeal_not_found()
    return appeal


def _own(office: Office, appeal_id: UUID, client_id: UUID) -> Appeal:
    appeal = _any(office, appeal_id)
    if appeal.client_id != client_id:
        raise appeal_not_found()
    return appeal


def _facts(appeal: Appeal) -> dict[str, object]:
    return {
        "appeal_id": appeal.id,
        "about": appeal.subject.about,
        "about_id": appeal.subject.id,
        "state": appeal.state,
        "opened_at": appeal.opened_at,
        "written_at": appeal.written_at,
        "answer_by": appeal.answer_by,
        "extended": appeal.extended,
    }


def _letter(letter: Letter) -> dict[str, Json]:
    return {
        "letter_id": jsonable(letter.id),
        "writer": letter.writer.value,
        "text": letter.text,
        "written_at": jsonable(letter.written_at),
    }


def _shown(appeal: Appeal, letters: Sequence[Letter]) -> Json:
    return jsonable(
        {**_facts(appeal), "letters": [_letter(letter) for letter in letters]}
    )


def _for_staff(appeal: Appeal, *, at: datetime) -> dict[str, Json]:
    shown = {
        **_facts(appeal),
        "client_id": appeal.client_id,
        "overdue": appeal.is_overdue(at),
    }
    return {name: jsonable(value) for name, value in shown.items()}
