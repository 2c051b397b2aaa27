"""Paying: one ready payout at a time."""

from services.disbursement.domain.payout import State
from services.disbursement.handlers.sending import send_through_gate
from services.disbursement.handlers.standing import claim
from services.disbursement.ports import Till

_READY = frozenset({State.READY})


def pay_next(till: Till) -> bool:
    """Lead one ready payout through the gate.  False when none waits."""
    payout = claim(till, _READY)
    if payout is None:
        return False
    send_through_gate(payout, till=till)
    return True
