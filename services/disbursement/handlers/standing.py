"""Taking a payout up, and letting it stand: put off, held with a code, or blocked.

And what counts together with it, which decides on its hold and its confirmation.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from kernel.batches import together
from kernel.events.disbursement import PayoutHeld, PayoutScheduled
from kernel.money import Money
from kernel.policy import Policy
from services.disbursement.domain.payout import (
    Payout,
    State,
    hold_until,
    hours_of_hold,
    summed_since,
)
from services.disbursement.ports import Payouts, Publish, Till, Work

T = TypeVar("T")
U = TypeVar("U")


def claim(till: Till, states: frozenset[State]) -> Payout | None:
    """The next due payout in one of these states, leased to us; None when none is."""
    return next(iter(_claim(till, states, most=1)), None)


def claim_some(till: Till, states: frozenset[State]) -> Sequence[Payout]:
    """As many due ones as are taken further together; none when none is."""
    return _claim(till, states, most=till.rules.work.at_once)


def _claim(till: Till, states: frozenset[State], *, most: int) -> Sequence[Payout]:
    with till.desk.open() as work:
        return work.payouts.claim(
            states, now=till.clock.now(), lease_s=till.rules.work.lease_s, most=most
        )


def each_of(
    act: Callable[[Sequence[T]], U], items: Sequence[T], *, till: Till
) -> Iterator[U]:
    """What ``act`` makes of payouts that go together, see `kernel.batches.together`."""
    return together(act, items, apart=lambda _: till.meters.taken_apart())


def counted_ns(work: Work, *, till: Till) -> int | None:
    """The witness's count of time that passed; None when nobody has begun to count."""
    witnessed = work.witness.read()
    if witnessed is None:
        return None
    return witnessed.counted_at(till.uptime.read(), fresh=till.rules.witness.fresh)


def earlier_sum(payout: Payout, *, payouts: Payouts, policy: Policy) -> Money:
    """The client's microcredits that count together with this one (5.5)."""
    signed_at = payout.signed_at
    since = summed_since(
        signed_at, aggregation=policy.text("cooling.aggregation", signed_at)
    )
    return payouts.earlier_sum(payout, since=since)


def put_off(payout: Payout, code: str, *, till: Till) -> None:
    """Look again later; the code is told once, not at every try."""
    with till.desk.open(payout.trail) as work:
        hold(payout, code, work=work, till=till)


def hold(payout: Payout, code: str, *, work: Work, till: Till) -> None:
    """The same within an open transaction."""
    tries = payout.tries + 1
    amended = work.payouts.amend(
        payout,
        held_code=code,
        tries=tries,
        next_at=till.rules.work.retry_at(till.clock.now(), tries),
        lease_until=None,
    )
    if amended and payout.held_code != code:
        work.publish(held(payout, code))


def block(payout: Payout, code: str, *, work: Work, till: Till) -> None:
    """A mismatch stops the payout until a person has looked (clause 3.4)."""
    blocked = work.payouts.move(
        payout, State.BLOCKED, held_code=code, lease_until=None, next_at=None
    )
    if blocked:
        work.publish(held(payout, code))
        work.when_committed(lambda: till.alarms.raise_alarm(code, payout))


def stand_still(
    payout: Payout, code: str, *, payouts: Payouts, publish: Publish
) -> bool:
    """Nothing of this payout moves before the contract is amended, or goes on.

    Its hold and its release are void; False when it is blocked, or moved meanwhile.
    """
    if payout.state is State.AMENDING:
        return True
    if payout.state is State.BLOCKED or not payouts.move(
        payout,
        State.AMENDING,
        hold_until=None,
        witnessed_from_ns=None,
        released_at=None,
        held_code=code,
        lease_until=None,
        next_at=None,
    ):
        return False
    publish(held(payout, code))
    return True


def hold_anew(
    payout: Payout, given_at: datetime, *, payouts: Payouts, policy: Policy
) -> datetime:
    """Clause 5.5 with the values in force when the contract was signed.

    Counted from the later of signing and amendment (5.3), and the consent.
    """
    hours = hours_of_hold(
        payout.amount + earlier_sum(payout, payouts=payouts, policy=policy),
        threshold=policy.money_of_mrp("cooling.threshold", payout.signed_at),
        hours=policy.integer("cooling.hours", payout.signed_at),
    )
    return hold_until(signed_at=payout.held_since, given_at=given_at, hours=hours)


def scheduled(payout: Payout, until: datetime) -> PayoutScheduled:
    """The fact that the payout waits for the end of its hold."""
    return PayoutScheduled(
        payout_id=payout.payout_id,
        contract_id=payout.contract_id,
        client_id=payout.client_id,
        amount=payout.amount,
        hold_until=until,
        hold_from=payout.hold_from,
    )


def held(payout: Payout, code: str) -> PayoutHeld:
    """The fact that the payout stands still."""
    return PayoutHeld(
        payout_id=payout.payout_id, contract_id=payout.contract_id, code=code
    )
