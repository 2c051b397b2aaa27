"""ГЭСВ, the annual effective rate (годовая эффективная ставка вознаграждения).

The rate r at which everything the client pays is worth what the client got::

    amount = Σ payment_i / (1 + r)^(days_i / 365)

With x = (1 + r)^(-1/365), the price of a tenge one day later, this is a polynomial in
x with whole exponents.  It grows and is convex for x > 0, so that Newton's method from
the right of the root goes down to it and cannot miss it.  Decimal throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final, Self

from kernel.errors import Broken
from kernel.money import Money
from kernel.policy import Policy, Setting

YEAR_DAYS: Final = 365
_HUNDREDTH: Final = Decimal("0.01")
_CONTEXT: Final = Context(prec=50)
_SMALL: Final = Decimal("1e-30")
"""A step in x below which the rate is exact to many more digits than are shown."""
_MOST_STEPS: Final = 200


def effective_rate(
    amount: Money, issued_on: date, payments: Sequence[tuple[date, Money]]
) -> Decimal:
    """ГЭСВ in per cent a year, rounded to hundredths, half up.

    `payments`: day and sum of each, none before the day after the issue.  Broken for a
    payment that is none or not after the issue, and when all are less than the amount.
    """
    terms = [
        ((day - issued_on).days, Decimal(sum_.amount_minor)) for day, sum_ in payments
    ]
    if not 0 < amount.amount_minor <= sum(minor for _, minor in terms):
        raise Broken("An effective rate needs an amount that is repaid")
    if any(days < 1 or minor <= 0 for days, minor in terms):
        raise Broken("A payment comes after the issue and is above zero")
    with localcontext(_CONTEXT):
        x = _price_of_a_day(Decimal(amount.amount_minor), terms)
        rate = (x**-YEAR_DAYS - 1) * 100
        return rate.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)


def _price_of_a_day(amount: Decimal, terms: Sequence[tuple[int, Decimal]]) -> Decimal:
    x = Decimal(1)  # at least as much is paid as was got: the root is not above 1
    for _ in range(_MOST_STEPS):
        slope = sum(days * minor * x ** (days - 1) for days, minor in terms)
        worth = sum(minor * x**days for days, minor in terms)
        step = (worth - amount) / slope
        x -= step
        if abs(step) < _SMALL:
            return x
    raise Broken("The effective rate was not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class GesvCap:
    """How high ГЭСВ may be, and the act that says so.

    Of a short microcredit the daily rate must also stay strictly below `daily_percent`.
    """

    percent: Decimal
    daily_percent: Decimal | None
    settings: tuple[Setting, ...]
    """The records the band and its caps come from; the cap's own first."""

    @classmethod
    def at(cls, policy: Policy, at: datetime, *, amount: Money, term_days: int) -> Self:
        """The band of this amount and term: short when both are within its limits."""
        band = "lending.gesv_caps"
        short = term_days <= policy.integer(
            f"{band}.short_days", at
        ) and amount <= policy.money_of_mrp(f"{band}.short_mrp", at)
        daily = f"{band}.short_daily_percent"
        key = f"{band}.short_percent" if short else f"{band}.percent"
        named = (key, f"{band}.short_days", f"{band}.short_mrp", "mrp")
        return cls(
            percent=policy.decimal(key, at),
            daily_percent=policy.decimal(daily, at) if short else None,
            settings=tuple(
                policy.setting_at(name, at)
                for name in (*named, *((daily,) if short else ()))
            ),
        )

    @property
    def short(self) -> bool:
        """Whether it is the cap of short microcredits."""
        return self.daily_percent is not None

    @property
    def source(self) -> str:
        """The act that sets the cap."""
        return self.settings[0].source

    def allows(self, *, gesv: Decimal, annual_percent: Decimal) -> bool:
        """ГЭСВ up to and including the cap; the daily rate below its own."""
        daily = annual_percent / YEAR_DAYS
        return gesv <= self.percent and (
            self.daily_percent is None or daily < self.daily_percent
        )
