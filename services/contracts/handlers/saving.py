"""Loading a contract and keeping what became of it, with what has to be said."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.errors import Broken, Transient
from kernel.events.contracts import AmendmentEnded, ContractAnnulled
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import amendment as amending
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.contract import Contract
from services.contracts.domain.rules import summed_since
from services.contracts.domain.states import ContractState
from services.contracts.handlers.views import not_found
from services.contracts.ports import Unit

ENDED_UNPAID: Final = (ContractState.ANNULLED, ContractState.EXPIRED)


def own(unit: Unit, *, contract_id: UUID, client_id: UUID) -> Contract:
    """The client's own contract; whose else it may be is nobody's business."""
    contract = unit.contracts.get_own(contract_id, client_id)
    if contract is None:
        raise not_found()
    return contract


def earlier_sum(contract: Contract, *, unit: Unit, policy: Policy) -> Money:
    """What counts together with this contract; nothing before it is signed."""
    if contract.signed_at is None:
        return Money(0)
    since = summed_since(policy, contract.signed_at)
    return unit.contracts.earlier_sum(contract, since=since)


def save(unit: Unit, contract: Contract, *, was: Contract) -> None:
    """Save a change.  Raises Transient when somebody else was faster."""
    if not unit.contracts.save(contract, was=was.state):
        raise Transient("The contract has changed meanwhile")


def save_and_say(unit: Unit, contract: Contract, *, was: Contract) -> bool:
    """Save what changed, and say so if the contract ended without money.

    An amendment under way ends with the contract's turn.
    """
    if contract == was:
        return False
    if contract.is_final and contract.amendment_id is not None:
        _end_amendment(unit, contract)
        contract = replace(contract, amendment_id=None)
    save(unit, contract, was=was)
    if contract.state in (*ENDED_UNPAID, ContractState.BLOCKED):
        unit.publish(
            ContractAnnulled(
                contract_id=contract.id,
                client_id=contract.client_id,
                reason=contract.end_code or "unknown",
            )
        )
    return True


def save_amendment(
    unit: Unit,
    amendment: Amendment,
    *,
    was: Amendment,
    resumed_at: datetime | None = None,
) -> None:
    """Save a change, and say so if the amendment ended unsigned.

    `resumed_at`: the contract goes on as it was, held anew from then.  Raises Transient
    when somebody else was faster.
    """
    if not unit.amendments.save(amendment, was=was.state):
        raise Transient("The amendment has changed meanwhile")
    if was.is_open and amendment.end_code is not None:
        unit.publish(
            AmendmentEnded(
                contract_id=amendment.contract_id,
                client_id=amendment.client_id,
                amendment_id=amendment.id,
                code=amendment.end_code,
                resumed_at=resumed_at,
            )
        )


def _end_amendment(unit: Unit, contract: Contract) -> None:
    """The amendment under way ends with its contract: nothing of it counts."""
    found = contract.amendment_id and unit.amendments.get(contract.amendment_id)
    if not found or contract.final_at is None:
        raise Broken("A contract that ended was being amended by nothing")
    if found.is_open:
        ended = amending.withdraw(found, "contract_ended", at=contract.final_at)
        save_amendment(unit, ended, was=found)
