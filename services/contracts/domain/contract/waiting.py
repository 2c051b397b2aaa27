"""What the client can do next, and until when."""

from datetime import datetime

from kernel.errors import Refused
from services.contracts.domain.contract.contract import Contract, known
from services.contracts.domain.states import ContractState

_S = ContractState


def still_waiting(contract: Contract, at: datetime) -> None:
    """Silence has one end, whether or not the beat has written it down yet."""
    if contract.silence_at is not None and at >= contract.silence_at:
        raise Refused(
            "silence_passed",
            "The time to answer has passed; the contract ends without payment.",
            next_step="Apply again if the loan is still needed.",
        )


def next_step(contract: Contract, *, at: datetime) -> str:
    """What the client can do, or waits for, at that instant."""
    match contract.state:
        case _S.SIGNING if contract.client_signed_at is not None:
            return "wait_for_signature"
        case _S.OFFERED | _S.SIGNING:
            return "sign"
        case _S.CONCLUDED:
            return "give_consent"
        case _S.CONSENTED | _S.AWAITING_RELEASE if at < known(contract.hold_until):
            return "wait_for_hold"
        case _S.CONSENTED | _S.AWAITING_RELEASE if contract.confirmation_required:
            return "confirm_release"
        case _S.CONSENTED | _S.RELEASED:
            return "wait_for_payout"
        case _:
            return "none"
