"""What an amendment does to its contract: it stands still, then goes on, held anew.

Clauses 5.3 and 5.5: money leaves only to the account the last document both have signed
names, and not before a hold of its own is over.  A consent given stands, for it is to
the loan; a release confirmation is given again, for it counts only after the hold.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.errors import Refused
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import rules
from services.contracts.domain.contract.contract import (
    NOTHING,
    Contract,
    become,
    known,
    out_of_turn,
)
from services.contracts.domain.states import AMENDABLE, ContractState


def begin_amending(contract: Contract, amendment_id: UUID) -> Contract:
    """An amendment is under way, in the place of another that was: silence stops.

    Refused: ``not_amendable`` before both have signed, ``refusal_pending``,
    ``contract_annulled``, ``contract_blocked``, and ``contract_active`` once the money
    has arrived: what has been paid is never touched.
    """
    if contract.state is ContractState.ACTIVE:
        raise out_of_turn(contract, "contract_active", "The money has been paid.")
    if contract.state not in AMENDABLE:
        raise out_of_turn(
            contract, "not_amendable", "The contract is not concluded yet."
        )
    not_refused(contract)
    return replace(contract, amendment_id=amendment_id, silence_at=None)


def not_refused(contract: Contract) -> None:
    """Who has refused cannot agree any more, even while the stop is under way."""
    if contract.refusal_asked_at is not None:
        raise Refused(
            "refusal_pending",
            "The loan has been refused.",
            next_step="Apply again if the loan is needed after all.",
        )


def not_amending(contract: Contract) -> None:
    """What is about to change is not agreed to.  Refused: ``amendment_pending``."""
    if contract.amendment_id is not None:
        raise Refused(
            "amendment_pending",
            "The contract is being amended.",
            next_step="Sign the amendment, or refuse the loan.",
        )


def amend(
    contract: Contract,
    *,
    account_id: UUID,
    account_token: str,
    document_sha256: str,
    signed_at: datetime,
    earlier: Money = NOTHING,
    policy: Policy,
) -> Contract:
    """Both have signed the amendment under way: it counts, and the hold begins anew.

    `earlier` as with `conclude`.
    """
    return _go_on(
        contract,
        at=signed_at,
        earlier=earlier,
        policy=policy,
        amended_account_id=account_id,
        amended_token=account_token,
        amended_sha256=document_sha256,
    )


def resume(
    contract: Contract, *, at: datetime, earlier: Money = NOTHING, policy: Policy
) -> Contract:
    """The amendment under way ended unsigned, and the contract goes on as it was."""
    return _go_on(contract, at=at, earlier=earlier, policy=policy)


def let_be(contract: Contract, *, policy: Policy) -> Contract:
    """The amendment under way ended before anything stood still: nothing is anew."""
    return replace(
        contract, amendment_id=None, silence_at=_silence(contract, policy=policy)
    )


def _go_on(
    contract: Contract,
    *,
    at: datetime,
    earlier: Money,
    policy: Policy,
    **changes: Any,  # noqa: ANN401 - fields
) -> Contract:
    anew = replace(
        contract,
        amendment_id=None,
        hold_from=at,
        hold_from_id=contract.amendment_id,
        released_at=None,
        **changes,
    )
    if contract.state is not ContractState.CONCLUDED:
        until = rules.hold_until(
            contract.amount + earlier,
            policy=policy,
            signed_at=known(contract.signed_at),
            consented_at=known(contract.consented_at),
            held_from=at,
        )
        anew = become(anew, ContractState.CONSENTED, hold_until=until)
    return replace(anew, silence_at=_silence(anew, policy=policy))


def _silence(contract: Contract, *, policy: Policy) -> datetime | None:
    """When silence ends it, counted as if nothing had been under way."""
    match contract.state:
        case ContractState.CONCLUDED:
            begins = max(
                known(contract.signed_at),
                contract.hold_from or known(contract.signed_at),
            )
            return rules.silence_until(policy, begins)
        case ContractState.CONSENTED | ContractState.AWAITING_RELEASE:
            if contract.confirmation_required:
                return rules.silence_until(policy, known(contract.hold_until))
    return None
