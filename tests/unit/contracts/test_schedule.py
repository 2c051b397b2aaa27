"""Schedules that sum exactly, on working days, cheaper the earlier the debt is paid."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import WorkingCalendar
from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.products import Product
from services.contracts.domain.schedule import RepaymentMethod, Schedule, schedule_of
from tests.unit.contracts.builders import CALENDAR, OFFERED_AT, POLICY, schedule

loans = st.fixed_dictionaries(
    {
        "amount": st.integers(1, 10**12).map(Money),
        "annual_percent": st.integers(0, 15_000).map(lambda n: Decimal(n) / 100),
        "repayment": st.sampled_from(RepaymentMethod),
        "issued_on": st.dates(date(2025, 1, 1), date(2028, 12, 31)),
        "term_days": st.integers(1, 1_826),
        "calendar": st.just(CALENDAR),
    }
)


@given(loan=loans)
def test_a_schedule_repays_the_amount_to_the_tiyn(loan: dict[str, object]) -> None:
    """No payment of nothing, days that rise, each of them a working day."""
    made = schedule(**loan)
    paid = sum(one.principal.amount_minor for one in made.instalments)
    assert paid == made.amount.amount_minor
    assert made.instalments[-1].balance == Money(0)
    assert all(one.total > Money(0) for one in made.instalments)
    days = [made.issued_on, *(one.due_on for one in made.instalments)]
    assert all(before < after for before, after in pairwise(days))
    assert all(CALENDAR.is_working(day) for day in days[1:])
    assert [one.number for one in made.instalments] == list(
        range(1, len(made.instalments) + 1)
    )


@given(loan=loans)
def test_annuity_payments_are_equal_but_for_the_last(loan: dict[str, object]) -> None:
    """The last one is not higher: nothing is left over for it."""
    made = schedule(**loan | {"repayment": RepaymentMethod.ANNUITY})
    *equal, last = [one.total for one in made.instalments]
    if equal and made.amount > Money(100 * len(equal)):
        assert len(set(equal)) == 1
        assert last <= equal[0]


def interest_of(made: Schedule) -> list[int]:
    """Interest anew, day by day, without the code under test."""
    debt, since, found = made.amount.amount_minor, made.issued_on, []
    for one in made.instalments:
        days = (one.due_on - since).days
        exact = debt * made.annual_percent * days / 36_500
        found.append(int(exact + Decimal("0.5")))
        debt, since = debt - one.principal.amount_minor, one.due_on
    return found


@pytest.mark.parametrize("repayment", RepaymentMethod)
def test_interest_accrues_on_what_is_owed_for_each_day(
    repayment: RepaymentMethod,
) -> None:
    made = schedule(repayment=repayment, term_days=365)
    assert [one.interest.amount_minor for one in made.instalments] == interest_of(made)


def test_equal_parts_of_the_debt_cost_less_than_equal_payments() -> None:
    """And both have the same effective rate but for roundings."""
    equal_payments = schedule(term_days=365)
    equal_parts = schedule(term_days=365, repayment=RepaymentMethod.DIFFERENTIATED)
    assert equal_parts.interest < equal_payments.interest
    assert abs(equal_parts.gesv - equal_payments.gesv) <= Decimal("0.05")


def test_a_payment_on_a_day_off_moves_to_the_next_working_day() -> None:
    """Thirty days from 19 February 2026 are Nauryz and its moved days off."""
    made = schedule(issued_on=date(2026, 2, 19), term_days=60)
    first = made.instalments[0]
    assert first.due_on == date(2026, 3, 26)
    decreed = WorkingCalendar({date(2026, 3, 24): True})
    made = schedule(issued_on=date(2026, 2, 19), term_days=60, calendar=decreed)
    assert made.instalments[0].due_on == date(2026, 3, 24)


def test_two_payments_never_fall_on_one_day() -> None:
    """The 30th and the 31st day may move to the same Monday."""
    issued_on = date(2026, 11, 5)  # a Thursday; 30 days later is a Saturday
    made = schedule(issued_on=issued_on, term_days=31)
    assert [one.due_on for one in made.instalments] == [date(2026, 12, 7)]


@pytest.mark.parametrize(
    ("amount", "percent", "days"), [("0", "36", 30), ("1000", "-1", 30), ("1", "1", 0)]
)
def test_nothing_has_no_schedule(amount: str, percent: str, days: int) -> None:
    with pytest.raises(Broken):
        schedule_of(
            Money.of(amount),
            annual_percent=Decimal(percent),
            repayment=RepaymentMethod.ANNUITY,
            issued_on=OFFERED_AT.date(),
            term_days=days,
            calendar=CALENDAR,
        )


@pytest.mark.parametrize("repayment", RepaymentMethod)
@pytest.mark.parametrize("code", ["standard", "short"])
def test_products_on_offer_stay_under_the_cap_whatever_the_day(
    code: str, repayment: RepaymentMethod
) -> None:
    """Every shortest loan of the coming year, where ГЭСВ is highest for the price."""
    product = Product.at(POLICY, code, OFFERED_AT)
    limit = Decimal(179) if code == "short" else Decimal(46)
    for day in range(0, 365, 5):
        made = schedule(
            amount=product.least,
            annual_percent=product.annual_percent,
            repayment=repayment,
            issued_on=OFFERED_AT.date() + timedelta(days=day),
            term_days=product.shortest_days,
        )
        assert made.gesv <= limit
