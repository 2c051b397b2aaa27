"""ГЭСВ by an independent program's figures, by hand, and by its own definition."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.gesv import GesvCap, effective_rate
from tests.unit.contracts.builders import POLICY, TIYN

VECTORS = json.loads((Path(__file__).parent / "gesv_vectors.json").read_text())
ISSUED_ON = date(2026, 11, 3)
AT = datetime(2026, 11, 2, 6, tzinfo=UTC)
SHORT_MOST = Money.of("194625")  # 45 МРП of 2026, exactly
HUNDREDTH = Decimal("0.01")


@pytest.mark.parametrize("vector", VECTORS)
def test_gesv_is_what_an_independent_program_finds(vector: dict[str, Any]) -> None:
    """Within 0.01 percentage points."""
    found = effective_rate(
        Money.of(vector["amount"]),
        date.fromisoformat(vector["issued_on"]),
        [(date.fromisoformat(day), Money.of(sum_)) for day, sum_ in vector["payments"]],
    )
    assert abs(found - Decimal(vector["percent"])) <= HUNDREDTH


@pytest.mark.parametrize(
    ("days", "paid", "percent"),
    [
        (365, "110000", "10.00"),  # one year: the rate itself
        (730, "121000", "10.00"),
        (365, "100000", "0.00"),
        (30, "108700", "175.93"),  # 1.087 ** (365 / 30) - 1
    ],
)
def test_one_payment_can_be_checked_by_hand(days: int, paid: str, percent: str) -> None:
    payment = (ISSUED_ON + timedelta(days=days), Money.of(paid))
    found = effective_rate(Money.of("100000"), ISSUED_ON, [payment])
    assert found == Decimal(percent)


flows = st.lists(
    st.tuples(st.integers(15, 90), st.integers(1_000, 10**9)), min_size=1, max_size=60
)


@given(flows=flows, part=st.floats(0.3, 1))
def test_at_the_rate_found_both_sides_are_worth_the_same(
    flows: list[tuple[int, int]], part: float
) -> None:
    """Its definition: a hundredth of a point away on either side the sign differs."""
    amount = max(1, int(sum(minor for _, minor in flows) * part))
    days = list(accumulate(gap for gap, _ in flows))
    payments = [
        (ISSUED_ON + timedelta(days=day), Money(minor))
        for day, (_, minor) in zip(days, flows, strict=True)
    ]
    rate = effective_rate(Money(amount), ISSUED_ON, payments)

    def surplus(percent: Decimal) -> float:
        base = float(1 + percent / 100)
        worth = 0.0
        for day, (_, minor) in zip(days, flows, strict=True):
            worth += minor * base ** (-day / 365)
        return worth / amount - 1

    assert surplus(rate - HUNDREDTH) > -1e-9
    assert surplus(rate + HUNDREDTH) < 1e-9


@pytest.mark.parametrize(
    "payments",
    [
        [],
        [(0, Money(1_000))],
        [(1, Money(1_000)), (2, Money(0))],
        [(1, Money(999))],
    ],
)
def test_what_is_not_repaid_has_no_rate(payments: list[tuple[int, Money]]) -> None:
    flows = [(ISSUED_ON + timedelta(days=day), sum_) for day, sum_ in payments]
    with pytest.raises(Broken):
        effective_rate(Money(1_000), ISSUED_ON, flows)


def cap(amount: Money, term_days: int) -> GesvCap:
    return GesvCap.at(POLICY, AT, amount=amount, term_days=term_days)


@pytest.mark.parametrize(
    ("amount", "term_days", "percent"),
    [
        (SHORT_MOST, 45, "179"),
        (SHORT_MOST + TIYN, 45, "46"),
        (SHORT_MOST, 46, "46"),
        (Money.of("400000"), 90, "46"),
    ],
)
def test_the_band_is_short_only_within_both_limits(
    amount: Money, term_days: int, percent: str
) -> None:
    assert cap(amount, term_days).percent == Decimal(percent)


@pytest.mark.parametrize(
    ("gesv", "annual", "allowed"),
    [("46.00", "36", True), ("46.01", "36", False)],
)
def test_the_cap_is_inclusive(gesv: str, annual: str, *, allowed: bool) -> None:
    usual = cap(Money.of("400000"), 90)
    assert usual.allows(gesv=Decimal(gesv), annual_percent=Decimal(annual)) is allowed


@pytest.mark.parametrize(
    ("gesv", "annual", "allowed"),
    [
        ("179.00", "109.49", True),
        ("179.01", "109.49", False),
        ("100.00", "109.50", False),  # 0.3 % a day is not below 0.3 %
    ],
)
def test_a_short_loan_has_a_daily_limit_that_is_not_reached(
    gesv: str, annual: str, *, allowed: bool
) -> None:
    short = cap(SHORT_MOST, 45)
    assert short.allows(gesv=Decimal(gesv), annual_percent=Decimal(annual)) is allowed
