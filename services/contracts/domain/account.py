"""A contract's account, counted day by day from everything that is known of it.

Nothing is remembered between two countings: the same loan, credits, orders and stops
are the same account in whatever order they became known, so that a statement that
comes late, twice or corrected can leave no trace in a balance.  On each day:

1. The day before bears interest on what is owed, and penalty on what is overdue, unless
   a payment has been overdue for too long or an investigator's notice stops it.
2. Credits with this value date are at hand.
3. A payment that falls due today is owed: its part of the debt, and the interest of the
   period, rounded once, as the schedule rounds it.
4. Money for everything owed today ends the contract: paying all early needs no order.
   Otherwise it repays, in the order of the rules, what is overdue, penalty, and what
   falls due today; the rest waits for the next payment.
5. An early order of this day is carried out if nothing is owed and its sum is at hand.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.gesv import YEAR_DAYS
from services.contracts.domain.repayment import (
    HUNDRED,
    Account,
    Credit,
    Due,
    EarlyOrder,
    Effect,
    Loan,
    Posting,
    PostingKind,
    Share,
    Stop,
)
from services.contracts.domain.schedule import Instalment, rest_of

_PRINCIPAL: Final = (Share.PRINCIPAL_OVERDUE, Share.PRINCIPAL_CURRENT)
_OVERDUE: Final = (Share.PRINCIPAL_OVERDUE, Share.INTEREST_OVERDUE)


def account_of(
    loan: Loan,
    *,
    received: Sequence[Credit] = (),
    orders: Sequence[EarlyOrder] = (),
    stops: Sequence[Stop] = (),
    on: date,
) -> Account:
    """The account at the end of a day.  Broken for a day before the money arrived."""
    walk = _Walk(loan, received=received, orders=orders, stops=stops)
    if on < walk.day:
        raise Broken("An account is counted from the day the money arrived")
    walk.end_day()
    while walk.day < on and walk.closed_on is None:
        walk.next_day()
        walk.end_day()
    walk.take_rest(on)
    return walk.account(on)


@dataclass(slots=True)
class _Due:
    """A payment that has fallen due, while it is being paid."""

    due_on: date
    principal: int
    interest: int
    principal_left: int = field(init=False)
    interest_left: int = field(init=False)

    def __post_init__(self) -> None:
        self.principal_left, self.interest_left = self.principal, self.interest

    @property
    def left(self) -> int:
        return self.principal_left + self.interest_left


class _Walk:
    """From day to day; plain tiyn inside, `Money` outside."""

    def __init__(
        self,
        loan: Loan,
        *,
        received: Sequence[Credit],
        orders: Sequence[EarlyOrder],
        stops: Sequence[Stop],
    ) -> None:
        schedule = loan.schedule
        self._rules, self._repayment = loan.rules, schedule.repayment
        self._percent = schedule.annual_percent
        self._stops = stops
        self._coming = deque(sorted(received))
        self._orders = deque(sorted(orders))
        self._lent = schedule.amount.amount_minor
        self._issued_on = self.day = schedule.issued_on
        self._ahead: deque[Instalment] = deque(schedule.instalments)
        self._principal = self._lent
        self._dues: list[_Due] = []
        # Exact: the interest of the running period, and the penalty of each year, are
        # whole numbers over one denominator, and rounded where they are said.
        rate, per = schedule.annual_percent.as_integer_ratio()
        self._rate, self._interest_over = rate, per * HUNDRED * YEAR_DAYS
        self._running = 0
        fine, per = loan.rules.penalty_daily_percent.as_integer_ratio()
        self._fine, self._penalty_over = fine, per * HUNDRED
        self._fines: defaultdict[int, int] = defaultdict(int)
        self._charged = self._penalty = self._penalty_paid = 0
        self._funds: deque[tuple[str, int]] = deque()
        self._postings: list[Posting] = []
        self._executed: list[UUID] = []
        self.closed_on: date | None = None
        self._post(PostingKind.LENT, self._lent)

    def next_day(self) -> None:
        """Step 1: let the day bear what it bears, and go on to the next."""
        bears = self.day
        self.day += timedelta(days=1)
        if any(stop.covers(bears) for stop in self._stops):
            return
        late = [due for due in self._dues if due.left and due.due_on < self.day]
        if late and (self.day - late[0].due_on).days > self._rules.accrual_days:
            return
        self._bear_interest()
        self._bear_penalty(sum(due.left for due in late))

    def end_day(self) -> None:
        """Steps 2 to 5."""
        self._receive()
        self._fall_due()
        if self._at_hand >= self._owed:
            self._close()
            return
        self._repay()
        while self._orders and self._orders[0].on <= self.day:
            order = self._orders.popleft()
            if order.on == self.day:
                self._repay_early(order)

    def take_rest(self, on: date) -> None:
        """What came after the end is the client's."""
        if self.closed_on is not None:
            self.day = max(self.day, on)
            self._receive()

    def account(self, on: date) -> Account:
        parts = sum(one.principal_left for one in self._dues)
        parts += sum(one.principal.amount_minor for one in self._ahead)
        if parts != self._principal:
            raise Broken("The parts of the debt do not sum to the debt")
        return Account(
            on=on,
            principal=Money(self._principal),
            dues=tuple(
                Due(
                    due_on=one.due_on,
                    principal=Money(one.principal),
                    interest=Money(one.interest),
                    principal_left=Money(one.principal_left),
                    interest_left=Money(one.interest_left),
                )
                for one in self._dues
            ),
            ahead=tuple(self._ahead),
            accrued=Money(self._accrued),
            penalty=Money(self._penalty - self._penalty_paid),
            unused=Money(self._at_hand),
            closed_on=self.closed_on,
            postings=tuple(self._postings),
            executed=tuple(self._executed),
        )

    @property
    def _accrued(self) -> int:
        return _half_up(self._running, self._interest_over)

    @property
    def _at_hand(self) -> int:
        return sum(amount for _, amount in self._funds)

    @property
    def _owed(self) -> int:
        """Everything: the debt, interest due and accrued, penalty."""
        due = sum(one.interest_left for one in self._dues)
        penalty = self._penalty - self._penalty_paid
        return self._principal + due + self._accrued + penalty

    @property
    def _room(self) -> int | None:
        """How much more interest and penalty may come to; None without a limit."""
        cap = self._rules.price_cap
        if cap is None:
            return None
        return cap.amount_minor - self._charged - self._accrued - self._penalty

    def _bear_interest(self) -> None:
        room, before = self._room, self._accrued
        self._running += self._principal * self._rate
        if room is not None and self._accrued - before > room:
            self._running = (before + max(0, room)) * self._interest_over

    def _bear_penalty(self, overdue: int) -> None:
        if not overdue or not self._fine:
            return
        year = (self.day - self._issued_on).days // YEAR_DAYS
        self._fines[year] += overdue * self._fine
        most = self._lent * self._rules.penalty_yearly_percent // HUNDRED
        total = sum(
            min(_half_up(fine, self._penalty_over), most)
            for fine in self._fines.values()
        )
        more, room = total - self._penalty, self._room
        if room is not None:
            more = min(more, max(0, room))
        if more > 0:
            self._penalty += more
            self._post(PostingKind.PENALTY, more)

    def _receive(self) -> None:
        """Step 2.  What was paid before the money arrived waits for that day."""
        while self._coming and self._coming[0].value_on <= self.day:
            credit = self._coming.popleft()
            amount = credit.amount.amount_minor
            self._funds.append((credit.reference, amount))
            self._postings.append(
                Posting(
                    on=credit.value_on,
                    kind=PostingKind.RECEIVED,
                    reference=credit.reference,
                    amount=amount,
                )
            )

    def _fall_due(self) -> None:
        """Step 3."""
        if self._ahead and self._ahead[0].due_on == self.day:
            principal = self._ahead.popleft().principal.amount_minor
            self._dues.append(_Due(self.day, principal, self._charge()))

    def _charge(self) -> int:
        """End the period that runs; its interest, rounded once."""
        interest = self._accrued
        self._running = 0
        self._charged += interest
        if interest:
            self._post(PostingKind.INTEREST, interest)
        return interest

    def _close(self) -> None:
        """Step 4, first half: everything is paid."""
        interest = self._charge()
        rest = sum(one.principal.amount_minor for one in self._ahead)
        if interest or rest:
            self._dues.append(_Due(self.day, rest, interest))
        self._ahead.clear()
        for share in self._rules.order:
            self._pay(share)
        self.closed_on = self.day

    def _repay(self) -> None:
        """Step 4, second half."""
        late = [due for due in self._dues if due.left and due.due_on < self.day]
        days = (self.day - late[0].due_on).days if late else 0
        for share in self._rules.order_on(days):
            self._pay(share)

    def _pay(self, share: Share) -> None:
        if share is Share.PENALTY:
            owed = self._penalty - self._penalty_paid
            self._penalty_paid += self._spend(PostingKind.PENALTY_PAID, owed)
            return
        for due in self._dues:
            if (due.due_on < self.day) is not (share in _OVERDUE):
                continue
            if share in _PRINCIPAL:
                paid = self._spend(PostingKind.PRINCIPAL_PAID, due.principal_left)
                due.principal_left -= paid
                self._principal -= paid
            else:
                due.interest_left -= self._spend(
                    PostingKind.INTEREST_PAID, due.interest_left
                )

    def _spend(self, kind: PostingKind, most: int) -> int:
        """Take up to `most` from the oldest credits at hand."""
        spent = 0
        while spent < most and self._funds:
            reference, left = self._funds.popleft()
            part = min(left, most - spent)
            self._post(kind, part, reference)
            spent += part
            if left > part:
                self._funds.appendleft((reference, left - part))
        return spent

    def _repay_early(self, order: EarlyOrder) -> None:
        """Step 5: as a payment of this day, after which the rest is made anew."""
        amount = order.amount.amount_minor
        idle = self._penalty == self._penalty_paid and not any(
            due.left for due in self._dues
        )
        part = amount - self._accrued
        if not idle or self._at_hand < amount or part <= 0 or not self._ahead:
            return
        self._dues.append(_Due(self.day, part, self._charge()))
        self._repay()
        self._executed.append(order.order_id)
        first, days = self._ahead[0], [one.due_on for one in self._ahead]
        self._ahead = deque(
            replace(one, number=one.number + first.number - 1)
            for one in rest_of(
                Money(self._principal),
                days=(self.day, *days),
                annual_percent=self._percent,
                repayment=self._repayment,
                as_high_as=first if order.effect is Effect.SHORTER else None,
            )
        )

    def _post(
        self, kind: PostingKind, amount: int, reference: str | None = None
    ) -> None:
        self._postings.append(
            Posting(on=self.day, kind=kind, reference=reference, amount=amount)
        )


def _half_up(numerator: int, denominator: int) -> int:
    """As `Money.times_ratio` rounds."""
    return (2 * numerator + denominator) // (2 * denominator)
