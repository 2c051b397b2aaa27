"""Four eyes on a payout above the limit: one of the staff asks, another says yes.

The yes is to the order as it is sealed: an order drawn up anew, after an amendment,
needs another.  The gate looks for it at every passage.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.errors import Broken, Refused
from services.disbursement.domain.gate import Approved
from services.disbursement.domain.limits import Limits
from services.disbursement.domain.payout import AT_BANK, State
from services.disbursement.handlers.overview import payout_unknown
from services.disbursement.ports import Approvals, Payouts

OPERATION: Final = "approve_payout"

_DRAWN_UP: Final = AT_BANK | {State.HELD, State.AWAITING_RELEASE, State.READY}


def arguments_of(
    payout_id: UUID, *, payouts: Payouts, approvals: Approvals, limits: Limits
) -> tuple[Mapping[str, str], str]:
    """What a yes would be to, and in words what it would do.

    Refused ``payout_unknown``, ``order_not_drawn_up``, ``approval_not_required``.
    """
    payout = payouts.lock_payout(payout_id)
    if payout is None:
        raise payout_unknown()
    seal = approvals.seal_of(payout_id)
    if seal is None or payout.state not in _DRAWN_UP:
        raise Refused(
            "order_not_drawn_up",
            "There is no order of this payout that could be sent.",
            next_step="Look at its state: an amended payout is drawn up anew.",
            state=payout.state.value,
        )
    if not limits.approval_above.amount < payout.amount:
        raise Refused(
            "approval_not_required",
            "The payout is not above the limit.",
            next_step="Nothing: it waits for nobody of the staff.",
        )
    arguments = {"payout_id": str(payout_id), "order_seal": seal.hex()}
    effect = (
        f"{payout.amount.to_wire()} {payout.amount.currency} of contract"
        f" {payout.contract_id} may leave by the order sealed {seal.hex()[:16]}, when"
        " every other check of the gate passes."
    )
    return arguments, effect


def approve(
    arguments: Mapping[str, object],
    approved: Approved,
    *,
    payouts: Payouts,
    approvals: Approvals,
    now: datetime,
) -> None:
    """What two agree on; the payout is looked at again at once.

    Refused ``order_changed`` when the order is not the one that was asked about.
    """
    payout = payouts.lock_payout(UUID(str(arguments["payout_id"])))
    if payout is None:
        raise Broken("an approval of a payout that is not there")
    seal = approvals.seal_of(payout.payout_id)
    if seal is None or seal.hex() != arguments["order_seal"]:
        raise Refused(
            "order_changed",
            "The order has been drawn up anew since it was asked about.",
            next_step="Ask anew, and look at what changed.",
        )
    approvals.add(payout, approved, order_seal=seal, at=now)
    if payout.state is State.READY:
        payouts.amend(payout, next_at=now, tries=0)
