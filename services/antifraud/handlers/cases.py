"""Cases of the staff: taken, worked on, closed; what they were feeds rules, lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import sha256_hex
from kernel.events.antifraud import CaseAssigned, CaseClosed, CaseRead
from kernel.words import refuse_unfit_words
from services.antifraud.domain.cases import (
    PICTURE,
    Case,
    CaseOutcome,
    Item,
    Note,
    Paper,
    case_closed,
    case_files_many,
    case_holds_open,
    case_not_found,
    case_not_yours,
    case_taken,
    file_not_found,
    names_of_fraud,
    refuse_unfit_file,
)
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.lists import Entry, end_of
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.cases import (
    CaseAlarms,
    CaseUnit,
    CaseUnits,
    Pictures,
)

LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A case with all that is in it but the content of files."""

    case: Case
    items: Sequence[Item]
    notes: Sequence[Note]
    files: Sequence[Paper]


def listed(
    *, closed: bool, assigned_to: UUID | None, units: CaseUnits
) -> Sequence[Case]:
    """The queue, the most pressing first; of closed cases the newest first."""
    with units.begin() as unit:
        return unit.cases.listed(closed=closed, assigned_to=assigned_to, limit=LISTED)


def show(case_id: UUID, *, by: UUID, units: CaseUnits) -> Shown:
    """A case with its notes; that somebody read them is told (6.1c).

    Refused: ``case_not_found``.
    """
    with units.begin() as unit:
        case = unit.cases.find(case_id)
        if case is None:
            raise case_not_found()
        unit.publish(
            CaseRead(case_id=case_id, client_id=case.client_id, reader=by, what="notes")
        )
        return Shown(
            case=case,
            items=unit.cases.items(case_id),
            notes=unit.cases.notes(case_id),
            files=unit.cases.files(case_id),
        )


def take(case_id: UUID, *, by: UUID, units: CaseUnits, tools: Tools) -> None:
    """Take what nobody has; again by the same person it is the same.

    Refused: ``case_not_found``, ``case_closed``, ``case_taken``.
    """
    with units.begin() as unit:
        case = _open(case_id, unit)
        if case.assigned_to not in {None, by}:
            raise case_taken()
        if case.assigned_to is None:
            _assign(case, to=by, by=by, unit=unit, tools=tools)


def assign(
    case_id: UUID, *, to: UUID, by: UUID, units: CaseUnits, tools: Tools
) -> None:
    """Hand a case to somebody, whoever has it now.

    Refused: ``case_not_found``, ``case_closed``.
    """
    with units.begin() as unit:
        _assign(_open(case_id, unit), to=to, by=by, unit=unit, tools=tools)


def add_note(
    case_id: UUID, text: str, *, by: UUID, units: CaseUnits, tools: Tools
) -> UUID:
    """Add words, which stay; the note's id.

    Refused as `refuse_unfit_words`, ``case_not_found``, ``case_closed``.
    """
    now = tools.clock.now()
    _refuse_unfit(text, now=now, tools=tools)
    with units.begin() as unit:
        _open(case_id, unit)
        note = _note(text, kind="note", by=by, now=now, tools=tools)
        unit.cases.add_note(case_id, note)
    return note.note_id


def add_file(
    case_id: UUID,
    content: bytes,
    *,
    by: UUID,
    pictures: Pictures,
    units: CaseUnits,
    tools: Tools,
) -> Paper:
    """Keep a picture, made anew and sealed: the only way in for a file.

    1. Its first bytes and its size; whether the case takes it.
    2. A clean picture is made of it, apart from here and outside any transaction.
    3. That alone is kept, with the digest of what was brought.

    Refused: ``case_file_unfit``, ``case_files_many``, ``case_not_found``,
    ``case_closed``.  Transient when nobody is there to decode it.
    """
    now = tools.clock.now()
    refuse_unfit_file(content)  # step 1
    with units.begin() as unit:
        _refuse_full(case_id, now=now, unit=unit, tools=tools)
    clean = pictures.clean(content)  # step 2
    paper = Paper(
        file_id=tools.ids.new(),
        at=now,
        by=by,
        kind=PICTURE,
        size=len(clean),
        sha256=sha256_hex(clean),
        upload_sha256=sha256_hex(content),
    )
    with units.begin() as unit:  # step 3
        _refuse_full(case_id, now=now, unit=unit, tools=tools)
        unit.cases.add_file(case_id, paper, clean)
    return paper


def _refuse_full(case_id: UUID, *, now: datetime, unit: CaseUnit, tools: Tools) -> None:
    _open(case_id, unit)
    most = tools.policy.integer("antifraud.case_files", now)
    if len(unit.cases.files(case_id)) >= most:
        raise case_files_many(most)


def read_file(case_id: UUID, file_id: UUID, *, by: UUID, units: CaseUnits) -> bytes:
    """A file's bytes; that somebody read them is told (6.1c).

    Refused: ``case_not_found``, ``case_file_not_found``.
    """
    with units.begin() as unit:
        case = unit.cases.find(case_id)
        if case is None:
            raise case_not_found()
        content = unit.cases.content(case_id, file_id)
        if content is None:
            raise file_not_found()
        unit.publish(
            CaseRead(case_id=case_id, client_id=case.client_id, reader=by, what="file")
        )
    return content


def close(
    case_id: UUID,
    *,
    outcome: CaseOutcome,
    conclusion: str,
    by: UUID,
    units: CaseUnits,
    tools: Tools,
) -> None:
    """Say what it was, and why; rules are tested by it (clause 6.1h vii).

    A fraud stays suspended, and its names go on our lists.  Anything else is closed
    once nothing of it is suspended any more.  Refused as `refuse_unfit_words`,
    ``case_not_found``, ``case_closed``, ``case_not_yours``, ``case_holds_open``.
    """
    now = tools.clock.now()
    _refuse_unfit(conclusion, now=now, tools=tools)
    with units.begin() as unit:
        case = _open(case_id, unit)
        if case.assigned_to != by:
            raise case_not_yours()
        if outcome is CaseOutcome.FRAUD:
            unit.cases.confirm_holds(case, at=now)
            _put_on_lists(case, by=by, now=now, unit=unit, tools=tools)
        elif unit.cases.is_held(case):
            raise case_holds_open()
        if outcome is not CaseOutcome.UNCLEAR:
            fraud = outcome is CaseOutcome.FRAUD
            unit.cases.label(case, fraud=fraud, by=by, at=now)
        note = _note(conclusion, kind="conclusion", by=by, now=now, tools=tools)
        unit.cases.add_note(case_id, note)
        unit.cases.close(case_id, outcome=outcome, by=by, at=now)
        unit.publish(
            CaseClosed(
                case_id=case_id,
                client_id=case.client_id,
                outcome=outcome.value,
                closed_by=by,
            )
        )


def watch(*, units: CaseUnits, tools: Tools, alarms: CaseAlarms) -> None:
    """An alarm while cases are past their day."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        overdue = unit.cases.count_overdue(today=today)
    alarms.cases_overdue(count=overdue)


def source_of(case_id: UUID) -> str:
    """How an entry of a list names the case it comes from."""
    return f"case {case_id}"


def _open(case_id: UUID, unit: CaseUnit) -> Case:
    """The case, locked until the commit: two of the staff are one after the other."""
    case = unit.cases.lock(case_id)
    if case is None:
        raise case_not_found()
    if case.closed_at is not None:
        raise case_closed()
    return case


def _assign(case: Case, *, to: UUID, by: UUID, unit: CaseUnit, tools: Tools) -> None:
    unit.cases.assign(case.case_id, to=to, at=tools.clock.now())
    unit.publish(CaseAssigned(case_id=case.case_id, assigned_to=to, assigned_by=by))


def _put_on_lists(
    case: Case, *, by: UUID, now: datetime, unit: CaseUnit, tools: Tools
) -> None:
    days = tools.policy.integer("antifraud.case_list_days", now)
    expires_at = end_of(almaty_date(now) + timedelta(days=days))
    keys = (*unit.cases.keys(case.case_id), case.about)
    for of, names in names_of_fraud(keys).items():
        unit.add_entries(
            [
                Entry(
                    entry_id=tools.ids.new(),
                    of=of,
                    entity=Entity(key.partition(":")[0]),
                    key=key,
                    expires_at=expires_at,
                    reason="a case was found to be a fraud",
                    source=source_of(case.case_id),
                    added_at=now,
                    added_by=str(by),
                )
                for key in names
            ]
        )


def _note(text: str, *, kind: str, by: UUID, now: datetime, tools: Tools) -> Note:
    return Note(note_id=tools.ids.new(), at=now, by=by, kind=kind, text=text)


def _refuse_unfit(text: str, *, now: datetime, tools: Tools) -> None:
    most = tools.policy.integer("antifraud.case_note_characters", now)
    refuse_unfit_words(text, most=most)
