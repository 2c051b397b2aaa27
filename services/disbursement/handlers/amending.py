"""A payout whose account becomes another: it stands still until its contract says so.

Contracts asks for that before it offers an amendment; the client's own change of the
account does it as well, whoever is heard first.  Only both signatures under the
amendment name the new account, and the hold is counted anew (clauses 5.3, 5.5, 3.4).
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.errors import Broken, Transient
from kernel.events.contracts import AmendmentEnded, ContractAmended
from kernel.events.onboarding import BankAccountChanged, BankAccountRemoved
from kernel.policy import Policy
from services.disbursement.domain.payout import (
    AT_BANK,
    UNSENT,
    AmendingAnswer,
    Changes,
    Payout,
    State,
    Tombstone,
    Trail,
)
from services.disbursement.handlers.reactions import awaited, block_row, hold_row
from services.disbursement.handlers.standing import hold_anew, scheduled, stand_still
from services.disbursement.ports import Payouts, Publish

_ENDED: Final = frozenset({State.CANCELLED, State.BLOCKED, State.REJECTED})


def hold_for_amendment(
    contract_id: UUID, client_id: UUID, *, payouts: Payouts, publish: Publish
) -> AmendingAnswer:
    """Let the contract's payout stand still before an amendment is offered (5.3).

    The row is the arbiter, as with a stop: after ``held`` nothing leaves before the
    contract is amended or goes on; what has left is never touched (``too_late``).
    Transient before the contract's signing was heard of, Broken for another client.
    """
    found = payouts.lock(contract_id)
    if found is None:
        raise Transient("the contract's signing has not been heard of yet")
    if found.client_id != client_id:
        raise Broken("An amendment was begun in the name of another client")
    if isinstance(found, Tombstone) or found.state in _ENDED:
        return AmendingAnswer.ENDED
    if found.state in AT_BANK | {State.PAID}:
        return AmendingAnswer.TOO_LATE
    if not stand_still(found, "amending", payouts=payouts, publish=publish):
        raise Transient("the payout has just moved")
    return AmendingAnswer.HELD


def when_bank_account_changed(
    event: BankAccountChanged, *, payouts: Payouts, publish: Publish
) -> None:
    """No payout leaves for an account that is another by now (clauses 5.3, 5.5).

    It stands still until contracts says that the contract is amended, or ended: the
    hold has run for an account that is no longer the client's choice.  The gate would
    say so at the moment of sending; the client hears it now.
    """
    for payout in payouts.lock_unsent(event.client_id, event.account_id):
        if event.account_token != (payout.agreed_token or payout.account_token):
            stand_still(payout, "account_changed", payouts=payouts, publish=publish)


def when_bank_account_removed(
    event: BankAccountRemoved, *, payouts: Payouts, publish: Publish
) -> None:
    """Nothing is paid to an account that is the client's no more (5.3, 5.4)."""
    for payout in payouts.lock_unsent(event.client_id, event.account_id):
        stand_still(payout, "account_removed", payouts=payouts, publish=publish)


def when_contract_amended(
    event: ContractAmended,
    *,
    payouts: Payouts,
    publish: Publish,
    policy: Policy,
    trail: Trail,
    counted_ns: int | None,
    now: datetime,
) -> None:
    """Both have signed: the account the amendment names, and a hold of its own (5.3).

    The amendment must be of the document this payout stands on (clause 3.4), and the
    payout must have stood still since before it was offered.
    """
    payout = awaited(payouts, event.contract_id)
    if payout is None or payout.state is State.CANCELLED:
        return
    if payout.document_sha256 == event.document_sha256:
        return  # heard before
    code = _wrong_amendment(payout, event)
    if code and payout.state in UNSENT:
        block_row(payout, code, payouts=payouts, publish=publish)
    elif code:
        hold_row(payout, "amended_after_sending", payouts=payouts, publish=publish)
    else:
        changes: Changes = {
            "account_id": event.account_id,
            "agreed_token": event.account_token,
            "document_sha256": event.document_sha256,
            "hold_from": event.signed_at,
            "trail": trail,
        }
        _go_on(
            payout,
            changes,
            payouts=payouts,
            publish=publish,
            policy=policy,
            counted_ns=counted_ns,
            now=now,
        )


def when_amendment_ended(
    event: AmendmentEnded,
    *,
    payouts: Payouts,
    publish: Publish,
    policy: Policy,
    trail: Trail,
    counted_ns: int | None,
    now: datetime,
) -> None:
    """Where the contract goes on as it was, its hold begins anew from that instant."""
    payout = awaited(payouts, event.contract_id)
    if payout is None or event.resumed_at is None:
        return
    if payout.state not in UNSENT - {State.BLOCKED}:
        return
    if payout.state is not State.AMENDING:
        stand_still(payout, "amending", payouts=payouts, publish=publish)
        payout = replace(payout, state=State.AMENDING)
    changes: Changes = {"hold_from": event.resumed_at, "trail": trail}
    _go_on(
        payout,
        changes,
        payouts=payouts,
        publish=publish,
        policy=policy,
        counted_ns=counted_ns,
        now=now,
    )


def _go_on(
    payout: Payout,
    changes: Changes,
    *,
    payouts: Payouts,
    publish: Publish,
    policy: Policy,
    counted_ns: int | None,
    now: datetime,
) -> None:
    """Back from standing still, with a hold counted anew where the consent is given."""
    anew = replace(payout, **changes)
    changes |= {"held_code": None, "tries": 0}
    if payout.consented_at is None:
        payouts.move(payout, State.CONCLUDED, **changes)
        return
    until = hold_anew(anew, payout.consented_at, payouts=payouts, policy=policy)
    changes |= {
        "hold_until": until,
        "witnessed_from_ns": counted_ns,
        "next_at": now,
    }
    payouts.move(payout, State.CONSENTED, **changes)
    publish(scheduled(anew, until))


def _wrong_amendment(payout: Payout, event: ContractAmended) -> str:
    if payout.client_id != event.client_id:
        return "amendment_of_another"
    if payout.document_sha256 != event.previous_sha256:
        return "amendment_chain_differs"
    return "" if payout.state is State.AMENDING else "amendment_unheld"
