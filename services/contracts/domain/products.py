"""Products (продукты): what is lent on which terms, as dated settings.

A product's terms are those in force when the application is submitted; a change is a
new record of the settings, so a contract of last year keeps last year's price.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Self

from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.money import Money
from kernel.policy import Policy

HUNDREDTH: Final = Decimal("0.01")
"""To which percentages are kept and printed."""
_PRODUCTS: Final = "lending.products"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product in force at an instant; both ends of amounts and terms included."""

    code: str
    version: date
    """The day from which these terms are in force: the latest of its settings."""
    annual_percent: Decimal
    """Interest (вознаграждение), per cent a year of 365 days, on what is owed."""
    least: Money
    most: Money
    shortest_days: int
    longest_days: int

    @classmethod
    def at(cls, policy: Policy, code: str, at: datetime) -> Self:
        """The product's terms at an instant; Refused ``product_unknown``."""
        if code not in policy.texts(_PRODUCTS, at):
            raise Refused(
                "product_unknown",
                "There is no such product.",
                next_step="Choose one of the products offered.",
            )
        key = f"lending.product.{code}"
        parts = [
            policy.setting_at(f"{key}.{part}", at)
            for part in (
                "annual_percent",
                "least_mrp",
                "most_mrp",
                "shortest_days",
                "longest_days",
            )
        ]
        return cls(
            code=code,
            version=almaty_date(max(part.effective_at for part in parts)),
            annual_percent=policy.decimal(f"{key}.annual_percent", at).quantize(
                HUNDREDTH
            ),
            least=policy.money_of_mrp(f"{key}.least_mrp", at),
            most=policy.money_of_mrp(f"{key}.most_mrp", at),
            shortest_days=policy.integer(f"{key}.shortest_days", at),
            longest_days=policy.integer(f"{key}.longest_days", at),
        )

    @classmethod
    def all_at(cls, policy: Policy, at: datetime) -> tuple[Self, ...]:
        """Every product on offer at an instant, in the order of the settings."""
        return tuple(cls.at(policy, code, at) for code in policy.texts(_PRODUCTS, at))

    def refuse_outside(self, amount: Money, term_days: int) -> None:
        """Refused ``terms_outside_product``, with the limits, for another loan."""
        if (
            self.least <= amount <= self.most
            and self.shortest_days <= term_days <= self.longest_days
        ):
            return
        raise Refused(
            "terms_outside_product",
            "This product is not given for such an amount or term.",
            next_step="Choose an amount and a term within the limits.",
            least=self.least.to_wire(),
            most=self.most.to_wire(),
            shortest_days=self.shortest_days,
            longest_days=self.longest_days,
        )
