"""A payout that the bank refused is paid again only as another one, by two persons.

One of the staff asks, another says yes; the new payout is linked to the refused one,
has a key of its own and passes the whole gate. Nobody has asked in time: refused for
good.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken, Refused
from kernel.events.disbursement import PayoutRejected, PayoutRepeated
from kernel.ids import Ids
from kernel.policy import Policy
from services.disbursement.domain.payout import Payout, State, Trail
from services.disbursement.handlers.standing import claim
from services.disbursement.ports import Payouts, Publish, Till

OPERATION: Final = "repeat_payout"

_REJECTED: Final = frozenset({State.REJECTED})
_LOOKED_AT_EVERY: Final = timedelta(minutes=30)


def repeat_until(code: str, *, policy: Policy, now: datetime) -> datetime | None:
    """Until when a payout refused for this reason may be paid again; None for never.

    To an account that is no good itself nothing is sent a second time (5.4).
    """
    if code in policy.texts("payments.account_reasons", now):
        return None
    days = policy.integer("payments.repeat_days", now)
    return now + timedelta(days=days) if days else None


def look_at(until: datetime | None, *, now: datetime) -> datetime | None:
    """When a refused payout is looked at again: often, as the clock may be wrong."""
    return None if until is None else min(until, now + _LOOKED_AT_EVERY)


def close_next(till: Till) -> bool:
    """Refuse a payout for good that nobody had paid again.  False when none is due."""
    payout = claim(till, _REJECTED)
    if payout is None:
        return False
    now, until = till.clock.now(), payout.repeat_until
    with till.desk.open(payout.trail) as work:
        if until is not None and now < until:
            work.payouts.amend(
                payout, next_at=look_at(until, now=now), lease_until=None
            )
        elif work.payouts.amend(
            payout, repeat_until=None, next_at=None, lease_until=None
        ):
            work.publish(refused_for_good(payout))
    return True


def refused_for_good(payout: Payout) -> PayoutRejected:
    """The fact that the contract's payout will not happen."""
    return PayoutRejected(
        payout_id=payout.payout_id,
        contract_id=payout.contract_id,
        code=payout.held_code or "unspecified",
    )


def arguments_of(
    payout_id: UUID, *, payouts: Payouts, now: datetime
) -> tuple[Mapping[str, str], str]:
    """What a yes would be to, and in words what it would do.

    Refused ``payout_unknown``, ``payout_not_repeatable``.
    """
    payout = _repeatable(payouts.lock_payout(payout_id), now=now)
    effect = (
        f"{payout.amount.to_wire()} {payout.amount.currency} of contract"
        f" {payout.contract_id}, refused by the bank with {payout.held_code}, is sent"
        f" again as payout {payout.number + 1}, when every check of the gate passes."
    )
    return {"payout_id": str(payout_id)}, effect


def repeat(
    arguments: Mapping[str, object],
    *,
    payouts: Payouts,
    publish: Publish,
    ids: Ids,
    trail: Trail,
    now: datetime,
) -> None:
    """What two agree on.  Refused ``payout_not_repeatable`` when it is too late."""
    found = payouts.lock_payout(UUID(str(arguments["payout_id"])))
    payout = _repeatable(found, now=now)
    successor = payout.successor(ids.new(), trail=trail, now=now)
    if not payouts.amend(payout, repeat_until=None, next_at=None):
        raise Broken("A locked payout has moved")
    payouts.repeat(successor, at=now)
    publish(
        PayoutRepeated(
            payout_id=successor.payout_id,
            contract_id=successor.contract_id,
            predecessor_id=payout.payout_id,
            number=successor.number,
        )
    )


def _repeatable(payout: Payout | None, *, now: datetime) -> Payout:
    if payout is None:
        raise Refused(
            "payout_unknown",
            "There is no such payout.",
            next_step="List the payouts that are held.",
        )
    if not payout.repeatable_at(now):
        raise Refused(
            "payout_not_repeatable",
            "The payout was not refused by the bank, or cannot be sent again any more.",
            next_step="Look at its state: the client may apply again.",
            state=payout.state.value,
        )
    return payout
