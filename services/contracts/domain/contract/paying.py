"""What disbursement says of the payout, and what it makes of the contract."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kernel.errors import Broken
from services.contracts.domain.contract.contract import (
    Contract,
    Payout,
    annul,
    become,
    block,
)
from services.contracts.domain.states import CONSENTED, PAID_OUT, ContractState

_S = ContractState


def schedule(
    contract: Contract,
    payout: Payout,
    *,
    until: datetime,
    hold_from: datetime | None = None,
    at: datetime,
) -> Contract:
    """Disbursement, the arbiter of money, has scheduled the payout.

    Both have computed the hold; if they differ in it, or in whom or how much to pay,
    the contract is blocked.  News of a hold that an amendment has ended changes
    nothing.
    """
    if contract.is_final or _is_past(contract, hold_from):
        return contract
    code = _payout_contradiction(contract, payout)
    if code is None and contract.state not in CONSENTED:
        code = "payout_without_consent"
    if code is None and until != contract.hold_until:
        code = "hold_mismatch"
    if code is not None:
        return block(contract, code, at=at)
    return replace(contract, payout_id=payout.payout_id)


def fall_due(
    contract: Contract,
    *,
    payout_id: UUID,
    confirmation_required: bool,
    hold_from: datetime | None = None,
    at: datetime,
) -> Contract:
    """The hold has passed: a payout that needs it now waits for the confirmation.

    A client who was quicker has confirmed already; disbursement may or may not have
    heard of it when it spoke, so after a release either word agrees.  `hold_from` as
    with `schedule`.
    """
    if contract.is_final or _is_past(contract, hold_from):
        return contract
    if payout_id != contract.payout_id:
        return block(contract, "payout_mismatch", at=at)
    if contract.state is _S.RELEASED:
        return contract
    if confirmation_required != contract.confirmation_required:
        return block(contract, "confirmation_mismatch", at=at)
    if contract.state is _S.CONSENTED and confirmation_required:
        return become(contract, _S.AWAITING_RELEASE)
    return contract


def _is_past(contract: Contract, hold_from: datetime | None) -> bool:
    """Whether the news is of a hold that was begun anew since."""
    return contract.hold_from is not None and hold_from != contract.hold_from


def activate(contract: Contract, payout: Payout, *, settled_at: datetime) -> Contract:
    """The money arrived.  Broken if this contract did not allow that."""
    if contract.state in PAID_OUT and payout.payout_id == contract.payout_id:
        return contract
    allowed = contract.state is _S.RELEASED or (
        contract.state is _S.CONSENTED and not contract.confirmation_required
    )
    if not allowed or payout.payout_id != contract.payout_id:
        raise Broken("Money moved for a contract that did not allow it")
    if _payout_contradiction(contract, payout) is not None:
        raise Broken("Money moved, but not as the contract says")
    return become(contract, _S.ACTIVE, final_at=settled_at)


def _payout_contradiction(contract: Contract, payout: Payout) -> str | None:
    if contract.payout_id not in (None, payout.payout_id):
        return "payout_mismatch"
    if payout.client_id != contract.client_id:
        return "client_mismatch"
    if payout.amount != contract.amount:
        return "amount_mismatch"
    return None


def repeat(
    contract: Contract, *, payout_id: UUID, predecessor_id: UUID, at: datetime
) -> Contract:
    """The bank refused the transfer, and another payout stands in its place."""
    if contract.is_final or contract.payout_id == payout_id:
        return contract
    if contract.payout_id != predecessor_id:
        return block(contract, "payout_mismatch", at=at)
    return replace(contract, payout_id=payout_id)


def reject(contract: Contract, *, payout_id: UUID, at: datetime) -> Contract:
    """The bank refused the transfer for good: the contract's payout will not happen."""
    if contract.is_final or payout_id != contract.payout_id:
        return contract
    return annul(contract, "payout_rejected", at=at)
