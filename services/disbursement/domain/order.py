"""What the bank is told, and what its answers may be taken to mean.

An answer is evidence from outside. Only one that names this very order, amount and
accounts counts; everything else (time-out, reset, 5xx, garbage, a wrong amount, IBAN
or id) leaves the outcome unknown, never failed: a payment that is believed to have
failed is paid twice.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.money import Money
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.payout import Payout

PURPOSE: Final = "Выдача микрокредита"
"""Назначение платежа, in words."""


def order_key(contract_id: UUID, number: int) -> str:
    """The order's key at the bank: the same for ever, whoever asks, however often.

    Serves as idempotency key and as end-to-end id, 35 characters at most (ISO 20022,
    Max35Text).
    """
    return f"{contract_id.hex}-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One transfer from the company's account to the client's, or to a card (5.3).

    ``creditor_card``: the processor's token of the card, behind which ``creditor_iban``
    stands; None for the rail of accounts.
    """

    key: str
    amount: Money
    debtor_iban: str
    creditor_iban: str = field(repr=False)
    creditor_iin: str = field(repr=False)
    document_sha256: str
    creditor_card: str | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        payout: Payout,
        *,
        debtor_iban: str,
        creditor_iban: str,
        creditor_iin: str,
        creditor_card: str | None = None,
    ) -> Self:
        """The order that pays this payout to this account, or to this card."""
        return cls(
            key=order_key(payout.contract_id, payout.number),
            amount=payout.amount,
            debtor_iban=debtor_iban,
            creditor_iban=creditor_iban,
            creditor_iin=creditor_iin,
            document_sha256=payout.document_sha256,
            creditor_card=creditor_card,
        )

    @property
    def rail(self) -> Rail:
        """By what the money goes: fixed when the order is drawn up."""
        return Rail.ACCOUNT if self.creditor_card is None else Rail.CARD

    @property
    def digest(self) -> str:
        """SHA-256 of everything the client agreed to; compared before each sending."""
        said = [
            self.key,
            self.amount.to_wire(),
            self.amount.currency,
            self.debtor_iban,
            self.creditor_iban,
            self.creditor_iin,
            self.document_sha256,
            *([] if self.creditor_card is None else [self.creditor_card]),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class OrderStatus(StrEnum):
    """The bank's own words."""

    ACCEPTED = "accepted"
    SETTLED = "settled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """A well-formed answer about an order; whether it is ours is to be checked."""

    order_id: str
    end_to_end_id: str
    status: OrderStatus
    amount_minor: int
    currency: str
    debtor_iban: str
    creditor_iban: str = field(repr=False)
    creditor_card: str | None = field(default=None, repr=False)
    settled_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderMissing:
    """The bank says it knows no order under this key."""


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """The bank did not take the order, for a reason it names."""

    code: str


@dataclass(frozen=True, slots=True)
class OrderConflict:
    """Another order stands under our key at the bank."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that can be understood; the order may or may not be there."""

    code: str


BankAnswer = OrderReport | OrderMissing | OrderRefused | OrderConflict | NoAnswer


@dataclass(frozen=True, slots=True)
class Settled:
    """The money has arrived."""

    order_id: str
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bank has the order and has not finished it."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The bank says no; final only when status and statement agree."""

    code: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The bank does not know the order: it may appear yet."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The outcome is unknown; ``alarm`` when the answer contradicts the order."""

    code: str
    alarm: bool = False


Reading = Settled | Accepted | Rejected | Absent | Unclear


def read_answer(
    answer: BankAnswer, *, order: Order, known_order_id: str | None
) -> Reading:
    """What an answer means for the order that was sent.

    ``known_order_id`` is the bank's id from an earlier answer: another one now is
    another's order, and an order once seen does not vanish.
    """
    match answer:
        case OrderReport():
            wrong = differences(answer, order=order, known_order_id=known_order_id)
            return (
                Unclear(f"bank_{wrong[0]}_differs", alarm=True)
                if wrong
                else (_read_status(answer))
            )
        case OrderMissing() if known_order_id is not None:
            return Unclear("bank_order_vanished", alarm=True)
        case OrderMissing():
            return Absent()
        case OrderRefused(code):
            return Rejected(code)
        case OrderConflict():
            return Unclear("bank_key_conflict", alarm=True)
        case NoAnswer(code):
            return Unclear(code)


def differences(
    report: OrderReport, *, order: Order, known_order_id: str | None
) -> tuple[str, ...]:
    """Names of the fields in which the report is not about our order."""
    pairs = (
        ("end_to_end_id", report.end_to_end_id, order.key),
        ("amount", report.amount_minor, order.amount.amount_minor),
        ("currency", report.currency, order.amount.currency),
        ("debtor", report.debtor_iban, order.debtor_iban),
        ("creditor", report.creditor_iban, order.creditor_iban),
        ("card", report.creditor_card, order.creditor_card),
        ("order_id", report.order_id, known_order_id or report.order_id),
    )
    return tuple(name for name, said, ours in pairs if said != ours)


def _read_status(report: OrderReport) -> Reading:
    match report.status:
        case OrderStatus.SETTLED if report.settled_at is not None:
            return Settled(report.order_id, report.settled_at)
        case OrderStatus.SETTLED:
            return Unclear("bank_settled_without_time", alarm=True)
        case OrderStatus.REJECTED:
            return Rejected(report.reason or "unspecified")
        case OrderStatus.ACCEPTED:
            return Accepted(report.order_id)


class AfterAbsence(StrEnum):
    """What to do when the bank does not know an order that may have been sent."""

    ASK_AGAIN = "ask_again"
    SEND_SAME_KEY = "send_same_key"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendRules:
    """When silence of the bank may be believed. All values come from settings.

    ``visible_after_s``: a sent order may show up this late;
    ``agreeing_answers``: so many "not found" in a row;
    ``window_s``: from the first sending on; must be shorter than the bank remembers
    keys (30 minutes at the shortest known).
    """

    visible_after_s: int
    agreeing_answers: int
    window_s: int

    def within(self, capabilities: Capabilities) -> "ResendRules":
        """The same, as far as the order's connector remembers keys."""
        return replace(self, window_s=min(self.window_s, capabilities.window_s))


def after_absence(
    payout: Payout, *, now: datetime, counted_ns: int | None, rules: ResendRules
) -> AfterAbsence:
    """Decide by the row, in which the present "not found" is already counted."""
    if payout.first_sent_at is None or payout.sent_at is None:
        return AfterAbsence.HOLD
    if payout.first_sent_ns is None or counted_ns is None:
        return AfterAbsence.HOLD
    really = timedelta(microseconds=(counted_ns - payout.first_sent_ns) // 1000)
    # Two clocks: one that is set back would make the window last for ever (F14).
    if max(really, now - payout.first_sent_at) > timedelta(seconds=rules.window_s):
        return AfterAbsence.HOLD
    waited = now - payout.sent_at >= timedelta(seconds=rules.visible_after_s)
    if waited and payout.missing >= rules.agreeing_answers:
        return AfterAbsence.SEND_SAME_KEY
    return AfterAbsence.ASK_AGAIN
