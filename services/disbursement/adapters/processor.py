"""A card processor, or a bank of that dialect: orders and reports in JSON over HTTPS.

The idempotency key stands in a header. A card is named by the token the processor gave,
and reported with the account behind it.
"""

from typing import Annotated

import orjson
from pydantic import AwareDatetime, Field

from kernel.money import Money
from services.disbursement.adapters.answers import Answer, read_as
from services.disbursement.adapters.partner import (
    UNSPECIFIED,
    Code,
    Partner,
    ask_order,
    balance_of,
    give_order,
    is_booked,
)
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.order import (
    PURPOSE,
    BankAnswer,
    NoAnswer,
    Order,
    OrderReport,
    OrderStatus,
)


class _OrderAnswer(Answer):
    order_id: Annotated[str, Field(min_length=1, max_length=64)]
    end_to_end_id: Annotated[str, Field(max_length=64)]
    status: OrderStatus
    amount_minor: int
    currency: Annotated[str, Field(max_length=3)]
    debtor_iban: Annotated[str, Field(max_length=34)]
    creditor_iban: Annotated[str, Field(max_length=34)]
    creditor_card: Annotated[str, Field(max_length=64)] | None = None
    settled_at: AwareDatetime | None = None
    reason: Code = UNSPECIFIED


class HttpProcessor:
    """A connector by JSON; takes cards, and accounts as well."""

    def __init__(self, partner: Partner, *, company_bin: str) -> None:
        self._partner = partner
        self._company_bin = company_bin

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        """POST once; nothing here tries again."""
        creditor = (
            {"creditor_iban": order.creditor_iban}
            if order.creditor_card is None
            else {"creditor_card": order.creditor_card}
        )
        body = orjson.dumps(
            {
                "end_to_end_id": order.key,
                "debtor_iban": order.debtor_iban,
                "debtor_bin": self._company_bin,
                **creditor,
                "creditor_iin": order.creditor_iin,
                "amount_minor": order.amount.amount_minor,
                "currency": order.amount.currency,
                "purpose": PURPOSE,
                "knp": codes.knp,
                "kod": codes.kod,
                "kbe": codes.kbe,
            }
        )
        headers = {"Idempotency-Key": order.key, "Content-Type": "application/json"}
        return give_order(
            self._partner, "/v1/orders", content=body, headers=headers, read=_report
        )

    def ask(self, order: Order) -> BankAnswer:
        """The order's status; "not found" only in the processor's own words."""
        return ask_order(self._partner, f"/v1/orders/{order.key}", read=_report)

    def booked(self, order: Order) -> bool | None:
        """Whether the statement of the company's account shows the order."""
        return is_booked(self._partner, order)

    def balance(self, order: Order) -> Money | NoAnswer:
        """What can be spent from the company's account."""
        return balance_of(self._partner, order)


def _report(body: bytes) -> BankAnswer:
    answer = read_as(_OrderAnswer, body)
    if answer is None:
        return NoAnswer("bank_answer_unreadable")
    return OrderReport(
        order_id=answer.order_id,
        end_to_end_id=answer.end_to_end_id,
        status=answer.status,
        amount_minor=answer.amount_minor,
        currency=answer.currency,
        debtor_iban=answer.debtor_iban,
        creditor_iban=answer.creditor_iban,
        creditor_card=answer.creditor_card,
        settled_at=answer.settled_at,
        reason=answer.reason,
    )
