"""Suspensions: of names by persons, their list, their reviews and their ends (6.1g)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.events.antifraud import (
    NameReleased,
    NameSuspended,
    SuspensionKept,
    SuspensionReviewDue,
)
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.lists import keyed_name
from services.antifraud.domain.suspending import (
    NAMES,
    Suspension,
    Term,
    already_suspended,
    is_name,
    not_suspended,
    refuse_unfit_ground,
    term_goes_on,
)
from services.antifraud.handlers import holding
from services.antifraud.handlers.concerning import concern_name
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.suspensions import (
    SuspensionAlarms,
    SuspensionUnit,
    SuspensionUnits,
)

LISTED: Final = 1_000
AT_ONCE: Final = 500
"""So many suspensions of an older release get their end in one commit."""


def suspend_name(
    entity: str,
    value: str,
    *,
    ground: str,
    by: str,
    units: SuspensionUnits,
    tools: Tools,
) -> Suspension:
    """Nothing is done with an account, or from a device, until released (6.1g iii).

    A value is in clear, or a keyed name as decisions and lists have it; the keyed name
    alone is kept.  Refused: ``name_not_suspended_so``, ``name_unfit``,
    ``already_suspended``, ``ground_missing``.
    """
    refuse_unfit_ground(ground)
    if entity not in NAMES:
        raise Refused(
            "name_not_suspended_so",
            "Accounts and devices are suspended by their names.",
            next_step=f"One of {', '.join(NAMES)}; a client by `clients suspend`.",
        )
    now = tools.clock.now()
    suspension = Suspension(
        hold_id=tools.ids.new(),
        held=keyed_name(Entity(entity), value, tools.token),
        client_id=None,
        held_at=now,
        until_on=(until_on := Term.at(tools.policy, now).until()),
        suspended_by=by,
        reason=ground,
    )
    with units.begin() as unit:
        if not unit.suspensions.suspend(suspension):
            raise already_suspended()
        concern_name(suspension, unit=unit, tools=tools)
        unit.publish(
            NameSuspended(
                hold_id=suspension.hold_id, held=suspension.held, until_on=until_on
            )
        )
    return suspension


def release(
    held: str, *, ground: str, by: str, units: SuspensionUnits, tools: Tools
) -> UUID:
    """Let an operation, a client, an account or a device go; see `holding.release`.

    Returns the id of the decision, or of the hold of a name.
    """
    refuse_unfit_ground(ground)
    with units.begin() as unit:
        return let_go(held, ground=ground, by=by, unit=unit, tools=tools)


def let_go(
    held: str, *, ground: str, by: str, unit: SuspensionUnit, tools: Tools
) -> UUID:
    """`release`, within a unit of work.  Refused: ``not_suspended``."""
    if not is_name(held):
        return holding.let_go(held, ground=ground, by=by, unit=unit, tools=tools)
    found = unit.suspensions.find(held)
    if found is None:
        raise not_suspended()
    unit.release(held, at=tools.clock.now(), by=by, ground=ground)
    unit.publish(NameReleased(hold_id=found.hold_id, held=held))
    return found.hold_id


def keep(
    held: str, *, ground: str, by: str, units: SuspensionUnits, tools: Tools
) -> Suspension:
    """A person has reviewed a suspension near its end, and it goes on for a term.

    Refused: ``not_suspended``, ``term_goes_on``, ``ground_missing``.
    """
    refuse_unfit_ground(ground)
    now = tools.clock.now()
    term = Term.at(tools.policy, now)
    with units.begin() as unit:
        found = unit.suspensions.find(held)
        if found is None:
            raise not_suspended()
        ends = found.until_on or term.until(almaty_date(found.held_at))
        if ends > term.looked_at_by:
            raise term_goes_on(ends)
        until_on = term.until(max(ends, term.today))
        unit.suspensions.keep(
            found.hold_id,
            review_id=tools.ids.new(),
            until_on=until_on,
            ground=ground,
            by=by,
            at=now,
        )
        unit.publish(
            SuspensionKept(
                hold_id=found.hold_id,
                held=held,
                client_id=found.client_id,
                until_on=until_on,
            )
        )
    return Suspension(
        hold_id=found.hold_id,
        held=held,
        client_id=found.client_id,
        held_at=found.held_at,
        until_on=until_on,
    )


def listed(*, units: SuspensionUnits) -> Sequence[Suspension]:
    """What is held now, what ends first before the others."""
    with units.begin() as unit:
        return unit.suspensions.open(limit=LISTED)


def watch(*, units: SuspensionUnits, tools: Tools, alarms: SuspensionAlarms) -> None:
    """Call a person before a suspension ends, and while one is past its end.

    Nothing is released here: what nobody decides on stays held (6.1g iii).
    """
    term = Term.at(tools.policy, tools.clock.now())
    with units.begin() as unit:
        for each in unit.suspensions.without_end(limit=AT_ONCE):
            until_on = term.until(almaty_date(each.held_at))
            unit.suspensions.set_end(each.hold_id, until_on=until_on)
        soon = unit.suspensions.warn(by=term.looked_at_by, today=term.today)
        over = unit.suspensions.run_over(today=term.today)
        _call(soon, unit=unit, overdue=False)
        _call(over, unit=unit, overdue=True)
        past = unit.suspensions.count(until=term.today)
    alarms.suspensions_ending(soon=len(soon), over=past)


def _call(
    suspensions: Sequence[Suspension], *, unit: SuspensionUnit, overdue: bool
) -> None:
    for each in suspensions:
        if each.until_on is not None:
            unit.publish(
                SuspensionReviewDue(
                    hold_id=each.hold_id,
                    held=each.held,
                    client_id=each.client_id,
                    until_on=each.until_on,
                    overdue=overdue,
                )
            )
