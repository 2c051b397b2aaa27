"""What the bank's answer does to the payout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kernel.events.disbursement import (
    PayoutHeld,
    PayoutOutcomeUnknown,
    PayoutRepeatable,
    PayoutSettled,
)
from services.disbursement.domain.order import (
    Absent,
    Accepted,
    AfterAbsence,
    BankAnswer,
    Order,
    Reading,
    Rejected,
    ResendRules,
    Settled,
    Unclear,
    after_absence,
    read_answer,
)
from services.disbursement.domain.payout import Payout, State
from services.disbursement.handlers.bookkeeping import post_rejected, post_settled
from services.disbursement.handlers.repeating import (
    look_at,
    refused_for_good,
    repeat_until,
)
from services.disbursement.handlers.standing import counted_ns, each_of
from services.disbursement.ports import Bank, Till, Work


@dataclass(frozen=True, slots=True)
class Word:
    """What the bank's answer about an order means."""

    payout: Payout
    order: Order
    reading: Reading


def read_word(payout: Payout, order: Order, answer: BankAnswer, *, bank: Bank) -> Word:
    """What an answer means; a "no" is asked about again before it is believed."""
    reading = read_answer(answer, order=order, known_order_id=payout.order_id)
    if isinstance(reading, Rejected):
        reading = _confirmed(reading, payout, order, bank=bank)
    return Word(payout, order, reading)


def take_words(words: Sequence[Word], *, till: Till) -> None:
    """Step 5: only the bank's word makes a payout final."""
    if words:
        for _ in each_of(lambda some: _take_all(some, till=till), words, till=till):
            pass


def _take_all(words: Sequence[Word], *, till: Till) -> list[Word]:
    with till.desk.together([word.payout for word in words]) as works:
        for word, work in zip(words, works, strict=True):
            _take(word, work=work, till=till)
    return list(words)


def _take(word: Word, *, work: Work, till: Till) -> None:
    payout = word.payout
    match word.reading:
        case Settled() as settled:
            _settle(payout, settled, work=work, till=till)
        case Accepted() as accepted:
            _wait(payout, accepted, work=work, till=till)
        case Rejected() as rejected:
            _reject(payout, rejected, work=work, till=till)
        case Absent():
            _count_absence(payout, word.order, work=work, till=till)
        case Unclear() as unclear:
            _leave_unknown(payout, unclear, work=work, till=till)


def counted(payout: Payout) -> Payout:
    """The payout with one more "not found" in a row."""
    return replace(payout, missing=payout.missing + 1)


def _confirmed(
    rejected: Rejected, payout: Payout, order: Order, *, bank: Bank
) -> Reading:
    """A "no" is final only when status and statement agree with it (P31).

    A published incident: "failed" was followed by a late success, and the payout that
    replaced it was paid as well. Where no statement can be had a person has to look.
    """
    capabilities = bank.capabilities(order.rail)
    if capabilities is None or not capabilities.statement:
        return Unclear("bank_statement_missing", alarm=True)
    again = read_answer(bank.ask(order), order=order, known_order_id=payout.order_id)
    if isinstance(again, Rejected | Absent) and bank.booked(order) is False:
        return rejected
    if isinstance(again, Settled | Accepted):
        return Unclear("bank_contradicts_itself", alarm=True)
    return Unclear("bank_rejection_unconfirmed")


def _settle(payout: Payout, settled: Settled, *, work: Work, till: Till) -> None:
    paid = work.payouts.move(
        payout,
        State.PAID,
        order_id=settled.order_id,
        settled_at=settled.settled_at,
        held_code=None,
        lease_until=None,
        next_at=None,
    )
    if paid:
        event_id = work.publish(
            PayoutSettled(
                payout_id=payout.payout_id,
                contract_id=payout.contract_id,
                client_id=payout.client_id,
                amount=payout.amount,
                order_id=settled.order_id,
                settled_at=settled.settled_at,
            )
        )
        post_settled(payout, settled.order_id, event_id=event_id, work=work, till=till)


def _wait(payout: Payout, accepted: Accepted, *, work: Work, till: Till) -> None:
    if payout.state is State.UNKNOWN:
        work.payouts.move(
            payout,
            State.SENDING,
            order_id=accepted.order_id,
            next_at=till.rules.work.poll_at(till.clock.now()),
            missing=0,
            tries=0,
            held_code=None,
            lease_until=None,
        )
        return
    work.payouts.amend(
        payout,
        order_id=accepted.order_id,
        next_at=till.rules.work.poll_at(till.clock.now()),
        missing=0,
        tries=0,
        held_code=None,
        lease_until=None,
    )


def _reject(payout: Payout, rejected: Rejected, *, work: Work, till: Till) -> None:
    now = till.clock.now()
    until = repeat_until(rejected.code, policy=till.policy, now=now)
    moved = work.payouts.move(
        payout,
        State.REJECTED,
        held_code=rejected.code,
        lease_until=None,
        repeat_until=until,
        next_at=look_at(until, now=now),
    )
    if moved:
        refused = replace(payout, held_code=rejected.code)
        event_id = work.publish(
            refused_for_good(refused)
            if until is None
            else PayoutRepeatable(
                payout_id=payout.payout_id,
                contract_id=payout.contract_id,
                code=rejected.code,
                until=until,
            )
        )
        post_rejected(payout, event_id=event_id, work=work, till=till)
        work.when_committed(lambda: till.alarms.raise_alarm("payout_rejected", payout))


def _leave_unknown(payout: Payout, unclear: Unclear, *, work: Work, till: Till) -> None:
    """UNKNOWN, never failed; an answer that contradicts the order alarms as well."""
    tries = payout.tries + 1
    code = unclear.code if unclear.alarm else payout.held_code
    retry_at = till.rules.work.retry_at(till.clock.now(), tries)
    if payout.state is State.UNKNOWN:
        written = work.payouts.amend(
            payout,
            missing=0,
            tries=tries,
            held_code=code,
            next_at=retry_at,
            lease_until=None,
        )
    else:
        written = work.payouts.move(
            payout,
            State.UNKNOWN,
            missing=0,
            tries=tries,
            held_code=code,
            next_at=retry_at,
            lease_until=None,
        )
        if written:
            work.publish(outcome_unknown(payout))
    if written and unclear.alarm and payout.held_code != code:
        _alarm(payout, unclear.code, work=work, till=till)


def resend_rules(order: Order, *, till: Till) -> ResendRules:
    """As far as the connector goes that carries this order; nothing without one."""
    capabilities = till.bank.capabilities(order.rail)
    if capabilities is None:
        return replace(till.rules.resend, window_s=0)
    return till.rules.resend.within(capabilities)


def _count_absence(payout: Payout, order: Order, *, work: Work, till: Till) -> None:
    """Nobody may send again yet, or ever: ask on, and call a person when it is over."""
    now = till.clock.now()
    asked = counted(payout)
    decision = after_absence(
        asked,
        now=now,
        counted_ns=counted_ns(work, till=till),
        rules=resend_rules(order, till=till),
    )
    over = decision is AfterAbsence.HOLD
    code = "bank_order_missing" if over else payout.held_code
    slowly = till.rules.work.retry_at(now, asked.missing)
    written = work.payouts.amend(
        payout,
        missing=asked.missing,
        held_code=code,
        next_at=slowly if over else till.rules.work.poll_at(now),
        lease_until=None,
    )
    if written and over and payout.held_code != code:
        _alarm(payout, "bank_order_missing", work=work, till=till)


def _alarm(payout: Payout, code: str, *, work: Work, till: Till) -> None:
    work.publish(
        PayoutHeld(
            payout_id=payout.payout_id, contract_id=payout.contract_id, code=code
        )
    )
    work.when_committed(lambda: till.alarms.raise_alarm(code, payout))


def outcome_unknown(payout: Payout) -> PayoutOutcomeUnknown:
    """The fact that nobody here knows what became of the order."""
    return PayoutOutcomeUnknown(
        payout_id=payout.payout_id,
        contract_id=payout.contract_id,
        order_key=payout.order_key or "",
    )
