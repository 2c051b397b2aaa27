"""Appeals: registered with a number and a day, reviewed by another person, answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.events.antifraud import (
    AppealAnswered,
    AppealExtended,
    AppealRead,
    AppealReceived,
)
from kernel.letters import fit_letter, letters_too_often
from kernel.pages import Page
from kernel.values import refuse_unfit_reason
from kernel.words import refuse_unfit_words
from services.antifraud.domain.appeals import (
    COUNTED_OVER,
    Appeal,
    AppealOutcome,
    AppealRules,
    Subject,
    appeal_against_nothing,
    appeal_answered,
    appeal_not_found,
    appeal_not_put_off,
    appeal_open,
    appeal_own_decision,
    appeal_under_way,
    nothing_to_appeal,
    number_of,
    own_appeal_not_found,
)
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.handlers import suspending
from services.antifraud.handlers.cases import source_of
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.appeals import AppealAlarms, AppealUnit, AppealUnits

LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An appeal as it came in."""

    client_id: UUID
    against: str
    received_on: date
    words: str
    inquiry_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAppeal:
    """An appeal with what was said on both sides."""

    appeal: Appeal
    words: str
    answer: str | None


def record(received: Received, *, by: UUID, units: AppealUnits, tools: Tools) -> Appeal:
    """Enter an appeal; its number, and the day by which it is answered (6.1h iv).

    Refused as `refuse_unfit_words`, ``received_on_unfit``, ``appeal_against_nothing``,
    ``appeal_open``.
    """
    now = tools.clock.now()
    _refuse_unfit(received.words, now=now, tools=tools)
    rules = AppealRules.at(tools.policy, now)
    with units.begin() as unit:
        against, client_id = received.against, received.client_id
        if not unit.appeals.was_decided(against, client_id=client_id):
            raise appeal_against_nothing()
        number = unit.appeals.next_number(received.received_on.year)
        entered = _entered(received, number, by=by, rules=rules, unit=unit, tools=tools)
    if entered is None:
        raise appeal_open()
    return entered


def file(
    subject: Subject,
    text: str,
    *,
    client_id: UUID,
    unit: AppealUnit,
    tools: Tools,
) -> ShownAppeal:
    """The client appeals, in the cabinet or at registration, against what stopped them.

    It stands in the one register, received today.  Refused:
    ``appeal_subject_invalid``, ``letter_unfit``, ``card_number_refused``,
    ``nothing_to_appeal``, ``letters_too_often``, ``appeal_under_way``.
    """
    now = tools.clock.now()
    rules = AppealRules.at(tools.policy, now)
    received = Received(
        client_id=client_id,
        against=subject.against(client_id),
        received_on=rules.today,
        words=fit_letter(text, most=rules.most_characters),
    )
    if not unit.appeals.was_stopped(received.against, client_id=client_id):
        raise nothing_to_appeal()
    # Whoever asks for a number is alone until the commit: what is counted is exact.
    number = unit.appeals.next_number(rules.today.year)
    if unit.appeals.filed(client_id, since=now - COUNTED_OVER) >= rules.a_day:
        raise letters_too_often()
    appeal = _entered(
        received, number, by=client_id, rules=rules, unit=unit, tools=tools
    )
    if appeal is None:
        raise appeal_under_way()
    return ShownAppeal(appeal=appeal, words=received.words, answer=None)


def _entered(
    received: Received,
    number: int,
    *,
    by: UUID,
    rules: AppealRules,
    unit: AppealUnit,
    tools: Tools,
) -> Appeal | None:
    """The entry; None when one against the same is open."""
    appeal = Appeal(
        appeal_id=tools.ids.new(),
        number=number_of(received.received_on.year, number),
        client_id=received.client_id,
        against=received.against,
        inquiry_id=received.inquiry_id,
        received_on=received.received_on,
        recorded_at=tools.clock.now(),
        recorded_by=by,
        answer_by=rules.answer_by(received.received_on),
    )
    if not unit.appeals.add(appeal, number=number, words=received.words):
        return None
    unit.publish(
        AppealReceived(
            appeal_id=appeal.appeal_id,
            number=appeal.number,
            client_id=appeal.client_id,
            against=appeal.against,
            answer_by=appeal.answer_by,
        )
    )
    return appeal


def own(client_id: UUID, page: Page, *, units: AppealUnits) -> Sequence[Appeal]:
    """The client's appeals, the newest first; one more than the page shows."""
    with units.begin() as unit:
        return unit.appeals.own(client_id, page)


def show_own(appeal_id: UUID, *, client_id: UUID, units: AppealUnits) -> ShownAppeal:
    """One of the client's appeals, with the answer.  Refused ``not_found``."""
    with units.begin() as unit:
        appeal = unit.appeals.find(appeal_id)
        if appeal is None or appeal.client_id != client_id:
            raise own_appeal_not_found()
        return ShownAppeal(
            appeal=appeal,
            words=unit.appeals.words(appeal_id),
            answer=unit.appeals.answer_of(appeal_id),
        )


def of_subject(
    subject: Subject, *, client_id: UUID, page: Page, units: AppealUnits
) -> Sequence[Appeal]:
    """The client's appeals against one thing, the newest first."""
    with units.begin() as unit:
        return unit.appeals.own(client_id, page, against=subject.against(client_id))


def show_of_subject(
    subject: Subject, appeal_id: UUID, *, client_id: UUID, units: AppealUnits
) -> ShownAppeal:
    """One of them, with the answer.  Refused ``not_found``."""
    shown = show_own(appeal_id, client_id=client_id, units=units)
    if shown.appeal.against != subject.against(client_id):
        raise own_appeal_not_found()
    return shown


def listed(*, answered: bool, units: AppealUnits) -> Sequence[Appeal]:
    """The register: what is due first, or what was answered last."""
    with units.begin() as unit:
        return unit.appeals.listed(answered=answered, limit=LISTED)


def show(appeal_id: UUID, *, by: UUID, units: AppealUnits) -> ShownAppeal:
    """An appeal with its words; that somebody read them is told (6.1c).

    Refused: ``appeal_not_found``.
    """
    with units.begin() as unit:
        appeal = unit.appeals.find(appeal_id)
        if appeal is None:
            raise appeal_not_found()
        unit.publish(
            AppealRead(appeal_id=appeal_id, client_id=appeal.client_id, reader=by)
        )
        return ShownAppeal(
            appeal=appeal,
            words=unit.appeals.words(appeal_id),
            answer=unit.appeals.answer_of(appeal_id),
        )


def extend(appeal_id: UUID, *, reason: str, units: AppealUnits, tools: Tools) -> Appeal:
    """Put the answer off, once; the entry as it is then.

    Refused: ``reason_unfit``, ``appeal_not_found``, ``appeal_answered``,
    ``appeal_not_put_off``.
    """
    refuse_unfit_reason(reason)
    now = tools.clock.now()
    rules = AppealRules.at(tools.policy, now)
    with units.begin() as unit:
        appeal = _open(appeal_id, unit)
        if appeal.extended_at is not None or appeal.is_overdue(rules.today):
            raise appeal_not_put_off()
        answer_by = rules.put_off(appeal.answer_by)
        unit.appeals.extend(appeal_id, answer_by=answer_by, reason=reason, at=now)
        unit.publish(
            AppealExtended(
                appeal_id=appeal_id, client_id=appeal.client_id, answer_by=answer_by
            )
        )
        return _found(appeal_id, unit)


def answer(
    appeal_id: UUID,
    *,
    outcome: AppealOutcome,
    words: str,
    by: UUID,
    units: AppealUnits,
    tools: Tools,
) -> Appeal:
    """A person who had no part in it decides, and the client gets an answer.

    Upheld, it takes back what was done, in the same commit: what it is against is
    released, its decisions count as mistakes, its names leave our lists.  Refused as
    `refuse_unfit_words`, ``appeal_not_found``, ``appeal_answered``,
    ``appeal_own_decision``.
    """
    now = tools.clock.now()
    _refuse_unfit(words, now=now, tools=tools)
    with units.begin() as unit:
        appeal = _open(appeal_id, unit)
        if str(by) in unit.appeals.deciders(appeal):
            raise appeal_own_decision()
        if outcome is AppealOutcome.UPHELD:
            _take_back(appeal, by=by, now=now, unit=unit, tools=tools)
        unit.appeals.answer(appeal_id, outcome=outcome, words=words, by=by, at=now)
        unit.publish(
            AppealAnswered(
                appeal_id=appeal_id,
                client_id=appeal.client_id,
                outcome=outcome.value,
                decided_by=by,
            )
        )
        return _found(appeal_id, unit)


def watch(*, units: AppealUnits, tools: Tools, alarms: AppealAlarms) -> None:
    """An alarm while clients wait longer than the law allows."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        overdue = unit.appeals.count_overdue(today=today)
    alarms.appeals_overdue(count=overdue)


def _take_back(
    appeal: Appeal, *, by: UUID, now: datetime, unit: AppealUnit, tools: Tools
) -> None:
    if unit.suspensions.find(appeal.against) is not None:
        suspending.let_go(
            appeal.against,
            ground=f"appeal {appeal.number} upheld",
            by=str(by),
            unit=unit,
            tools=tools,
        )
    for case in unit.appeals.cases(appeal):
        if case.outcome is CaseOutcome.FRAUD:
            unit.cases.label(case, fraud=False, by=by, at=now)
            unit.cases.end_lists(source_of(case.case_id), at=now, by=str(by))


def _open(appeal_id: UUID, unit: AppealUnit) -> Appeal:
    """The entry, locked until the commit: it is answered once."""
    appeal = unit.appeals.lock(appeal_id)
    if appeal is None:
        raise appeal_not_found()
    if appeal.outcome is not None:
        raise appeal_answered()
    return appeal


def _found(appeal_id: UUID, unit: AppealUnit) -> Appeal:
    appeal = unit.appeals.find(appeal_id)
    if appeal is None:
        raise appeal_not_found()
    return appeal


def _refuse_unfit(words: str, *, now: datetime, tools: Tools) -> None:
    most = tools.policy.integer("antifraud.case_note_characters", now)
    refuse_unfit_words(words, most=most)
