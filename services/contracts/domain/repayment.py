"""What has been paid of a microcredit (погашение), and by which rules it is counted.

All sums are whole tiyn.  A credit counts from its value date (дата валютирования), the
day the money was the company's, whenever the statement that names it came: an account
is always counted anew from everything that is known, see `account`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.errors import Broken
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.schedule import Instalment, Schedule

HUNDRED: Final = 100


class Share(StrEnum):
    """What of a debt a payment repays; their order is a dated setting."""

    PRINCIPAL_OVERDUE = "principal_overdue"
    INTEREST_OVERDUE = "interest_overdue"
    PENALTY = "penalty"
    PRINCIPAL_CURRENT = "principal_current"
    INTEREST_CURRENT = "interest_current"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentRules:
    """How a contract is counted: the settings in force when it was offered."""

    order: tuple[Share, ...]
    """What an insufficient payment repays first (очерёдность погашения)."""
    late_order: tuple[Share, ...]
    """The same once a payment is overdue for more than `late_after_days`."""
    late_after_days: int
    accrual_days: int
    """Neither interest nor penalty accrues for a later day of an overdue payment."""
    penalty_daily_percent: Decimal
    """Penalty (неустойка) of a day, per cent of what is overdue; zero if the contract
    names none, as it must be agreed in writing (Civil Code, art. 294)."""
    penalty_yearly_percent: int
    """The most of it in a year of the contract, per cent of the amount lent."""
    price_cap: Money | None
    """The most that interest and penalty may come to; of short microcredits alone."""

    @classmethod
    def at(cls, policy: Policy, at: datetime, *, amount: Money, term_days: int) -> Self:
        """The rules for a microcredit offered at an instant.

        Broken when an order does not name every share once.
        """
        cap = GesvCap.at(policy, at, amount=amount, term_days=term_days)
        percent = policy.integer("repayment.short_price_percent", at)
        return cls(
            order=_order(policy.texts("repayment.order", at)),
            late_order=_order(policy.texts("repayment.late_order", at)),
            late_after_days=policy.integer("repayment.late_after_days", at),
            accrual_days=policy.integer("repayment.accrual_days_overdue", at),
            penalty_daily_percent=policy.decimal("repayment.penalty_daily_percent", at),
            penalty_yearly_percent=policy.integer(
                "repayment.penalty_yearly_percent", at
            ),
            price_cap=amount.times_ratio(percent, HUNDRED) if cap.short else None,
        )

    def order_on(self, days_overdue: int) -> tuple[Share, ...]:
        """What is repaid first when the oldest payment is overdue that long."""
        late = days_overdue > self.late_after_days
        return self.late_order if late else self.order


def _order(names: Sequence[str]) -> tuple[Share, ...]:
    if sorted(names) != sorted(Share):
        raise Broken("An order of repayment names every share once")
    return tuple(map(Share, names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A microcredit whose money has arrived; `schedule` is the one made then."""

    schedule: Schedule
    rules: RepaymentRules


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Credit:
    """Money for the contract, as the bank booked it.  In order: by day, then by id."""

    value_on: date
    reference: str
    """The bank's own reference of the entry: it tells one credit from another."""
    amount: Money


class Effect(StrEnum):
    """What a partial early repayment does to the rest; the client chooses."""

    SHORTER = "shorter"
    """Payments stay as high, there are fewer of them."""
    SMALLER = "smaller"
    """Payments fall due on the same days and become smaller."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EarlyOrder:
    """The client's wish to repay a part early (частичное досрочное погашение).

    It holds on that day alone, and lapses when the money was not there by then.
    """

    on: date
    order_id: UUID
    amount: Money
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Days on which nothing accrues, on an investigator's notice (представление).

    From `since`, to the day before `until` or for good.
    """

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


class PostingKind(StrEnum):
    """What a line of a contract's ledger says."""

    LENT = "lent"
    INTEREST = "interest"
    """Interest of a period that has ended, by a due day or by a repayment."""
    PENALTY = "penalty"
    RECEIVED = "received"
    PRINCIPAL_PAID = "principal_paid"
    INTEREST_PAID = "interest_paid"
    PENALTY_PAID = "penalty_paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A line: what is said of which day, and by which credit if by one."""

    on: date
    kind: PostingKind
    reference: str | None
    amount: int
    """Tiyn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A payment that has fallen due, and what is still owed of it.

    `interest` is what accrued in truth: more than the schedule says when an earlier
    payment came late.
    """

    due_on: date
    principal: Money
    interest: Money
    principal_left: Money
    interest_left: Money

    @property
    def left(self) -> Money:
        return self.principal_left + self.interest_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A contract's account at the end of a day."""

    on: date
    principal: Money
    """Everything lent and not repaid, overdue or not."""
    dues: tuple[Due, ...]
    ahead: tuple[Instalment, ...]
    """Payments that are still to fall due, by the schedule in force that day."""
    accrued: Money
    """Interest of the period that still runs."""
    penalty: Money
    """Penalty accrued and not paid."""
    unused: Money
    """Money of the client's: it waits for the next payment, or is to be given back."""
    closed_on: date | None
    postings: tuple[Posting, ...]
    executed: tuple[UUID, ...]
    """The early orders that were carried out."""

    @property
    def owed(self) -> Money:
        """What would end the contract that day: the sum of a full early repayment."""
        interest = sum(due.interest_left.amount_minor for due in self.dues)
        return self.principal + Money(interest) + self.accrued + self.penalty

    @property
    def to_pay(self) -> Money:
        """What is still to be brought that day to end the contract."""
        return Money(max(0, (self.owed - self.unused).amount_minor))

    @property
    def _overdue(self) -> list[Due]:
        return [
            due for due in self.dues if due.left > Money(0) and due.due_on < self.on
        ]

    @property
    def overdue(self) -> Money:
        """What should have been paid before that day (просроченная задолженность)."""
        return Money(sum(due.left.amount_minor for due in self._overdue))

    @property
    def days_overdue(self) -> int:
        """For how long the oldest payment that is not paid in full is late."""
        late = self._overdue
        return (self.on - late[0].due_on).days if late else 0


def stops_of(turns: Sequence[tuple[date, bool]]) -> tuple[Stop, ...]:
    """The stops that stops and liftings, in the order they were agreed on, amount to.

    A lifting ends every stop before it, from its day on; it may be given back to the
    first day of a stop, which then never was.
    """
    stops: list[Stop] = []
    for on, stopped in turns:
        if stopped:
            stops.append(Stop(since=on))
        else:
            cut = [
                Stop(since=one.since, until=min(one.until or on, on)) for one in stops
            ]
            stops = [one for one in cut if one.until is None or one.since < one.until]
    return tuple(stops)


def next_day(day: date) -> date:
    return day + timedelta(days=1)
