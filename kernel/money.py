"""Money (деньги): whole tiyn and a currency, nothing in between.

Every service means the same thing by an amount, and thresholds are compared exactly,
to the tiyn: 75 МРП and 75 МРП + 1 tiyn are two different answers. So there is one
type, it counts minor units in an int, and no binary floating point gets in.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from typing import final

from typing_extensions import override

from kernel.errors import Broken, Refused

MINOR_PER_MAJOR = 100
LARGEST_MINOR = 2**63 - 1  # what a BIGINT column holds

_TYPED = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,2})?")
_WIRE = re.compile(r"-?(?:0|[1-9][0-9]{0,16})\.[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SIGNS = {"KZT": "₸"}


@final
@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (tiyn: 1/100 tenge) of one currency (ISO 4217).

    Amounts of different currencies are unequal; adding or ordering them is Broken.
    """

    amount_minor: int
    currency: str = "KZT"

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise Broken("Money counts whole minor units; it takes an int")
        if abs(self.amount_minor) > LARGEST_MINOR:
            raise Broken("The amount is larger than any account can hold")
        if not _CURRENCY.fullmatch(self.currency):
            raise Broken("A currency is three capital letters of ISO 4217")

    @classmethod
    def of(cls, text: str, currency: str = "KZT") -> "Money":
        """The amount a person or a partner wrote, "400000" or "400000.5" or "-0.01".

        Exact decimal notation only: ASCII digits, a point, at most two decimals and
        15 whole digits. Anything else (a float, an exponent, NaN, spaces, a plus
        sign, leading zeros) is Refused with ``amount_invalid``.
        """
        if not _spelt(_TYPED, text):
            raise Refused(
                "amount_invalid",
                "This is not an amount of money.",
                next_step="Write digits, with at most two after the point.",
            )
        return cls(_minor(text), currency)

    @classmethod
    def from_wire(cls, text: str, currency: str = "KZT") -> "Money":
        """Read what `to_wire` wrote, and only that: one amount has one spelling.

        Raises Broken otherwise, because the sender is one of our own services.
        """
        if not _spelt(_WIRE, text) or text == "-0.00":
            raise Broken("An amount on the wire has exactly two decimals")
        return cls(_minor(text), currency)

    def to_wire(self) -> str:
        """The one spelling used in events and RPC: "400000.00"."""
        sign = "-" if self.amount_minor < 0 else ""
        major, minor = divmod(abs(self.amount_minor), MINOR_PER_MAJOR)
        return f"{sign}{major}.{minor:02d}"

    @property
    def decimal(self) -> Decimal:
        """The amount in major units (tenge), exact."""
        return Decimal(self.to_wire())

    def positive(self) -> "Money":
        """This amount if it is above zero; else Refused ``amount_not_positive``."""
        if self.amount_minor <= 0:
            raise Refused(
                "amount_not_positive",
                "The amount must be more than zero.",
                next_step="Enter an amount above zero.",
            )
        return self

    def times_ratio(self, numerator: int, denominator: int) -> "Money":
        """This amount × numerator / denominator, in whole minor units.

        The product is exact; the one division rounds half away from zero, the
        commercial rule: 0.5 tiyn becomes 1 tiyn, −0.5 tiyn becomes −1 tiyn.
        """
        if denominator <= 0:
            raise Broken("A ratio has a denominator above zero")
        product = self.amount_minor * numerator
        whole, rest = divmod(abs(product), denominator)
        rounded = whole + (2 * rest >= denominator)
        return Money(rounded if product >= 0 else -rounded, self.currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount_minor < other.amount_minor

    @override
    def __str__(self) -> str:
        """As a Kazakh contract prints it: "400 000,00 ₸"."""
        sign = "-" if self.amount_minor < 0 else ""
        major, minor = divmod(abs(self.amount_minor), MINOR_PER_MAJOR)
        grouped = f"{major:,}".replace(",", " ")
        mark = _SIGNS.get(self.currency, self.currency)
        return f"{sign}{grouped},{minor:02d} {mark}"

    def _same_currency(self, other: "Money") -> None:
        if type(other) is not Money:
            raise Broken("Money meets only Money")
        if other.currency != self.currency:
            raise Broken("Amounts of two currencies were mixed")


def _spelt(pattern: re.Pattern[str], text: object) -> bool:
    """Whether it is a text of the pattern; JSON brings floats where we expect text."""
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _minor(text: str) -> int:
    """Minor units of a text that one of the two patterns has accepted."""
    major, _, minor = text.lstrip("-").partition(".")
    amount = int(major) * MINOR_PER_MAJOR + int(minor.ljust(2, "0"))
    return -amount if text.startswith("-") else amount
