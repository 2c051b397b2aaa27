"""The company's bank: its host-to-host channel over HTTPS with mutual TLS.

Orders go as pain.001, answers come as pain.002 (`pain`); the refusal to take an order,
and the statement, are JSON. Whatever is not a well-formed answer is `NoAnswer`: the
outcome is unknown.
"""

from typing import Final

from kernel.clock import Clock
from kernel.money import Money
from services.disbursement.adapters.pain import initiation, read_report
from services.disbursement.adapters.partner import (
    Partner,
    ask_order,
    balance_of,
    give_order,
    is_booked,
)
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.order import (
    BankAnswer,
    NoAnswer,
    Order,
)

_XML: Final = {"Content-Type": "application/xml"}


class HttpBank:
    """`Bank` by ISO 20022; the key of an order is the id of its message."""

    def __init__(self, partner: Partner, *, company_bin: str, clock: Clock) -> None:
        self._partner = partner
        self._company_bin = company_bin
        self._clock = clock

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        """POST once; nothing here tries again.  Broken for an order of no schema."""
        body = initiation(
            order, codes, company_bin=self._company_bin, at=self._clock.now()
        )
        return give_order(
            self._partner,
            "/v1/payments",
            content=body,
            headers=_XML,
            read=read_report,
        )

    def ask(self, order: Order) -> BankAnswer:
        """The order's status; "not found" only in the bank's own words."""
        return ask_order(self._partner, f"/v1/payments/{order.key}", read=read_report)

    def booked(self, order: Order) -> bool | None:
        """Whether the statement of the company's account shows the order."""
        return is_booked(self._partner, order)

    def balance(self, order: Order) -> Money | NoAnswer:
        """What can be spent from the company's account."""
        return balance_of(self._partner, order)
