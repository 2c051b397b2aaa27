"""What is asked of the service: stop a payout, look at one."""

from datetime import datetime
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused, Transient
from kernel.ids import Ids
from services.disbursement.domain.payout import (
    UNSENT,
    Payout,
    State,
    StopAnswer,
    Tombstone,
)
from services.disbursement.domain.witness import seconds_left
from services.disbursement.ports import Payouts


def stop_payout(
    tombstone: Tombstone, *, payouts: Payouts, ids: Ids, now: datetime
) -> StopAnswer:
    """Stop the contract's payout if its order has certainly not been sent.

    The row is the arbiter: ``stopped`` is final, and so is ``too_late``. Before the
    row exists a tombstone takes its place (``recorded``). Broken when the contract
    belongs to another client.
    """
    if payouts.bury(tombstone, payout_id=ids.new(), at=now):
        return StopAnswer.RECORDED
    found = payouts.lock(tombstone.contract_id)
    if found is None:
        raise Transient("the payout is being entered")
    if found.client_id != tombstone.client_id:
        raise Broken("A stop was asked in the name of another client")
    if isinstance(found, Tombstone):
        return StopAnswer.RECORDED
    return _stop(found, payouts)


def _stop(payout: Payout, payouts: Payouts) -> StopAnswer:
    if payout.state is State.CANCELLED:
        return StopAnswer.STOPPED
    if payout.repeat_until is not None:
        if not payouts.amend(payout, repeat_until=None, next_at=None):
            raise Transient("the payout has just moved")
        return StopAnswer.STOPPED
    if payout.state not in UNSENT:
        return StopAnswer.TOO_LATE
    if not payouts.move(payout, State.CANCELLED):
        raise Transient("the payout has just moved")
    return StopAnswer.STOPPED


def get_payout(
    contract_id: UUID,
    client_id: UUID,
    *,
    payouts: Payouts,
    counted_ns: int | None,
    now: datetime,
) -> Json:
    """The client's own view. Refused ``payout_unknown`` for anybody else's.

    ``seconds_left`` and ``server_time`` are for a countdown: the clock of who looks at
    it may be wrong.
    """
    payout = payouts.find(contract_id=contract_id, client_id=client_id)
    if payout is None:
        raise Refused(
            "payout_unknown",
            "There is no payout for this contract.",
            next_step="Sign the contract first.",
        )
    return jsonable(
        {
            "payout_id": payout.payout_id,
            "contract_id": payout.contract_id,
            "state": payout.state,
            "amount": payout.amount,
            "hold_until": payout.hold_until,
            "confirmation_required": _must_confirm(payout),
            "settled_at": payout.settled_at,
            "seconds_left": seconds_left(payout, counted_ns=counted_ns, now=now),
            "server_time": now,
        }
    )


def _must_confirm(payout: Payout) -> bool:
    return payout.state is State.AWAITING_RELEASE
