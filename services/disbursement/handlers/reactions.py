"""What the facts of contracts and antifraud do to a payout.

Each runs inside the inbox's transaction, once per event and in the order of its
subject; nothing here goes over the network.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.errors import Transient
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractAnnulled,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.ids import Ids
from kernel.policy import Policy
from services.disbursement.domain.payout import (
    AT_BANK,
    FIRST_PAYOUT,
    UNSENT,
    Payout,
    State,
    Tombstone,
    Trail,
)
from services.disbursement.handlers.standing import held, hold_anew, scheduled
from services.disbursement.ports import Payouts, Publish

_OPERATION: Final = "payout:"
_AWAITS_CONSENT: Final = frozenset({State.CONCLUDED, State.AMENDING})
_BEFORE_RELEASE: Final = frozenset({State.CONSENTED, State.HELD})


def when_contract_signed(
    event: ContractSigned, *, payouts: Payouts, ids: Ids, trail: Trail
) -> None:
    """A signed contract gets its one payout row; after an early stop, a dead one."""
    payouts.conclude(
        Payout(
            payout_id=ids.new(),
            contract_id=event.contract_id,
            client_id=event.client_id,
            account_id=event.account_id,
            number=FIRST_PAYOUT,
            amount=event.amount,
            document_sha256=event.document_sha256,
            agreed_token=event.account_token,
            signed_at=event.signed_at,
            state=State.CONCLUDED,
            trail=trail,
        )
    )


def when_additional_consent_given(
    event: AdditionalConsentGiven,
    *,
    payouts: Payouts,
    publish: Publish,
    policy: Policy,
    trail: Trail,
    counted_ns: int | None,
    now: datetime,
) -> None:
    """The additional consent (дополнительное согласие) starts the hold (5.5).

    ``counted_ns``: the count of the clock's witness now, where it counts on this
    machine; None leaves it to the witness to begin.
    """
    payout = awaited(payouts, event.contract_id)
    if payout is None or payout.state not in _AWAITS_CONSENT:
        return
    if payout.client_id != event.client_id:
        block_row(payout, "consent_of_another", payouts=payouts, publish=publish)
        return
    if payout.state is State.AMENDING:  # its hold is counted when the contract goes on
        payouts.amend(payout, consented_at=event.given_at, trail=trail)
        return
    until = hold_anew(payout, event.given_at, payouts=payouts, policy=policy)
    payouts.move(
        payout,
        State.CONSENTED,
        consented_at=event.given_at,
        hold_until=until,
        witnessed_from_ns=counted_ns,
        trail=trail,
        next_at=now,
    )
    publish(scheduled(payout, until))


def when_release_confirmed(
    event: ReleaseConfirmed,
    *,
    payouts: Payouts,
    publish: Publish,
    trail: Trail,
    now: datetime,
) -> None:
    """The release confirmation (повторное подтверждение) counts only after the hold.

    One given before ``hold_until`` contradicts its own meaning: contracts refuses it,
    so here it blocks the payout.
    """
    payout = awaited(payouts, event.contract_id)
    if payout is None or payout.state not in UNSENT - {State.AMENDING}:
        return
    code = _wrong_release(payout, event)
    if code:
        block_row(payout, code, payouts=payouts, publish=publish)
    elif payout.state is State.AWAITING_RELEASE:
        payouts.move(
            payout,
            State.READY,
            released_at=event.confirmed_at,
            trail=trail,
            next_at=now,
        )
    elif payout.state in _BEFORE_RELEASE:
        payouts.amend(payout, released_at=event.confirmed_at, trail=trail)


def when_contract_annulled(
    event: ContractAnnulled,
    *,
    payouts: Payouts,
    publish: Publish,
    ids: Ids,
    now: datetime,
) -> None:
    """An annulled contract is never paid; if it may have been, somebody must know."""
    payout = payouts.lock(event.contract_id)
    if payout is None:
        payouts.bury(
            Tombstone(event.contract_id, event.client_id), payout_id=ids.new(), at=now
        )
    elif isinstance(payout, Payout) and payout.state in UNSENT:
        payouts.move(payout, State.CANCELLED)
    elif isinstance(payout, Payout) and payout.repeat_until is not None:
        payouts.amend(payout, repeat_until=None, next_at=None)
    elif isinstance(payout, Payout) and payout.state in AT_BANK | {State.PAID}:
        hold_row(payout, "annulled_after_sending", payouts=payouts, publish=publish)


def when_operation_suspended(
    event: OperationSuspended, *, payouts: Payouts, publish: Publish
) -> None:
    """A suspended payout does not leave; one that may have left is not sent again."""
    payout_id = _payout_of(event.operation)
    payout = payouts.lock_payout(payout_id) if payout_id else None
    if payout is None or payout.state not in UNSENT | AT_BANK:
        return
    payouts.amend(
        payout, suspended_by=event.decision_id, held_code="operation_suspended"
    )
    publish(held(payout, "operation_suspended"))


def awaited(payouts: Payouts, contract_id: UUID) -> Payout | None:
    """The payout of an earlier event; None if the contract was stopped before it."""
    found = payouts.lock(contract_id)
    if found is None:
        raise Transient("the contract's signing has not been heard of yet")
    return found if isinstance(found, Payout) else None


def _wrong_release(payout: Payout, event: ReleaseConfirmed) -> str:
    if payout.client_id != event.client_id:
        return "release_of_another"
    if payout.hold_until is None:
        return "release_without_consent"
    if event.confirmed_at < payout.hold_until:
        return "release_too_early"
    return ""


def _payout_of(operation: str) -> UUID | None:
    """The payout an operation of antifraud stands for; None for other operations."""
    if not operation.startswith(_OPERATION):
        return None
    try:
        return UUID(operation.removeprefix(_OPERATION))
    except ValueError:
        return None


def block_row(payout: Payout, code: str, *, payouts: Payouts, publish: Publish) -> None:
    """A contradiction: a person has to look (clause 3.4)."""
    if payout.state is State.BLOCKED:
        return
    payouts.move(payout, State.BLOCKED, held_code=code)
    publish(held(payout, code))


def hold_row(payout: Payout, code: str, *, payouts: Payouts, publish: Publish) -> None:
    """Somebody must know; where the payout stands does not change."""
    payouts.amend(payout, held_code=code)
    publish(held(payout, code))
