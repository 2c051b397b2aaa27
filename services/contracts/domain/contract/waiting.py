"""What the client can do next, and until when."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kernel.errors import Refused
from services.contracts.domain.contract.contract import Contract, known
from services.contracts.domain.states import ContractState

_S = ContractState
_NO_TIME: Final = timedelta(0)


def silence_passed(contract: Contract, at: datetime) -> bool:
    """Whether the client was silent to the end; a suspension stops the count."""
    end, since = contract.silence_at, contract.suspended_since
    return end is not None and at >= end and (since is None or since >= end)


def counted_at(contract: Contract, at: datetime) -> datetime:
    """How far time has counted against the client; a suspension stops it."""
    since = contract.suspended_since
    return at if since is None else min(at, since)


def stand_still(contract: Contract, *, since: datetime) -> Contract:
    """The client is suspended (clause 6.1g): the count of silence stops."""
    if contract.is_final or contract.suspended_since is not None:
        return contract
    return replace(contract, suspended_since=since)


def go_on(contract: Contract, *, at: datetime) -> Contract:
    """The suspension is lifted: the end of silence moves by as long as it stood."""
    since, end = contract.suspended_since, contract.silence_at
    if contract.is_final or since is None:
        return contract
    moved = end if end is None or end <= since else end + max(at - since, _NO_TIME)
    return replace(contract, silence_at=moved, suspended_since=None)


def still_waiting(contract: Contract, at: datetime) -> None:
    """Silence has one end, whether or not the beat has written it down yet."""
    if silence_passed(contract, at):
        raise Refused(
            "silence_passed",
            "The time to answer has passed; the contract ends without payment.",
            next_step="Apply again if the loan is still needed.",
        )


def next_step(contract: Contract, *, at: datetime) -> str:
    """What the client can do, or waits for, at that instant."""
    if contract.amendment_id is not None and not contract.is_final:
        return "amendment"
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
        case _S.ACTIVE:
            return "repay"
        case _:
            return "none"
