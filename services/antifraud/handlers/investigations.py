"""Investigations: opened of a ground, planned, proved, closed by two, followed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import sha256_hex
from kernel.events.antifraud import (
    InvestigationEntered,
    InvestigationOpened,
    InvestigationRead,
)
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.investigations import (
    ENDS,
    Entry,
    Investigation,
    InvestigationRules,
    Kind,
    already_ended,
    conclusion_of,
    ground_of,
    ground_unfit,
    investigation_not_found,
    lead_is_subject,
    measure_is_yours,
    number_of,
)
from services.antifraud.domain.risks import risk_not_found
from services.antifraud.handlers import duties
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.duties import DutyAlarms
from services.antifraud.ports.investigations import (
    InvestigationUnit,
    InvestigationUnits,
)

_SEEN: Final = frozenset(Kind) - {Kind.EVIDENCE}
"""Words; files are read one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An investigation with the words of its entries."""

    investigation: Investigation
    words: Mapping[UUID, str]


def listed(
    *, closed: bool, by: UUID, units: InvestigationUnits
) -> Sequence[Investigation]:
    """Those that are open, or closed, but for those that are about who asks."""
    with units.begin() as unit:
        found = unit.investigations.listed()
    return [
        one
        for one in found
        if (one.end is not None) == closed and by not in one.subjects
    ]


def show(investigation_id: UUID, *, by: UUID, units: InvestigationUnits) -> Shown:
    """An investigation with its words; that somebody read them is told (6.1c).

    Refused ``investigation_not_found``, to its subjects too.
    """
    with units.begin() as unit:
        one = _found(investigation_id, by=by, unit=unit)
        words = {
            entry.entry_id: _words(one, entry, unit)
            for entry in one.entries
            if entry.kind in _SEEN
        }
        unit.publish(
            InvestigationRead(
                investigation_id=investigation_id, entry_id=None, reader=by
            )
        )
    return Shown(investigation=one, words=words)


def read_file(
    investigation_id: UUID, entry_id: UUID, *, by: UUID, units: InvestigationUnits
) -> bytes:
    """A piece of evidence; that somebody read it is told (6.1c).

    Refused ``investigation_not_found``, ``investigation_entry_not_found``.
    """
    with units.begin() as unit:
        one = _found(investigation_id, by=by, unit=unit)
        entry = one.found(entry_id, Kind.EVIDENCE)
        content = unit.investigations.content(investigation_id, entry.entry_id)
        unit.publish(
            InvestigationRead(
                investigation_id=investigation_id, entry_id=entry_id, reader=by
            )
        )
    return content or b""


def open_investigation(
    ground: str,
    *,
    lead: UUID,
    subjects: Sequence[UUID],
    words: str,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Investigation:
    """Begin to find out (clause 6.1h v).

    Refused as `refuse_unfit_words`, and ``ground_unfit``, ``lead_is_subject``.
    """
    now = tools.clock.now()
    InvestigationRules.at(tools.policy, now).refuse_unfit(words)
    kind, named = ground_of(ground)
    if lead in subjects or by in subjects:
        raise lead_is_subject()
    with units.begin() as unit:
        unit.investigations.lock()
        if not unit.investigations.is_there(kind, named):
            raise ground_unfit()
        one = Investigation(
            investigation_id=tools.ids.new(),
            number=unit.investigations.next_number(),
            ground=ground,
            opened_at=now,
            opened_by=by,
            entries=(),
            end=None,
        )
        unit.investigations.add(one)
        unit.publish(
            InvestigationOpened(
                investigation_id=one.investigation_id,
                number=number_of(one.number),
                ground=ground,
                by=by,
            )
        )
        made = [enter(one, Kind.NOTE, words, by=by, unit=unit, tools=tools)]
        made += [enter(one, Kind.LEAD, "", by=by, who=lead, unit=unit, tools=tools)]
        made += [
            enter(one, Kind.SUBJECT, "", by=by, who=who, unit=unit, tools=tools)
            for who in subjects
        ]
    return replace(one, entries=made)


def assign(
    investigation_id: UUID,
    *,
    to: UUID,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Entry:
    """Let somebody else lead.

    Refused ``lead_is_subject``, ``investigation_not_found``, ``investigation_closed``.
    """
    with units.begin() as unit:
        one = open_one(investigation_id, by=by, unit=unit)
        if to in one.subjects:
            raise lead_is_subject()
        return enter(one, Kind.LEAD, "", by=by, who=to, unit=unit, tools=tools)


def name_subject(
    investigation_id: UUID,
    *,
    who: UUID,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Entry:
    """Somebody of the staff is investigated: from now on they see nothing of it.

    Refused ``lead_is_subject``, ``investigation_not_found``, ``investigation_closed``.
    """
    with units.begin() as unit:
        one = open_one(investigation_id, by=by, unit=unit)
        if who in {by, one.lead}:
            raise lead_is_subject()
        return enter(one, Kind.SUBJECT, "", by=by, who=who, unit=unit, tools=tools)


def say(
    investigation_id: UUID,
    kind: Kind,
    words: str,
    *,
    due_on: date | None = None,
    who: UUID | None = None,
    risk_id: UUID | None = None,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Entry:
    """Add a note, a step of the plan or a measure.

    Refused as `InvestigationRules.refuse_unfit`, and ``risk_not_found``,
    ``investigation_not_found``, ``investigation_closed``.
    """
    rules = InvestigationRules.at(tools.policy, tools.clock.now())
    rules.refuse_unfit(words, due_on=due_on)
    with units.begin() as unit:
        one = open_one(investigation_id, by=by, unit=unit)
        if risk_id is not None and unit.risks.find(risk_id) is None:
            raise risk_not_found()
        return enter(
            one,
            kind,
            words,
            due_on=due_on,
            who=who,
            risk_id=risk_id,
            by=by,
            unit=unit,
            tools=tools,
        )


def finish(
    investigation_id: UUID,
    of: UUID,
    kind: Kind,
    words: str,
    *,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Entry:
    """A step was done, with what it showed; or a measure taken, by word of another.

    A measure can be taken after the end.  Refused as `refuse_unfit_words`, and
    ``measure_is_yours``, ``investigation_not_found``, ``investigation_closed``,
    ``investigation_entry_not_found``, ``investigation_entry_ended``.
    """
    rules = InvestigationRules.at(tools.policy, tools.clock.now())
    rules.refuse_unfit(words)
    with units.begin() as unit:
        unit.investigations.lock()
        one = _found(investigation_id, by=by, unit=unit)
        if kind is Kind.DONE:
            one.refuse_closed()
        begun = one.found(of, ENDS[kind])
        if begun not in one.unfinished:
            raise already_ended()
        if kind is Kind.TAKEN and by == begun.who:
            raise measure_is_yours()
        return enter(one, kind, words, of=of, by=by, unit=unit, tools=tools)


def add_file(
    investigation_id: UUID,
    content: bytes,
    *,
    by: UUID,
    units: InvestigationUnits,
    tools: Tools,
) -> Entry:
    """Keep a file, sealed, with its digest; nothing of ours ever opens it.

    Refused ``evidence_unfit``, ``evidence_many``, ``investigation_not_found``,
    ``investigation_closed``.
    """
    rules = InvestigationRules.at(tools.policy, tools.clock.now())
    with units.begin() as unit:
        one = open_one(investigation_id, by=by, unit=unit)
        rules.refuse_unfit_file(content, one)
        return enter(one, Kind.EVIDENCE, content, by=by, unit=unit, tools=tools)


def measures(
    *, by: UUID, units: InvestigationUnits
) -> Sequence[tuple[Investigation, Entry]]:
    """Measures nobody has attested yet, what is due first comes first (6.1h vi)."""
    with units.begin() as unit:
        found = unit.investigations.listed()
    waiting = [
        (one, entry)
        for one in found
        if by not in one.subjects
        for entry in one.unfinished
        if entry.kind is Kind.MEASURE
    ]
    return sorted(waiting, key=lambda pair: (str(pair[1].due_on), pair[1].entry_id))


def watch(*, units: InvestigationUnits, tools: Tools, alarms: DutyAlarms) -> None:
    """Tell once of each step and measure whose day has passed."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        found = unit.investigations.listed()
    owed = [each for one in found for each in one.overdue(today)]
    of = (Duty.STEP, Duty.MEASURE)
    duties.tell(owed, of=of, units=units, tools=tools, alarms=alarms)


def _found(
    investigation_id: UUID, *, by: UUID, unit: InvestigationUnit
) -> Investigation:
    one = unit.investigations.find(investigation_id)
    if one is None:
        raise investigation_not_found()
    one.refuse_subject(by)
    return one


def open_one(
    investigation_id: UUID, *, by: UUID, unit: InvestigationUnit
) -> Investigation:
    """One that nobody else changes until the commit."""
    unit.investigations.lock()
    one = _found(investigation_id, by=by, unit=unit)
    one.refuse_closed()
    return one


def enter(
    one: Investigation,
    kind: Kind,
    content: str | bytes,
    *,
    of: UUID | None = None,
    who: UUID | None = None,
    due_on: date | None = None,
    risk_id: UUID | None = None,
    by: UUID,
    unit: InvestigationUnit,
    tools: Tools,
) -> Entry:
    raw = content.encode() if isinstance(content, str) else content
    entry = Entry(
        entry_id=tools.ids.new(),
        at=tools.clock.now(),
        by=by,
        kind=kind,
        size=len(raw),
        sha256=sha256_hex(raw),
        of=of,
        who=who,
        due_on=due_on,
        risk_id=risk_id,
    )
    unit.investigations.enter(one.investigation_id, entry, raw)
    unit.publish(
        InvestigationEntered(
            investigation_id=one.investigation_id,
            entry_id=entry.entry_id,
            kind=kind.value,
            sha256=entry.sha256,
            due_on=due_on,
            by=by,
        )
    )
    return entry


def _words(one: Investigation, entry: Entry, unit: InvestigationUnit) -> str:
    content = unit.investigations.content(one.investigation_id, entry.entry_id)
    if entry.kind is Kind.CONCLUSION:
        said = conclusion_of(content or b"")
        return f"{said.finding} ({said.cause}): {said.words}"
    return (content or b"").decode()
