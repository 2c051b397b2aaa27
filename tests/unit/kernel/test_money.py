"""Money is exact, of one currency, and has one spelling on the wire."""

from decimal import Decimal
from fractions import Fraction
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Broken, Refused
from kernel.money import LARGEST_MINOR, Money

AMOUNTS = st.integers(-LARGEST_MINOR, LARGEST_MINOR).map(Money)
SMALL = st.integers(-(10**15), 10**15)


@given(AMOUNTS)
def test_every_amount_survives_the_wire(money: Money) -> None:
    assert money == Money.from_wire(money.to_wire())
    assert money.amount_minor == money.decimal * 100


@given(st.integers(0, 10**15 - 1), st.integers(0, 99))
def test_a_typed_amount_is_taken_exactly(major: int, minor: int) -> None:
    assert Money(major * 100 + minor) == Money.of(f"{major}.{minor:02d}")


@pytest.mark.parametrize(
    ("text", "amount_minor"),
    [
        ("0", 0),
        ("400000", 40_000_000),
        ("400000.5", 40_000_050),
        ("-0.01", -1),
        ("0.07", 7),
    ],
)
def test_a_typed_amount_may_leave_decimals_out(text: str, amount_minor: int) -> None:
    assert Money(amount_minor) == Money.of(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 000", "1,5", "1.", ".5", "1.005", "+1", "007", "--1", "1\n"),
        *("1e3", "NaN", "Infinity", "0x10", "1_000", "٤٠٠", "４００", "9" * 16),
        *(400000.0, 400000, True, None, Decimal(1)),
    ],
)
def test_anything_but_a_plain_decimal_is_refused(text: object) -> None:
    with pytest.raises(Refused) as refusal:
        Money.of(cast("str", text))
    assert refusal.value.code == "amount_invalid"


@pytest.mark.parametrize("text", ["1", "1.5", "-0.00", "01.00", "1.00\n", "", 1.0])
def test_the_wire_has_one_spelling(text: object) -> None:
    with pytest.raises(Broken):
        Money.from_wire(cast("str", text))


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_positive_means_above_zero(amount_minor: int) -> None:
    with pytest.raises(Refused) as refusal:
        Money(amount_minor).positive()
    assert refusal.value.code == "amount_not_positive"


def test_a_positive_amount_passes_through() -> None:
    assert Money(1) == Money(1).positive()


@given(SMALL, SMALL)
def test_arithmetic_and_order_are_those_of_integers(a: int, b: int) -> None:
    assert Money(a + b) == Money(a) + Money(b)
    assert Money(a - b) == Money(a) - Money(b)
    assert Money(-a) == -Money(a)
    assert (a < b, a <= b, a > b) == (
        Money(a) < Money(b),
        Money(a) <= Money(b),
        Money(a) > Money(b),
    )


@given(
    st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6), st.integers(1, 10**6)
)
def test_a_ratio_is_rounded_once_by_at_most_half_a_tiyn(
    amount_minor: int, numerator: int, denominator: int
) -> None:
    exact = Fraction(amount_minor) * numerator / denominator
    rounded = Money(amount_minor).times_ratio(numerator, denominator).amount_minor
    assert abs(exact - rounded) <= Fraction(1, 2)


@pytest.mark.parametrize(("amount_minor", "half"), [(1, 1), (-1, -1), (3, 2), (-3, -2)])
def test_halves_are_rounded_away_from_zero(amount_minor: int, half: int) -> None:
    assert Money(half) == Money(amount_minor).times_ratio(1, 2)


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_ratio_needs_a_denominator_above_zero(denominator: int) -> None:
    with pytest.raises(Broken):
        Money(1).times_ratio(1, denominator)


def test_two_currencies_never_mix() -> None:
    tenge, dollar = Money(1), Money(1, "USD")
    assert tenge != dollar
    with pytest.raises(Broken):
        tenge + dollar
    with pytest.raises(Broken):
        tenge - dollar
    with pytest.raises(Broken):
        assert tenge < dollar


def test_money_meets_only_money() -> None:
    number = cast("Money", 1)
    with pytest.raises(Broken):
        Money(1) + number


@pytest.mark.parametrize("amount", [1.0, True, "1", 2**63])
def test_minor_units_are_an_int_that_fits_a_column(amount: object) -> None:
    with pytest.raises(Broken):
        Money(cast("int", amount))


@pytest.mark.parametrize("currency", ["", "kzt", "KZ", "KZTT", "ТГН"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(Broken):
        Money(1, currency)


@pytest.mark.parametrize(
    ("money", "printed"),
    [
        (Money(40_000_000), "400 000,00 ₸"),
        (Money(-105), "-1,05 ₸"),
        (Money(123_456_789), "1 234 567,89 ₸"),
        (Money(100, "USD"), "1,00 USD"),
    ],
)
def test_an_amount_prints_as_a_contract_has_it(money: Money, printed: str) -> None:
    assert printed == str(money)
