"""The bank's word on what was sent: the only way out of SENDING and UNKNOWN."""

from dataclasses import replace

from services.disbursement.domain.order import (
    AfterAbsence,
    BankAnswer,
    Order,
    OrderMissing,
    after_absence,
)
from services.disbursement.domain.payout import AT_BANK, Payout, State
from services.disbursement.handlers.answers import (
    counted,
    outcome_unknown,
    read_word,
    resend_rules,
    take_words,
)
from services.disbursement.handlers.sending import send_through_gate
from services.disbursement.handlers.standing import claim, counted_ns
from services.disbursement.ports import Till


def ask_next(till: Till) -> bool:
    """Ask about one order that may be at the bank.  False when none is due."""
    claimed = claim(till, AT_BANK)
    payout = _own_up(claimed, till=till) if claimed else None
    if payout is None:
        return claimed is not None
    with till.desk.open(payout.trail) as work:
        order, _ = work.payouts.order_of(payout)
    answer = till.bank.ask(order)
    if _may_send_again(payout, order, answer, till=till):
        send_through_gate([payout], till=till)
    else:
        take_words([read_word(payout, order, answer, bank=till.bank)], till=till)
    return True


def _own_up(payout: Payout, *, till: Till) -> Payout | None:
    """Whoever was sending is gone without an answer written: it is unknown."""
    if payout.state is State.UNKNOWN or payout.order_id is not None:
        return payout
    with till.desk.open(payout.trail) as work:
        if not work.payouts.move(payout, State.UNKNOWN):
            return None
        work.publish(outcome_unknown(payout))
    return replace(payout, state=State.UNKNOWN)


def _may_send_again(
    payout: Payout, order: Order, answer: BankAnswer, *, till: Till
) -> bool:
    """The same key, while the bank surely remembers it, after it has said no often."""
    if not isinstance(answer, OrderMissing) or payout.order_id is not None:
        return False
    with till.desk.open(payout.trail) as work:
        time_ns = counted_ns(work, till=till)
    decision = after_absence(
        counted(payout),
        now=till.clock.now(),
        counted_ns=time_ns,
        rules=resend_rules(order, till=till),
    )
    return decision is AfterAbsence.SEND_SAME_KEY
