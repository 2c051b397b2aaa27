"""The bank's memory: orders by idempotency key, accounts with owners, a statement.

One line of the ledger is one real transfer, written before the answer; counting
lines per payout is how a test knows that nobody was paid twice. Orders the bank
will reject move no money and are kept in a journal of their own.
"""

import secrets
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import Any

from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record

USUAL_FUNDS_MINOR = 10**15
"""What an account holds of which nobody has said so."""


class OrderError(Exception):
    """The bank does not take the order; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Status(StrEnum):
    """Where an order stands; the last two are final."""

    ACCEPTED = "accepted"
    SETTLED = "settled"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """Whether a person owns an account (Procedure 5.3)."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What the client asked for; two transfers are equal if every field is.

    The payer's БИН and the codes of the payment (КНП, КОд, КБе) where its channel has
    them; the token of the card that is paid, if one is.
    """

    end_to_end_id: str
    debtor_iban: str
    creditor_iban: str
    creditor_iin: str
    amount_minor: int
    currency: str
    purpose: str
    debtor_bin: str = ""
    knp: str = ""
    kod: str = ""
    kbe: str = ""
    creditor_card: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of this bank and its owner; a closed one rejects what arrives."""

    iban: str
    iin: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card by its token; its number was never here."""

    token: str
    iin: str
    iban: str
    last4: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as taken, `reason` set when it is going to be rejected.

    `settles_at` is shown and follows the simulators' clock; `settles_unix_s` is the
    system's time, so that moving the clock back does not undo a settlement.
    """

    order_id: str
    idempotency_key: str
    transfer: Transfer
    accepted_at: str
    settles_at: str
    settles_unix_s: float
    reason: str | None

    @property
    def status(self) -> Status:
        if time.time() < self.settles_unix_s:
            return Status.ACCEPTED
        return Status.REJECTED if self.reason else Status.SETTLED

    def view(self) -> dict[str, Any]:
        """The order as the client sees it."""
        transfer = self.transfer
        seen: dict[str, Any] = {
            "order_id": self.order_id,
            "end_to_end_id": transfer.end_to_end_id,
            "status": self.status.value,
            "amount_minor": transfer.amount_minor,
            "currency": transfer.currency,
            "debtor_iban": transfer.debtor_iban,
            "creditor_iban": transfer.creditor_iban,
            "accepted_at": self.accepted_at,
        }
        if transfer.creditor_card:
            seen["creditor_card"] = transfer.creditor_card
        if self.status is Status.SETTLED:
            seen["settled_at"] = self.settles_at
        if self.status is Status.REJECTED:
            seen["reason"] = self.reason
        return seen

    def line(self) -> Record:
        """The order as it stands in the journal."""
        line = asdict(self)
        transfer: Record = line.pop("transfer")
        return transfer | line

    @staticmethod
    def from_line(line: Record) -> "Order":
        fields = dict(line)
        names = Transfer.__dataclass_fields__
        transfer = Transfer(
            **{name: fields.pop(name) for name in names if name in fields}
        )
        return Order(transfer=transfer, **fields)


class Bank:
    """Takes orders once, answers about them and about accounts.

    All methods run to their end without yielding, so requests cannot interleave.
    """

    def __init__(
        self, *, ledger: Path, data: Path, clock: Clock, settle_after_s: float
    ) -> None:
        self._clock = clock
        self._settle_after_s = settle_after_s
        self._ledger = Journal(ledger)
        self._rejections = Journal(data / "rejections.jsonl")
        self._opened = Journal(data / "accounts.jsonl")
        self._issued = Journal(data / "cards.jsonl")
        self._endowed = Journal(data / "funds.jsonl")
        self._transfers = [Order.from_line(line) for line in self._ledger.records]
        refused = [Order.from_line(line) for line in self._rejections.records]
        self._orders = {o.idempotency_key: o for o in (*self._transfers, *refused)}
        self._accounts = {
            line["iban"]: Account(**line) for line in self._opened.records
        }
        self._cards = {line["token"]: Card(**line) for line in self._issued.records}
        self._funds = {
            line["iban"]: int(line["amount_minor"]) for line in self._endowed.records
        }
        self._spent: dict[str, int] = {}
        for order in self._transfers:
            self._spend(order.transfer)

    @property
    def able(self) -> bool:
        """False after a failed write: only a restart may go on."""
        journals = (
            *(self._ledger, self._rejections),
            *(self._opened, self._issued, self._endowed),
        )
        return not any(journal.broken for journal in journals)

    def open_account(self, account: Account) -> None:
        """Create the account or change its owner."""
        self._opened.append(asdict(account))
        self._accounts[account.iban] = account

    def register_card(self, card: Card) -> None:
        """Know a card by its token, or let it stand before another account."""
        self._issued.append(asdict(card))
        self._cards[card.token] = card

    def account_of(self, token: str) -> str:
        """The IBAN behind a card; raises OrderError card_unknown."""
        card = self._cards.get(token)
        if card is None:
            raise OrderError("card_unknown")
        return card.iban

    def endow(self, iban: str, amount_minor: int) -> None:
        """Let an account hold this much, whatever has left it before."""
        held = amount_minor + self._spent.get(iban, 0)
        self._endowed.append({"iban": iban, "amount_minor": held})
        self._funds[iban] = held

    def available_minor(self, iban: str) -> int:
        """What an account holds, less every order taken from it."""
        held = self._funds.get(iban, USUAL_FUNDS_MINOR)
        return held - self._spent.get(iban, 0)

    def card(self, *, token: str, iin: str) -> tuple[Verdict, Card | None]:
        """Whether it is the person's card; what it is only if so."""
        card = self._cards.get(token)
        if card is None:
            return Verdict.UNKNOWN, None
        return (Verdict.MATCH, card) if card.iin == iin else (Verdict.MISMATCH, None)

    def take(self, key: str, transfer: Transfer) -> tuple[Order, bool]:
        """The order under this key, and whether it is new.

        Raises OrderError: idempotency_conflict (the key stands for another
        transfer), account_unknown (no such creditor account; the key stays free).
        """
        known = self._orders.get(key)
        if known is not None:
            if known.transfer != transfer:
                raise OrderError("idempotency_conflict")
            return known, False
        account = self._accounts.get(transfer.creditor_iban)
        if account is None:
            raise OrderError("account_unknown")
        objection = _objection(account, transfer) or self._shortage(transfer)
        order = self._new_order(key, transfer, objection)
        self._remember(order)
        return order, True

    def order(self, key: str) -> Order:
        """The order under this key; raises OrderError order_not_found."""
        order = self._orders.get(key)
        if order is None:
            raise OrderError("order_not_found")
        return order

    def ownership(self, *, iban: str, iin: str) -> Verdict:
        """Whether the person owns the account; unknown for an unknown account."""
        account = self._accounts.get(iban)
        if account is None:
            return Verdict.UNKNOWN
        return Verdict.MATCH if account.iin == iin else Verdict.MISMATCH

    def statement(self, iban: str) -> list[Record]:
        """The settled transfers from and to the account, in order of arrival."""
        return [
            _entry(order, iban)
            for order in self._transfers
            if order.status is Status.SETTLED
            and iban in (order.transfer.debtor_iban, order.transfer.creditor_iban)
        ]

    def settled(self) -> list[Order]:
        """The transfers that have arrived, up to the first that has not."""
        return list(takewhile(lambda o: o.status is Status.SETTLED, self._transfers))

    def lines(self) -> list[Record]:
        """The ledger, line by line."""
        return [order.line() for order in self._transfers]

    def _new_order(self, key: str, transfer: Transfer, reason: str | None) -> Order:
        accepted_at: datetime = self._clock.now()
        settles_at = accepted_at + timedelta(seconds=self._settle_after_s)
        return Order(
            order_id=uuid.UUID(bytes=secrets.token_bytes(16), version=4).hex,
            idempotency_key=key,
            transfer=transfer,
            accepted_at=rfc3339(accepted_at),
            settles_at=rfc3339(settles_at),
            settles_unix_s=time.time() + self._settle_after_s,
            reason=reason,
        )

    def _shortage(self, transfer: Transfer) -> str | None:
        short = self.available_minor(transfer.debtor_iban) < transfer.amount_minor
        return "insufficient_funds" if short else None

    def _spend(self, transfer: Transfer) -> None:
        spent = self._spent.get(transfer.debtor_iban, 0) + transfer.amount_minor
        self._spent[transfer.debtor_iban] = spent

    def _remember(self, order: Order) -> None:
        # The disk first: memory must not know an order that a SIGKILL could erase.
        if order.reason is None:
            self._ledger.append(order.line())
            self._transfers.append(order)
            self._spend(order.transfer)
        else:
            self._rejections.append(order.line())
        self._orders[order.idempotency_key] = order


def _objection(account: Account, transfer: Transfer) -> str | None:
    if account.closed:
        return "account_closed"
    if account.iin != transfer.creditor_iin:
        return "creditor_mismatch"
    return None


def _entry(order: Order, iban: str) -> Record:
    transfer = order.transfer
    debit = transfer.debtor_iban == iban
    return {
        "entry_id": order.order_id,
        "end_to_end_id": transfer.end_to_end_id,
        "direction": "debit" if debit else "credit",
        "amount_minor": transfer.amount_minor,
        "currency": transfer.currency,
        "counterparty_iban": transfer.creditor_iban if debit else transfer.debtor_iban,
        "booked_at": order.settles_at,
    }
