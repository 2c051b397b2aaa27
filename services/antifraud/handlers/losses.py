"""The base of losses: recorded of a risk, recovered, put right, and what is missing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.events.antifraud import LossCorrected, LossRecorded, LossRecovered
from kernel.money import Money
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.domain.losses import (
    NOTHING,
    Entry,
    Facts,
    Loss,
    LossHistory,
    LossRules,
    Side,
    Told,
    loss_case_unfit,
    loss_exists,
    loss_not_found,
    number_of,
)
from services.antifraud.domain.risks import risk_not_found
from services.antifraud.handlers import duties
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.duties import DutyAlarms
from services.antifraud.ports.losses import LossUnit, LossUnits

EARLIEST: Final = date(2000, 1, 1)
"""Before the company was."""


def listed(
    *, since: date | None, until: date | None, units: LossUnits, tools: Tools
) -> Sequence[Loss]:
    """Losses that were found within these days; all of them, where none is named."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        return unit.losses.listed(since=since or EARLIEST, until=until or today)


def show(loss_id: UUID, *, units: LossUnits) -> LossHistory:
    """A loss with all that was told of it.  Refused ``loss_not_found``."""
    with units.begin() as unit:
        found = unit.losses.history(loss_id)
    if found is None:
        raise loss_not_found()
    return found


def record(
    facts: Facts, gross: Money, *, by: UUID, units: LossUnits, tools: Tools
) -> Loss:
    """A fraud came true: what it is of, and what it cost, which may be nothing.

    Refused as `LossRules.refuse_unfit`, and ``risk_not_found``, ``loss_case_unfit``,
    ``loss_exists``, ``loss_amount_unfit``.
    """
    now = tools.clock.now()
    LossRules.at(tools.policy, now).refuse_unfit(facts)
    with units.begin() as unit:
        unit.losses.lock()
        _refuse_unlinked(facts, unit)
        loss = Loss(
            loss_id=tools.ids.new(),
            number=unit.losses.next_number(),
            recorded_at=now,
            facts=facts,
            gross=NOTHING,
            recovered=NOTHING,
        )
        loss.refuse_impossible(Side.GROSS, gross)
        unit.losses.add(loss.loss_id, number=loss.number, at=now, by=by)
        unit.losses.tell(loss.loss_id, Told(number=1, at=now, by=by, facts=facts))
        entry = Entry(
            entry_id=tools.ids.new(),
            at=now,
            by=by,
            side=Side.GROSS,
            amount=gross,
            on=facts.booked_on,
            words=facts.words,
        )
        unit.losses.enter(loss.loss_id, entry)
        unit.publish(
            LossRecorded(
                loss_id=loss.loss_id,
                number=number_of(loss.number),
                risk_id=facts.risk_id,
                case_id=facts.case_id,
                contract_id=facts.contract_id,
                cause=facts.cause.value,
                gross=gross,
                by=by,
            )
        )
    return _after(loss, entry)


def recover(
    loss_id: UUID,
    amount: Money,
    *,
    on: date,
    words: str,
    by: UUID,
    units: LossUnits,
    tools: Tools,
) -> Loss:
    """Some of it came back; as often as it does.

    Refused as `LossRules.refuse_unfit_entry`, and ``amount_not_positive``,
    ``loss_not_found``, ``loss_amount_unfit``.
    """
    with units.begin() as unit:
        loss, entry = _enter(
            loss_id,
            Side.RECOVERED,
            amount.positive(),
            on=on,
            words=words,
            by=by,
            unit=unit,
            tools=tools,
        )
        unit.publish(
            LossRecovered(
                loss_id=loss_id,
                entry_id=entry.entry_id,
                amount=amount,
                net=loss.net,
                by=by,
            )
        )
    return loss


def correct(
    loss_id: UUID,
    side: Side,
    amount: Money,
    *,
    words: str,
    by: UUID,
    units: LossUnits,
    tools: Tools,
) -> Loss:
    """A side is to be this much: the difference is an entry, and says why.

    Refused as `LossRules.refuse_unfit_entry`, and ``loss_not_found``,
    ``loss_amount_unfit``.
    """
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        before = _found(loss_id, unit)
        was = before.gross if side is Side.GROSS else before.recovered
        loss, entry = _enter(
            loss_id,
            side,
            amount - was,
            on=today,
            words=words,
            by=by,
            unit=unit,
            tools=tools,
        )
        unit.publish(
            LossCorrected(
                loss_id=loss_id,
                entry_id=entry.entry_id,
                what=side.value,
                gross=loss.gross,
                recovered=loss.recovered,
                by=by,
            )
        )
    return loss


def amend(
    loss_id: UUID, facts: Facts, *, by: UUID, units: LossUnits, tools: Tools
) -> Told:
    """Tell anew what a loss is of: its risk, case, contract, cause or days.

    Refused as `LossRules.refuse_unfit`, and ``loss_not_found``, ``risk_not_found``,
    ``loss_case_unfit``, ``loss_exists``.
    """
    now = tools.clock.now()
    LossRules.at(tools.policy, now).refuse_unfit(facts)
    with units.begin() as unit:
        loss = _found(loss_id, unit)
        _refuse_unlinked(facts, unit, but=loss_id)
        history = unit.losses.history(loss_id)
        number = len(history.told) + 1 if history else 1
        told = Told(number=number, at=now, by=by, facts=facts)
        unit.losses.tell(loss_id, told)
        unit.publish(
            LossCorrected(
                loss_id=loss_id,
                entry_id=None,
                what="facts",
                gross=loss.gross,
                recovered=loss.recovered,
                by=by,
            )
        )
    return told


def watch(*, units: LossUnits, tools: Tools, alarms: DutyAlarms) -> None:
    """Tell once of each fraud whose cost nobody has recorded in time (6.1h vii)."""
    rules = LossRules.at(tools.policy, tools.clock.now())
    with units.begin() as unit:
        cases = unit.losses.unrecorded()
    due = [(case_id, rules.record_by(almaty_date(at))) for case_id, at in cases]
    found = [
        Owed(f"case:{case_id}", Duty.LOSS, day)
        for case_id, day in due
        if day < rules.today
    ]
    duties.tell(found, of=(Duty.LOSS,), units=units, tools=tools, alarms=alarms)


def _found(loss_id: UUID, unit: LossUnit) -> Loss:
    """The loss, which nobody else changes until the commit."""
    unit.losses.lock()
    loss = unit.losses.find(loss_id)
    if loss is None:
        raise loss_not_found()
    return loss


def _enter(
    loss_id: UUID,
    side: Side,
    amount: Money,
    *,
    on: date,
    words: str,
    by: UUID,
    unit: LossUnit,
    tools: Tools,
) -> tuple[Loss, Entry]:
    """Add to a side; the loss as it is then."""
    now = tools.clock.now()
    LossRules.at(tools.policy, now).refuse_unfit_entry(on, words)
    loss = _found(loss_id, unit)
    loss.refuse_impossible(side, amount)
    entry = Entry(
        entry_id=tools.ids.new(),
        at=now,
        by=by,
        side=side,
        amount=amount,
        on=on,
        words=words,
    )
    unit.losses.enter(loss_id, entry)
    return _after(loss, entry), entry


def _after(loss: Loss, entry: Entry) -> Loss:
    if entry.side is Side.GROSS:
        return replace(loss, gross=loss.gross + entry.amount)
    return replace(loss, recovered=loss.recovered + entry.amount)


def _refuse_unlinked(facts: Facts, unit: LossUnit, *, but: UUID | None = None) -> None:
    """A loss is of a risk on the register, of a fraud if of a case, and once."""
    if unit.risks.find(facts.risk_id) is None:
        raise risk_not_found()
    if facts.case_id is not None and not unit.losses.is_fraud(facts.case_id):
        raise loss_case_unfit()
    if (facts.case_id, facts.contract_id) == (None, None):
        return
    known = unit.losses.listed(since=EARLIEST, until=date.max)
    if any(
        (one.facts.case_id, one.facts.contract_id) == (facts.case_id, facts.contract_id)
        and one.loss_id != but
        for one in known
    ):
        raise loss_exists()
