"""Repayment schedules (графики погашения): equal payments, or equal parts of the debt.

Interest (вознаграждение) accrues on what is owed for each day, a year having 365 of
them.  A payment that falls on a day off is due on the next working day, and interest is
counted to that day.  All sums are whole tiyn, and the parts of the debt sum exactly to
the amount: the last payment takes what rounding left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kernel.calendar import WorkingCalendar
from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.gesv import YEAR_DAYS, effective_rate

INSTALMENT_DAYS: Final = 30
"""A payment falls due every thirty days from the issue, the last one at the end."""


class RepaymentMethod(StrEnum):
    """How the debt is repaid; the client chooses (МФО law, article 4)."""

    ANNUITY = "annuity"
    """Equal payments (аннуитетный)."""
    DIFFERENTIATED = "differentiated"
    """Equal parts of the debt and the interest of each period (дифференцированный)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One payment: its day, its parts, and the debt that is left after it."""

    number: int
    due_on: date
    principal: Money
    interest: Money
    balance: Money

    @property
    def total(self) -> Money:
        return self.principal + self.interest


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every payment of a microcredit given out on `issued_on`."""

    amount: Money
    issued_on: date
    annual_percent: Decimal
    repayment: RepaymentMethod
    instalments: tuple[Instalment, ...]

    @property
    def interest(self) -> Money:
        """The whole price of the loan (переплата)."""
        return _sum([one.interest for one in self.instalments])

    @property
    def total(self) -> Money:
        """Everything the client pays."""
        return self.amount + self.interest

    @property
    def gesv(self) -> Decimal:
        """ГЭСВ, per cent a year, to hundredths."""
        return effective_rate(
            self.amount,
            self.issued_on,
            [(one.due_on, one.total) for one in self.instalments],
        )


def schedule_of(
    amount: Money,
    *,
    annual_percent: Decimal,
    repayment: RepaymentMethod,
    issued_on: date,
    term_days: int,
    calendar: WorkingCalendar,
) -> Schedule:
    """The schedule of a microcredit.  Broken for an amount or a term of nothing."""
    if amount.amount_minor <= 0 or term_days < 1 or annual_percent < 0:
        raise Broken("A schedule needs an amount, a term and a rate")
    days = (issued_on, *_due_days(issued_on, term_days, calendar))
    rate = annual_percent.as_integer_ratio()
    if repayment is RepaymentMethod.ANNUITY:
        rows = _annuity(amount, days, rate)
    else:
        rows = _differentiated(amount, days, rate)
    return Schedule(
        amount=amount,
        issued_on=issued_on,
        annual_percent=annual_percent,
        repayment=repayment,
        instalments=_numbered(amount, rows),
    )


def rest_of(
    debt: Money,
    *,
    days: Sequence[date],
    annual_percent: Decimal,
    repayment: RepaymentMethod,
    as_high_as: Instalment | None = None,
) -> tuple[Instalment, ...]:
    """The payments of what is left of a debt; interest counts from the first day on.

    The others are due days: each payment is smaller than it was, or as high as the
    one named, so that the last days are not needed.
    """
    rate = annual_percent.as_integer_ratio()
    if as_high_as is not None:
        part_of = _part_of(as_high_as, repayment)
        return _numbered(debt, _repaid(debt, days, rate, part_of))
    if repayment is RepaymentMethod.ANNUITY:
        return _numbered(debt, _annuity(debt, days, rate))
    return _numbered(debt, _differentiated(debt, days, rate))


def _part_of(
    one: Instalment, repayment: RepaymentMethod
) -> Callable[[Money, Money], Money]:
    """How much of the debt a payment as high as this one repays."""
    if repayment is RepaymentMethod.ANNUITY:
        return lambda _debt, interest: max(one.total - interest, Money(0))
    return lambda _debt, _interest: one.principal


_Rate = tuple[int, int]
_Row = tuple[date, Money, Money]
"""Day, part of the debt, interest."""


def _due_days(issued_on: date, term_days: int, calendar: WorkingCalendar) -> list[date]:
    """Every thirty days and at the end, each moved on to a working day, none twice."""
    offsets = [*range(INSTALMENT_DAYS, term_days, INSTALMENT_DAYS), term_days]
    return sorted(
        {_working(issued_on + timedelta(days=offset), calendar) for offset in offsets}
    )


def _working(day: date, calendar: WorkingCalendar) -> date:
    return day if calendar.is_working(day) else calendar.add_working_days(day, 1)


def _interest(debt: Money, since: date, until: date, rate: _Rate) -> Money:
    numerator, denominator = rate
    return debt.times_ratio(
        numerator * (until - since).days, denominator * 100 * YEAR_DAYS
    )


def _repaid(
    amount: Money,
    days: Sequence[date],
    rate: _Rate,
    part_of: Callable[[Money, Money], Money],
) -> list[_Row]:
    """Go from day to day; `part_of(debt, interest)` says how much of the debt is paid.

    The last day takes all that is owed then.
    """
    rows, debt = [], amount
    for since, until in pairwise(days):
        interest = _interest(debt, since, until, rate)
        part = debt if until == days[-1] else min(part_of(debt, interest), debt)
        rows.append((until, part, interest))
        debt -= part
    return rows


def _annuity(amount: Money, days: Sequence[date], rate: _Rate) -> list[_Row]:
    """The least equal payment that leaves no more than itself for the last day.

    A higher payment leaves less for the last day, so the least one is found by halving.
    """

    def rows_of(payment: int) -> list[_Row]:
        return _repaid(
            amount,
            days,
            rate,
            lambda _debt, interest: Money(payment, amount.currency) - interest,
        )

    def suffices(payment: int) -> bool:
        _, part, interest = rows_of(payment)[-1]
        return (part + interest).amount_minor <= payment

    low, high = 0, amount.amount_minor
    while not suffices(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return rows_of(high)


def _differentiated(amount: Money, days: Sequence[date], rate: _Rate) -> list[_Row]:
    part = Money(amount.amount_minor // (len(days) - 1), amount.currency)
    return _repaid(amount, days, rate, lambda _debt, _interest: part)


def _numbered(amount: Money, rows: Sequence[_Row]) -> tuple[Instalment, ...]:
    """Without the payments of nothing that a loan of a few tiyn would have."""
    paid = [row for row in rows if (row[1] + row[2]).amount_minor > 0]
    instalments, debt = [], amount
    for number, (due_on, principal, interest) in enumerate(paid, start=1):
        debt -= principal
        instalments.append(
            Instalment(
                number=number,
                due_on=due_on,
                principal=principal,
                interest=interest,
                balance=debt,
            )
        )
    if debt.amount_minor != 0:
        raise Broken("The schedule does not repay the debt")
    return tuple(instalments)


def _sum(amounts: Sequence[Money]) -> Money:
    currency = amounts[0].currency
    return Money(sum(one.amount_minor for one in amounts), currency)
