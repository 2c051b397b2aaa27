"""Indicators: read on a beat, kept, told of at a crossing, answered where red."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.events.antifraud import IndicatorAnswered, IndicatorCrossed
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.domain.indicators import (
    Colour,
    Indicator,
    IndicatorRules,
    Item,
    Reading,
    in_force,
    indicator_answered,
    indicator_not_found,
)
from services.antifraud.domain.risks import risk_not_found
from services.antifraud.handlers import duties
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.indicators import (
    IndicatorAlarms,
    IndicatorUnit,
    IndicatorUnits,
)

LISTED: Final = 500
MOST_READINGS: Final = 3_000


def listed(
    records: Sequence[Indicator], *, units: IndicatorUnits, tools: Tools
) -> Sequence[tuple[Indicator, Reading | None]]:
    """What is measured, each with its newest reading."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        last = unit.series.last()
    return [(one, last.get(one.code)) for one in in_force(records, today)]


def series(
    code: str, *, days: int, units: IndicatorUnits, tools: Tools
) -> Sequence[Reading]:
    """The readings of some days.  Refused ``indicator_not_found`` where none is."""
    since = tools.clock.now() - timedelta(days=days)
    with units.begin() as unit:
        found = unit.series.readings(code, since=since, limit=MOST_READINGS)
    if not found:
        raise indicator_not_found()
    return found


def items(*, waiting: bool, units: IndicatorUnits) -> Sequence[Item]:
    """What turned red: what waits, the oldest first, or all of it."""
    with units.begin() as unit:
        return unit.series.items(waiting=waiting, limit=LISTED)


def answer(
    item_id: UUID,
    *,
    words: str,
    risk_id: UUID | None,
    by: UUID,
    units: IndicatorUnits,
    tools: Tools,
) -> None:
    """A person says what it was, and of which risk it is a sign, if of one.

    Refused as `refuse_unfit_words`, and ``indicator_not_found``,
    ``indicator_answered``, ``risk_not_found``.
    """
    now = tools.clock.now()
    IndicatorRules.at(tools.policy, now).refuse_unfit(words)
    with units.begin() as unit:
        item = unit.series.lock_item(item_id)
        if item is None:
            raise indicator_not_found()
        if item.answered_at is not None:
            raise indicator_answered()
        if risk_id is not None and unit.risks.find(risk_id) is None:
            raise risk_not_found()
        unit.series.answer(item_id, at=now, by=by, words=words, risk_id=risk_id)
        unit.publish(
            IndicatorAnswered(item_id=item_id, code=item.code, risk_id=risk_id, by=by)
        )


def watch(
    records: Sequence[Indicator],
    *,
    units: IndicatorUnits,
    tools: Tools,
    alarms: IndicatorAlarms,
) -> Sequence[Reading]:
    """Read what is due, tell of crossings and of answers that are late.

    1. Each beat once, whichever process is first.
    2. What changed its colour is told by an event; what got worse is an alarm.
    3. What turned red waits for an answer from now on, and what stays red waits anew
       after `antifraud.indicator_again_days`, if nothing of it waits already.

    The readings that were taken now.
    """
    now = tools.clock.now()
    rules = IndicatorRules.at(tools.policy, now)
    with units.begin() as unit:
        before = unit.series.last()
        fresh = [
            reading
            for one in in_force(records, almaty_date(now))
            if (reading := _due(one, before.get(one.code), rules, unit=unit))
        ]
        worse = []
        for reading in fresh:
            was = before[reading.code].colour if reading.code in before else None
            if reading.colour != (was or Colour.GREEN):
                unit.publish(_crossed(reading, was or Colour.GREEN, tools=tools))
            if reading.colour > (was or Colour.GREEN):
                worse.append(reading)
            if reading.colour is Colour.RED and (
                was is not Colour.RED
                or not unit.series.was_opened(reading.code, since=rules.again_since)
            ):
                unit.series.open_item(_item(reading, now, rules, tools=tools))
        waiting = unit.series.items(waiting=True, limit=LISTED)
    for reading in worse:
        alarms.indicator_crossed(reading)
    if fresh:
        alarms.indicators_read(fresh)
    late = [
        Owed(f"indicator:{item.item_id}", Duty.ANSWER, item.due_on)
        for item in waiting
        if item.due_on < almaty_date(now)
    ]
    duties.tell(late, of=(Duty.ANSWER,), units=units, tools=tools, alarms=alarms)
    return fresh


def _due(
    one: Indicator, last: Reading | None, rules: IndicatorRules, *, unit: IndicatorUnit
) -> Reading | None:
    """The reading of this beat; None where it is kept already."""
    if last is not None and last.at >= rules.beat:
        return None
    reading = rules.read(one, unit.series.counted(one, at=rules.now))
    return reading if unit.series.keep(reading) else None


def _crossed(reading: Reading, was: Colour, *, tools: Tools) -> IndicatorCrossed:
    limits = reading.limits
    return IndicatorCrossed(
        crossing_id=tools.ids.new(),
        code=reading.code,
        was=was.word,
        colour=reading.colour.word,
        value=reading.value,
        amber=limits.amber,
        red=limits.red,
    )


def _item(
    reading: Reading, now: datetime, rules: IndicatorRules, *, tools: Tools
) -> Item:
    return Item(
        item_id=tools.ids.new(),
        code=reading.code,
        opened_at=now,
        value=reading.value,
        due_on=rules.due_on,
        answered_at=None,
        answered_by=None,
        answer=None,
        risk_id=None,
    )
