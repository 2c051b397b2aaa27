"""Reminders: the client is asked for an answer before silence ends the contract."""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from kernel.clock import Clock
from kernel.events.contracts import AnswerAwaited
from kernel.policy import Policy
from services.contracts.domain import contract as machine
from services.contracts.domain.contract import Contract
from services.contracts.domain.rules import reminder_days
from services.contracts.domain.texts import Awaited
from services.contracts.handlers.amendments import both
from services.contracts.handlers.beats import each
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
        unsigned = unit.amendments.unsigned(
            ending_by=now + timedelta(days=max(days)), limit=BATCH
        )

    def remind_one(one: tuple[Reminding, UUID]) -> bool:
        say, about = one
        with work.begin() as unit:
            return say(about, days, unit=unit, clock=clock)

    return each(
        [
            *((_remind, contract_id) for contract_id in waiting),
            *((_remind_to_sign, amendment_id) for amendment_id in unsigned),
        ],
        remind_one,
    )


class Reminding(Protocol):
    """Sends the reminders of one contract or amendment whose time has come."""

    def __call__(
        self, about: UUID, days: tuple[int, ...], /, *, unit: Unit, clock: Clock
    ) -> bool: ...


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
    until = contract.silence_at
    due = _due(days, until, awaits, since=contract.hold_from_id, at=now)
    return _say(unit, contract, due, until=until, at=now)


def _remind_to_sign(
    amendment_id: UUID, days: tuple[int, ...], *, unit: Unit, clock: Clock
) -> bool:
    found, now = both(unit, amendment_id), clock.now()
    if found is None:
        return False
    contract, amendment = found
    if amendment.until is None or amendment.awaits_company or not amendment.is_open:
        return False
    due = _due(days, amendment.until, "amendment", since=amendment_id, at=now)
    return _say(unit, contract, due, until=amendment.until, at=now)


def _due(
    days: tuple[int, ...],
    until: datetime,
    awaits: Awaited,
    *,
    since: UUID | None,
    at: datetime,
) -> list[Reminder]:
    """The reminders whose time has come, of an answer awaited until then."""
    return [
        Reminder(awaits=awaits, days_left=left, since=since)
        for left in days
        if until - timedelta(days=left) <= at < until
    ]


def _say(
    unit: Unit,
    contract: Contract,
    due: list[Reminder],
    *,
    until: datetime,
    at: datetime,
) -> bool:
    """One message for all that were not sent yet."""
    new = [unit.contracts.add_reminder(contract.id, one, at=at) for one in due]
    if not any(new):
        return False
    unit.publish(
        AnswerAwaited(
            contract_id=contract.id,
            client_id=contract.client_id,
            awaits=due[0].awaits,
            until=until,
        )
    )
    return True
