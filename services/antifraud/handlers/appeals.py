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
from kernel.values import refuse_unfit_reason
from kernel.words import refuse_unfit_words
from services.antifraud.domain.appeals import (
    Appeal,
    AppealOutcome,
    AppealRules,
    appeal_against_nothing,
    appeal_answered,
    appeal_not_found,
    appeal_not_put_off,
    appeal_open,
    appeal_own_decision,
    number_of,
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
    answer_by = AppealRules.at(tools.policy, now).answer_by(received.received_on)
    with units.begin() as unit:
        client_id, against = received.client_id, received.against
        if not unit.appeals.was_decided(against, client_id=client_id):
            raise appeal_against_nothing()
        year = received.received_on.year
        number = unit.appeals.next_number(year)
        appeal = Appeal(
            appeal_id=tools.ids.new(),
            number=number_of(year, number),
            client_id=client_id,
            against=against,
            inquiry_id=received.inquiry_id,
            received_on=received.received_on,
            recorded_at=now,
            recorded_by=by,
            answer_by=answer_by,
        )
        if not unit.appeals.add(appeal, number=number, words=received.words):
            raise appeal_open()
        unit.publish(
            AppealReceived(
                appeal_id=appeal.appeal_id,
                number=appeal.number,
                client_id=client_id,
                against=against,
                answer_by=answer_by,
            )
        )
    return appeal


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
