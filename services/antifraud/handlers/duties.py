"""Overdue duties: an event and an alarm once for each, and how many there are."""

from collections.abc import Collection, Sequence

from kernel.events.antifraud import RiskDutyOverdue
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.duties import DutyAlarms, DutyUnits


def tell(
    found: Sequence[Owed],
    *,
    of: Collection[Duty],
    units: DutyUnits,
    tools: Tools,
    alarms: DutyAlarms,
) -> None:
    """Tell of what is overdue and was not told yet; ``of``: what was looked for."""
    now = tools.clock.now()
    with units.begin() as unit:
        fresh = [owed for owed in found if unit.duties.told(owed, at=now)]
        for owed in fresh:
            unit.publish(
                RiskDutyOverdue(
                    duty_id=tools.ids.new(),
                    about=owed.about,
                    duty=owed.duty.value,
                    due_on=owed.due_on,
                )
            )
    for owed in fresh:
        alarms.duty_overdue(owed)
    alarms.duties_overdue(
        {duty: sum(owed.duty is duty for owed in found) for duty in of}
    )
