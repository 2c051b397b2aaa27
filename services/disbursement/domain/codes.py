"""The codes that the National Bank's statistics ask of every payment in tenge.

The purpose is КНП (код назначения платежа); who pays and who is paid are told by КОд
and КБе: residency, and sector of the economy.
"""

from dataclasses import dataclass
from datetime import datetime

from kernel.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCodes:
    """КНП of three digits; КОд and КБе of two."""

    knp: str
    kod: str
    kbe: str


def payment_codes(policy: Policy, *, term_days: int, at: datetime) -> PaymentCodes:
    """Those of a microcredit of this term; a resident person is paid.

    ``at``: when the order was first sent, so that whoever sends it again says the same.
    """
    is_short = term_days <= policy.integer("payments.short_days", at)
    return PaymentCodes(
        knp=policy.text("payments.knp_short" if is_short else "payments.knp_long", at),
        kod=policy.text("payments.kod", at),
        kbe=policy.text("payments.kbe", at),
    )
