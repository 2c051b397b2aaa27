"""Paying: the payouts that are ready, as many as go together."""

from services.disbursement.domain.payout import State
from services.disbursement.handlers.sending import send_through_gate
from services.disbursement.handlers.standing import claim_some
from services.disbursement.ports import Till

_READY = frozenset({State.READY})


def pay_next(till: Till) -> bool:
    """Lead ready payouts through the gate.  False when none waits."""
    payouts = claim_some(till, _READY)
    if not payouts:
        return False
    send_through_gate(payouts, till=till)
    return True
