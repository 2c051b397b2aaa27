"""Reminders: the client is asked for an answer before silence ends the contract."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.events.contracts import AnswerAwaited
from kernel.policy import Policy
from services.contracts.domain import contract as machine
from services.contracts.domain.rules import reminder_days
from services.contracts.ports import Reminder, Unit, Work

BATCH: Final = 100


def remind(*, work: Work, policy: Policy, clock: Clock) -> int:
    """Remind whoever has not answered yet (5.5); how many were.

    Each reminder leaves once, with the row that remembers it.  When several have come
    due at once, as after a standstill, one message stands for them.
    """
    now = clock.now()
    days = reminder_days(policy, now)
    if not days:
        return 0
    with work.begin() as unit:
        waiting = unit.contracts.to_remind(
            ending_by=now + timedelta(days=max(days)), limit=BATCH
        )
    reminded = 0
    for contract_id in waiting:
        with work.begin() as unit:
            reminded += _remind(contract_id, days, unit=unit, clock=clock)
    return reminded


def _remind(
    contract_id: UUID, days: tuple[int, ...], *, unit: Unit, clock: Clock
) -> bool:
    contract, now = unit.contracts.get(contract_id), clock.now()
    awaits = None if contract is None else machine.awaited(contract)
    if contract is None or awaits is None or contract.silence_at is None:
        return False
    if contract.suspended_since is not None:
        return False  # silence is not counted
    if contract.hold_until is not None and now < contract.hold_until:
        return False  # nothing can be answered yet
    new = [
        unit.contracts.add_reminder(
            contract_id, Reminder(awaits=awaits, days_left=left), at=now
        )
        for left in days
        if contract.silence_at - timedelta(days=left) <= now < contract.silence_at
    ]
    if not any(new):
        return False
    unit.publish(
        AnswerAwaited(
            contract_id=contract_id,
            client_id=contract.client_id,
            awaits=awaits,
            until=contract.silence_at,
        )
    )
    return True
