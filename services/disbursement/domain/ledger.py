"""The company's own books of payouts: double entry (двойная запись), in whole tiyn.

::

    sent            loan_in_transit ← settlement
    settled         loan            ← loan_in_transit
    rejected        settlement      ← loan_in_transit      (a reversal, never an edit)
    booked          settlement      ← bank
    unidentified    suspense        ← bank
    received        bank            ← suspense

``bank`` moves by the bank's statement alone, so its balance is the sum of what the bank
booked; what stands on ``settlement`` is given to the bank and not booked there yet.

A day is closed by its proof: what was posted, the balances after it and a digest that
holds the digest of the day before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Broken
from kernel.money import Money

CURRENCY: Final = "KZT"
"""The books have one currency, as the law has for microcredits."""
FIRST_DIGEST: Final = "0" * 64
"""Stands before the first day."""
POSTED_WITHIN: Final = timedelta(hours=1)
"""So long after its end a day may still get what was begun in it."""


class Account(StrEnum):
    """What money is counted on."""

    LOAN = "loan"
    """What clients owe of paid out microcredits (ссудная задолженность)."""
    LOAN_IN_TRANSIT = "loan_in_transit"
    """Microcredits whose orders are given and not settled."""
    SETTLEMENT = "settlement"
    """Orders given to the bank that its statement does not show yet."""
    BANK = "bank"
    """The company's account, as the bank's statement has it."""
    SUSPENSE = "suspense"
    """What the bank booked and no order of ours explains (невыясненные суммы)."""


class Kind(StrEnum):
    """What a transaction is about."""

    SENT = "sent"
    SETTLED = "settled"
    REJECTED = "rejected"
    BOOKED = "booked"
    UNIDENTIFIED = "unidentified"
    RECEIVED = "received"


_SIDES: Final[Mapping[Kind, tuple[Account, Account]]] = {
    Kind.SENT: (Account.LOAN_IN_TRANSIT, Account.SETTLEMENT),
    Kind.SETTLED: (Account.LOAN, Account.LOAN_IN_TRANSIT),
    Kind.REJECTED: (Account.SETTLEMENT, Account.LOAN_IN_TRANSIT),
    Kind.BOOKED: (Account.SETTLEMENT, Account.BANK),
    Kind.UNIDENTIFIED: (Account.SUSPENSE, Account.BANK),
    Kind.RECEIVED: (Account.BANK, Account.SUSPENSE),
}
"""Debit and credit of each kind."""


class Side(StrEnum):
    """Debit or credit (дебет, кредит)."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: an amount on one side of an account."""

    account: Account
    side: Side
    amount: Money

    @property
    def signed_minor(self) -> int:
        """Tiyn; a credit is negative."""
        minor = self.amount.amount_minor
        return minor if self.side is Side.DEBIT else -minor


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One transaction of the books (проводка): balanced, and tied to what caused it.

    ``event_id`` is the event that told of it; ``bank_reference`` the bank's own id of
    order or entry.  Broken when debits and credits differ, or there are none.
    """

    transaction_id: UUID
    kind: Kind
    day: date
    postings: tuple[Posting, ...]
    posted_at: datetime
    payout_id: UUID | None = None
    event_id: UUID | None = None
    bank_reference: str | None = None

    def __post_init__(self) -> None:
        """Broken unless balanced; the database says the same once more."""
        total = sum(line.signed_minor for line in self.postings)
        if not self.postings or total != 0:
            raise Broken("A transaction of the books does not balance")


def lines_of(kind: Kind, amount: Money) -> tuple[Posting, ...]:
    """The two lines of a kind of transaction."""
    debit, credit = _SIDES[kind]
    return (
        Posting(debit, Side.DEBIT, amount.positive()),
        Posting(credit, Side.CREDIT, amount),
    )


def day_of(now: datetime, *, proved_until: date | None) -> date:
    """The day of Almaty, but none that is closed: a clock set back reopens nothing."""
    today = almaty_date(now)
    if proved_until is None:
        return today
    return max(today, proved_until + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a closed day came to; ``balances`` are those after it, debit positive."""

    day: date
    transactions: int
    debit_minor: int
    credit_minor: int
    balances: Mapping[Account, int]
    previous_sha256: str
    sha256: str


def prove(day: date, entries: Iterable[JournalEntry], *, before: Proof | None) -> Proof:
    """Add a day up, upon the proof before it.  Broken when debits and credits differ.

    Each transaction balances by itself; that the day does as well is counted anew.
    """
    ordered = sorted(entries, key=lambda entry: entry.transaction_id)
    lines = [line for entry in ordered for line in entry.postings]
    debit = sum(line.amount.amount_minor for line in lines if line.side is Side.DEBIT)
    credit = sum(line.amount.amount_minor for line in lines if line.side is Side.CREDIT)
    if debit != credit:
        raise Broken("The debits and credits of a day differ")
    balances = Counter(dict(before.balances if before else {}))
    previous = before.sha256 if before else FIRST_DIGEST
    for line in lines:
        balances[line.account] += line.signed_minor
    told: dict[str, Json] = {
        "day": day.isoformat(),
        "previous_sha256": previous,
        "balances": {account.value: balances[account] for account in Account},
        "transactions": [_told(entry) for entry in ordered],
    }
    return Proof(
        day=day,
        transactions=len(ordered),
        debit_minor=debit,
        credit_minor=credit,
        balances={account: balances[account] for account in Account},
        previous_sha256=previous,
        sha256=sha256_hex(canonical(told)),
    )


def days_to_prove(days: Sequence[date], *, now: datetime) -> Sequence[date]:
    """Of these days those that get no posting any more, oldest first."""
    closed = almaty_date(now - POSTED_WITHIN)
    return sorted(day for day in days if day < closed)


def _told(entry: JournalEntry) -> Json:
    return {
        "transaction_id": str(entry.transaction_id),
        "kind": entry.kind.value,
        "payout_id": None if entry.payout_id is None else str(entry.payout_id),
        "event_id": None if entry.event_id is None else str(entry.event_id),
        "bank_reference": entry.bank_reference,
        "postings": [
            [line.account.value, line.side.value, line.amount.amount_minor]
            for line in entry.postings
        ],
    }
