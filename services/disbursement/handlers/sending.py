"""The gate and the sending: the only road by which money leaves.

As many payouts as were claimed together take each step together:

1. Ask everybody whose word the gate needs; no transaction is open meanwhile.
2. Make every check and record it, passed or not; those of the day's sums under their
   lock, in the commit of step 3.
3. Commit ``SENDING`` with the key, the attempt and the fence. From here on a crash
   leaves a payout that is resolved by asking, never by sending anew.
4. Only then open the socket: ask the status by the key, and if the bank does not know
   it, send once.
5. Write down what the answer means (`answers`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from kernel.clock import almaty_date
from kernel.errors import Broken
from kernel.events.disbursement import PayoutSent
from kernel.policy import Policy
from services.disbursement.domain.codes import PaymentCodes, payment_codes
from services.disbursement.domain.connector import Rail
from services.disbursement.domain.gate import (
    BankStanding,
    Evidence,
    GateResult,
    Sending,
    Unanswered,
    Verdict,
    pass_gate,
)
from services.disbursement.domain.limits import (
    Funds,
    Limits,
    Outgoing,
    check_limits,
)
from services.disbursement.domain.order import (
    Absent,
    NoAnswer,
    Order,
    OrderMissing,
    OrderReport,
    Rejected,
    read_answer,
)
from services.disbursement.domain.payout import Changes, Payout, State
from services.disbursement.handlers.answers import Word, read_word, take_words
from services.disbursement.handlers.bookkeeping import post_sent
from services.disbursement.handlers.halting import sending_of
from services.disbursement.handlers.questions import answer_of
from services.disbursement.handlers.standing import block, counted_ns, each_of, hold
from services.disbursement.ports import Till, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class _DrawnUp:
    """What our own rows say before anybody is asked."""

    payout: Payout
    order: Order
    sealed_digest: str
    sending: Sending
    counted_ns: int | None
    outgoing: Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The same, and what everybody said."""

    payout: Payout
    order: Order
    drawn_up: _DrawnUp
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judging:
    """What all payouts of one commit are judged by."""

    now: datetime
    limits: Limits
    funds: Mapping[tuple[Rail, str], Funds | Unanswered]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A payout as it was committed in ``SENDING``, and what goes to the bank."""

    payout: Payout
    order: Order
    evidence: Evidence


def send_through_gate(payouts: Sequence[Payout], *, till: Till) -> None:
    """Send claimed payouts, for the first time or again under the same key.

    Each passes the gate, or does not, as if it were alone.  What fails before the
    commit of step 3 is tried again one by one; behind it nothing is done twice.
    """
    for begun in each_of(lambda some: _begin(some, till=till), payouts, till=till):
        for words in till.ask(lambda one: _transmit(one, till=till), begun):
            take_words([word for word in words if word is not None], till=till)


def _begin(payouts: Sequence[Payout], *, till: Till) -> list[_Begun]:
    """Steps 1 to 3 of some payouts; those that may not be sent now are not in it."""
    drawn_up = _draw_up(payouts, till=till)
    asked = [  # step 1
        one
        for some in till.ask(lambda one: _gather(one, till=till), drawn_up)
        for one in some
    ]
    if not asked:
        return []
    now = till.clock.now()
    by = _Judging(
        now=now, limits=Limits.at(till.policy, now), funds=_funds(asked, till=till)
    )
    results = [_judge(one, now=now, till=till) for one in asked]  # step 2
    with till.desk.together([one.payout for one in asked]) as works:  # step 3
        begun = [
            _commit(one, result, by=by, work=work, till=till)
            for one, result, work in zip(asked, results, works, strict=True)
        ]
    for one, sent in zip(asked, begun, strict=True):
        if sent is not None:
            _measure(one.payout, now=now, till=till)
    return [one for one in begun if one is not None]


def _draw_up(payouts: Sequence[Payout], *, till: Till) -> list[_DrawnUp]:
    with till.desk.together(payouts) as works:
        found = [
            _drawn_up(one, work=work, till=till)
            for one, work in zip(payouts, works, strict=True)
        ]
    return [one for one in found if one is not None]


def _drawn_up(payout: Payout, *, work: Work, till: Till) -> _DrawnUp | None:
    """The order and its digest; an order that was tampered with is never sent."""
    try:
        order, sealed_digest = work.payouts.order_of(payout)
    except Broken:
        if payout.state is State.READY:
            block(payout, "order_does_not_open", work=work, till=till)
        else:
            hold(payout, "order_does_not_open", work=work, till=till)
        return None
    return _DrawnUp(
        payout=payout,
        order=order,
        sealed_digest=sealed_digest,
        sending=sending_of(payout, work=work),
        counted_ns=counted_ns(work, till=till),
        outgoing=work.sums.outgoing(payout, day_on=almaty_date(till.clock.now())),
    )


def _gather(drawn_up: _DrawnUp, *, till: Till) -> _Asked:
    payout = drawn_up.payout
    return _Asked(
        payout=payout,
        order=drawn_up.order,
        drawn_up=drawn_up,
        evidence=Evidence(
            sending=drawn_up.sending,
            counted_ns=drawn_up.counted_ns,
            contract=answer_of("contract", lambda: till.contracts.read(payout)),
            account=answer_of("account", lambda: till.accounts.read(payout)),
            ownership=answer_of("ownership", lambda: till.accounts.prove(payout)),
            decision=answer_of("antifraud", lambda: till.antifraud.decide(payout)),
            stop_credit=answer_of(
                "stop_credit", lambda: till.contracts.ask_stop_credit(payout)
            ),
            bank=_standing(payout, drawn_up.order, till=till),
        ),
    )


def _stays_refused(payout_id: UUID, *, till: Till) -> bool:
    """Whether the bank still says no to the payout in whose place this one stands."""
    with till.desk.open() as work:
        previous = work.payouts.lock_payout(payout_id)
        if previous is None:
            return False
        order, _ = work.payouts.order_of(previous)
    reading = read_answer(
        till.bank.ask(order), order=order, known_order_id=previous.order_id
    )
    return isinstance(reading, Rejected | Absent) and till.bank.booked(order) is False


def _standing(payout: Payout, order: Order, *, till: Till) -> BankStanding | Unanswered:
    capabilities = till.bank.capabilities(order.rail)
    if capabilities is None:
        return Unanswered("bank_rail_missing")
    if not capabilities.takes_orders(till.clock.now()):
        return Unanswered("bank_cut_off")
    if payout.follows is not None and not _stays_refused(payout.follows, till=till):
        return Unanswered("predecessor_unclear")
    answer = till.bank.ask(order)
    if isinstance(answer, OrderMissing | OrderReport):
        return answer
    return Unanswered(answer.code if isinstance(answer, NoAnswer) else "bank_unclear")


def _funds(
    asked: Sequence[_Asked], *, till: Till
) -> Mapping[tuple[Rail, str], Funds | Unanswered]:
    """The balance on each rail, and what was on its way before the bank was asked."""
    firsts = {(one.order.rail, one.order.amount.currency): one for one in asked}
    return {
        which: _funds_of(first.drawn_up, till=till) for which, first in firsts.items()
    }


def _funds_of(drawn_up: _DrawnUp, *, till: Till) -> Funds | Unanswered:
    balance = till.bank.balance(drawn_up.order)
    if isinstance(balance, NoAnswer):
        return Unanswered(balance.code)
    return Funds(balance=balance, before=drawn_up.outgoing)


def _judge(asked: _Asked, *, now: datetime, till: Till) -> GateResult:
    return pass_gate(
        asked.payout,
        order=asked.order,
        sealed_digest=asked.drawn_up.sealed_digest,
        evidence=asked.evidence,
        now=now,
        rules=till.rules.gate,
    )


def _commit(
    asked: _Asked, result: GateResult, *, by: _Judging, work: Work, till: Till
) -> _Begun | None:
    """The payout as it will be committed in ``SENDING``; None if it may not be sent.

    What those before it in the same commit have begun to send is in the sums already.
    """
    payout, order, now = asked.payout, asked.order, by.now
    result = result.beside(
        check_limits(
            payout,
            limits=by.limits,
            sent=work.sums.lock(payout, day_on=almaty_date(now)),
            funds=by.funds[order.rail, order.amount.currency],
            approved=work.approvals.of(payout),
        )
    )
    work.payouts.record_checks(payout, result.checks, passage=till.ids.new(), at=now)
    for check in result.closed:
        work.when_committed(partial(till.meters.refused, check))
    match result.verdict:
        case Verdict.PASSED:
            sending = _begin_sending(payout, order, work=work, now=now, till=till)
            return None if sending is None else _Begun(sending, order, asked.evidence)
        case Verdict.NEVER if payout.state is State.READY:
            block(payout, result.code, work=work, till=till)
        case _:
            hold(payout, result.code, work=work, till=till)
    return None


def _begin_sending(
    payout: Payout, order: Order, *, work: Work, now: datetime, till: Till
) -> Payout | None:
    """Intent, key and attempt in one conditional UPDATE; a stop may have won."""
    changes: Changes = {
        "order_key": order.key,
        "attempt": payout.attempt + 1,
        "first_sent_at": payout.first_sent_at or now,
        "first_sent_ns": (
            counted_ns(work, till=till)
            if payout.first_sent_at is None
            else payout.first_sent_ns
        ),
        "sent_at": now,
        "missing": 0,
        "tries": 0,
        "held_code": None,
        "lease_until": till.rules.work.lease_until(now),
        "next_at": now,
    }
    if not work.payouts.move(payout, State.SENDING, **changes):
        return None
    if payout.first_sent_at is None:
        work.sums.add(payout, day_on=almaty_date(now))
    event_id = work.publish(
        PayoutSent(
            payout_id=payout.payout_id,
            contract_id=payout.contract_id,
            order_key=order.key,
            attempt=payout.attempt + 1,
        )
    )
    post_sent(payout, event_id=event_id, work=work, till=till)
    return replace(payout, state=State.SENDING, **changes)


def _measure(payout: Payout, *, now: datetime, till: Till) -> None:
    """How late the payer is, where nothing but the payer held the payout up."""
    if payout.first_sent_at is None and payout.held_code is None:
        until = payout.promised_until()
        due_at = max(until, payout.released_at or until)
        till.meters.sent(now - due_at)


def _transmit(begun: _Begun, *, till: Till) -> Word | None:
    """Step 4: a worker that has lost its lease sends nothing and writes nothing."""
    payout, order = begun.payout, begun.order
    answer = till.bank.ask(order)
    if isinstance(answer, OrderMissing):
        codes = _codes(payout, begun.evidence, policy=till.policy)
        if not payout.leased_at(till.clock.now()):
            return None
        answer = till.bank.send(order, codes)
    return read_word(payout, order, answer, bank=till.bank)


def _codes(payout: Payout, evidence: Evidence, *, policy: Policy) -> PaymentCodes:
    """By what the contract's owner said when the gate was passed."""
    contract, sent_at = evidence.contract, payout.first_sent_at
    if isinstance(contract, Unanswered) or sent_at is None:
        raise Broken("An order goes out that has not passed the gate")
    return payment_codes(policy, term_days=contract.term_days, at=sent_at)
