"""Drawing up the order, and the end of the hold."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.events.disbursement import PayoutDue
from kernel.policy import Policy
from services.disbursement.domain.connector import Rail
from services.disbursement.domain.gate import Unanswered
from services.disbursement.domain.order import Order
from services.disbursement.domain.payout import (
    Payout,
    State,
    release_needed,
)
from services.disbursement.domain.witness import unwitnessed
from services.disbursement.handlers.questions import answer_of
from services.disbursement.handlers.standing import (
    claim,
    claim_some,
    counted_ns,
    each_of,
    earlier_sum,
    hold,
    put_off,
)
from services.disbursement.ports import Payouts, Till, Work

_CONSENTED = frozenset({State.CONSENTED})
_HELD = frozenset({State.HELD})


def prepare_next(till: Till) -> bool:
    """Draw up the order of one consented payout.  False when none waits.

    Only to the account the signed documents name: another awaits an amendment (5.3). A
    card is paid as a card where somebody carries such orders, else by its account.
    """
    payout = claim(till, _CONSENTED)
    if payout is None:
        return False
    facts = answer_of("account", lambda: till.accounts.read(payout))
    if isinstance(facts, Unanswered):
        put_off(payout, facts.code, till=till)
        return True
    if payout.agreed_token not in (None, facts.account_token):
        put_off(payout, "account_changed", till=till)
        return True
    takes_cards = till.bank.capabilities(Rail.CARD) is not None
    with till.desk.open(payout.trail) as work:
        work.payouts.draw_up(
            payout,
            Order.of(
                payout,
                debtor_iban=till.rules.gate.company_iban,
                creditor_iban=facts.iban,
                creditor_iin=facts.iin,
                creditor_card=facts.card if takes_cards else None,
            ),
            account_token=facts.account_token,
        )
    return True


def end_next_hold(till: Till) -> bool:
    """Take payouts whose hold is over further.  False when none is due."""
    claimed = claim_some(till, _HELD)
    if not claimed:
        return False
    for _ in each_of(lambda some: _look_at_all(some, till=till), claimed, till=till):
        pass
    return True


def _look_at_all(claimed: Sequence[Payout], *, till: Till) -> list[Payout]:
    with till.desk.together(claimed) as works:
        for one, work in zip(claimed, works, strict=True):
            _look(one, work=work, till=till)
    return list(claimed)


def _look(claimed: Payout, *, work: Work, till: Till) -> None:
    now = till.clock.now()
    payout = work.payouts.lock_payout(claimed.payout_id)
    if payout is None or payout.fence != claimed.fence or payout.state not in _HELD:
        return  # another worker's by now, or stopped since it was claimed
    if now < payout.promised_until():
        work.payouts.amend(payout, lease_until=None, next_at=payout.promised_until())
        return
    missing = unwitnessed(payout, counted_ns=counted_ns(work, till=till))
    if missing > timedelta():
        _await_witness(payout, missing, work=work, till=till)
        return
    _end_hold(payout, work=work, policy=till.policy, now=now)


def _await_witness(
    payout: Payout, missing: timedelta, *, work: Work, till: Till
) -> None:
    """The wall clock says that the hold is over, the witness does not: it stands.

    The witness sees a consent a moment after it was given, so a little always lacks;
    much means that somebody set the clock, or that nobody counts.
    """
    if missing > till.rules.witness.patience:
        hold(payout, "hold_unwitnessed", work=work, till=till)
    else:
        due_at = till.clock.now() + missing
        work.payouts.amend(payout, lease_until=None, next_at=due_at)


def _end_hold(payout: Payout, *, work: Work, policy: Policy, now: datetime) -> None:
    """Above the limit the client must confirm first, unless it has been done."""
    required = _release_required(payout, payouts=work.payouts, policy=policy)
    waits = required and payout.released_at is None
    moved = work.payouts.move(
        payout,
        State.AWAITING_RELEASE if waits else State.READY,
        release_required=required,
        lease_until=None,
        next_at=None if waits else now,
    )
    if moved:
        work.publish(
            PayoutDue(
                payout_id=payout.payout_id,
                contract_id=payout.contract_id,
                client_id=payout.client_id,
                confirmation_required=waits,
                hold_from=payout.hold_from,
            )
        )


def _release_required(payout: Payout, *, payouts: Payouts, policy: Policy) -> bool:
    """Strictly above 75 МРП by the contract's date, the day's microcredits together."""
    return release_needed(
        payout.amount + earlier_sum(payout, payouts=payouts, policy=policy),
        limit=policy.money_of_mrp("cooling.confirmation_above", payout.signed_at),
    )
