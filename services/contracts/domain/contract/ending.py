"""How a contract ends without money: refusal and silence."""

from dataclasses import replace
from datetime import datetime

from kernel.errors import Broken, Refused, Transient
from services.contracts.domain.contract.contract import (
    Contract,
    annul,
    expire,
    out_of_turn,
)
from services.contracts.domain.contract.waiting import silence_passed
from services.contracts.domain.states import ContractState

_S = ContractState


def needs_stop(contract: Contract) -> bool:
    """Whether a refusal has to be put to disbursement: from the conclusion on.

    Before it no payout can come to be, and our own row decides.
    """
    return contract.signed_at is not None and not contract.is_final


def refuse(contract: Contract, answer: str | None, *, at: datetime) -> Contract:
    """The client's refusal, by what disbursement answered to the stop.

    ``stopped``: annulled, without money, fees or penalties.  ``recorded``: the stop
    came before the payout; the refusal is remembered and disbursement asked again
    until it says ``stopped``.  Refused: ``refusal_too_late``, ``contract_active``,
    ``contract_blocked``.  Transient when the contract was signed meanwhile.
    """
    match contract.state:
        case _S.ANNULLED | _S.EXPIRED:
            return contract
        case _S.ACTIVE | _S.CLOSED:
            raise _too_late("contract_active", "The money has been paid.")
        case _S.BLOCKED:
            raise out_of_turn(contract, "contract_blocked", "The contract is blocked.")
        case _S.OFFERED | _S.SIGNING:
            return annul(contract, "client_refused", at=at)
    match answer:
        case "stopped":
            return annul(contract, "client_refused", at=at)
        case "recorded":
            return replace(contract, refusal_asked_at=contract.refusal_asked_at or at)
        case "too_late":
            raise _too_late("refusal_too_late", "The money is already on its way.")
        case None:
            raise Transient("The contract has changed meanwhile")
        case _:
            raise Broken("Disbursement answered a word we do not know")


def _too_late(code: str, sentence: str) -> Refused:
    return Refused(code, sentence, next_step="Repay the microcredit early.")


def fall_silent(contract: Contract, *, at: datetime) -> Contract:
    """What too long a silence makes of a contract; before its end it is unchanged.

    An offer nobody signed expires; a contract is annulled.
    """
    if contract.is_final or not silence_passed(contract, at):
        return contract
    match contract.state:
        case _S.OFFERED | _S.SIGNING:
            return expire(contract, at=at)
        case _S.CONCLUDED:
            return annul(contract, "consent_silence", at=at)
        case _:
            return annul(contract, "release_silence", at=at)
