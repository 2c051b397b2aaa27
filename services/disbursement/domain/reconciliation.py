"""Reconciliation (сверка): what the bank booked, held against what we ordered.

The bank tells each entry of the company's account twice: at once (camt.054) and in the
statement of the day (camt.053). Its own reference makes one entry of both. An entry is
matched, or a case for the treasurer; a case that shows that rows and bank disagree
about money halts all sending until two persons resume it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.money import Money
from services.disbursement.domain.order import Order
from services.disbursement.domain.payout import (
    AT_BANK,
    ENDED_UNPAID,
    Payout,
    State,
    Tombstone,
)

_KEY: Final = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,3})")
BOOKABLE: Final = AT_BANK | {State.PAID}
"""Payouts whose order the bank may have booked."""


class Message(StrEnum):
    """In which messages of ISO 20022 the bank tells entries."""

    NOTIFICATION = "camt.054"
    """As they are booked (BankToCustomerDebitCreditNotification)."""
    STATEMENT = "camt.053"
    """As the account stands at the end of the day (BankToCustomerStatement)."""


class Direction(StrEnum):
    """Out of the company's account, or into it."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """A booked entry. ``reference`` is the bank's own (AcctSvcrRef), and its only key.

    ``end_to_end_id`` is our order's key, where it is an order of ours, and None of what
    others paid in; the account it went to is compared and kept nowhere.
    """

    reference: str
    direction: Direction
    reversal: bool
    amount: Money
    booked_at: datetime
    end_to_end_id: str | None = None
    creditor_iban: str | None = field(default=None, repr=False)

    def same_as(self, other: "BankEntry") -> bool:
        """Whether both say the same, the account aside, which is kept nowhere."""
        return (
            self.reference,
            self.direction,
            self.reversal,
            self.amount,
            self.booked_at,
            self.end_to_end_id,
        ) == (
            other.reference,
            other.direction,
            other.reversal,
            other.amount,
            other.booked_at,
            other.end_to_end_id,
        )


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The next entries; ``upto`` is where the following page begins."""

    entries: tuple[BankEntry, ...]
    upto: int
    is_last: bool


class Finding(StrEnum):
    """What an entry is, or what a payout without one is."""

    MATCHED = "matched"
    RECEIVED = "received"
    """Money that came in: no order of ours is concerned."""
    MISSING = "entry_missing"
    """Sent, and not booked within the term (`reconciliation.missing_hours`)."""
    RETURNED = "entry_returned"
    """The bank gave an order's money back."""
    UNKNOWN = "entry_unknown"
    """Booked under an id that is no order of ours."""
    UNSENT = "entry_of_unsent"
    """Our row says that the order has not left: the database is older than the bank."""
    ENDED = "entry_of_ended"
    """Our row says rejected, cancelled or blocked."""
    TWICE = "entry_twice"
    """The order is booked under another reference already."""
    AMOUNT_DIFFERS = "entry_amount_differs"
    ACCOUNT_DIFFERS = "entry_account_differs"
    RESTATED = "entry_restated"
    """Another content under a reference that is known."""


QUIET: Final = frozenset({Finding.MATCHED, Finding.RECEIVED})
"""Nobody has to look."""
SEVERE: Final = frozenset(Finding) - QUIET - {Finding.MISSING, Finding.RETURNED}
"""Rows and bank disagree about money that left: all sending halts."""
OURS: Final = frozenset({Finding.MATCHED, Finding.UNSENT})
"""The entry is the payout's own, and stands in the books for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the treasurer has to look at; resolved by a person, or by the entry.

    ``reference`` is the bank's, ``resolution`` the person's words.
    """

    case_id: UUID
    finding: Finding
    payout_id: UUID | None
    reference: str | None
    opened_at: datetime
    resolved_at: datetime | None = None
    resolved_by: UUID | None = None
    resolution: str | None = None

    @property
    def severe(self) -> bool:
        """Whether sending stays halted while it is open."""
        return self.finding in SEVERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """No payout leaves from ``halted_at`` on, until two persons resume sending.

    ``code`` is the finding, or ``by_hand`` with whoever did it.
    """

    halt_id: UUID
    code: str
    halted_at: datetime
    halted_by: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Who agreed that sending goes on after a halt, and why (four eyes)."""

    halt_id: UUID
    approval_id: UUID
    asked_by: UUID
    resumed_by: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far one kind of message is read.

    ``caught_up_at``: when its end was last reached; ``database``: the mark of the
    database as it ran then, which a restart, and so a restore, changes.
    """

    message: Message
    upto: int = 0
    caught_up_at: datetime | None = None
    database: str | None = None
    next_at: datetime | None = None

    def due(self, now: datetime, *, every: timedelta) -> bool:
        """Whether to read on; a ``next_at`` far ahead is from a wrong clock (F14)."""
        return self.next_at is None or not now < self.next_at <= now + every


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRules:
    """How often the bank is read (settings)."""

    every: timedelta


def caught_up(positions: Sequence[Position], *, database: str) -> datetime | None:
    """When the end of every kind of message was last reached, by this very database.

    None when one was not: the database was started since, perhaps from a backup.
    """
    reached = {
        one.message: one.caught_up_at for one in positions if one.database == database
    }
    instants = [reached.get(message) for message in Message]
    known = [instant for instant in instants if instant is not None]
    return min(known) if len(known) == len(instants) else None


def ordered_by(end_to_end_id: str | None) -> tuple[UUID, int] | None:
    """Contract and number of the payout whose order (`order_key`) the id names.

    None if it is none of ours.
    """
    named = _KEY.fullmatch(end_to_end_id or "")
    return None if named is None else (UUID(hex=named[1]), int(named[2]))


def judge(
    entry: BankEntry, found: Payout | Tombstone | None, order: Order | None
) -> Finding:
    """What an entry is, told for the first time.

    1. What came in concerns no order, unless it takes one of ours back.
    2. What left is an order of ours,
    3. booked once,
    4. that our row says has left, and has not come to nothing,
    5. of its amount and to its account. ``order`` is None when it does not open any
       more, and then nobody can tell.
    """
    if entry.direction is Direction.CREDIT:
        returned = entry.reversal and found is not None
        return Finding.RETURNED if returned else Finding.RECEIVED
    match found:
        case None:
            return Finding.UNKNOWN
        case Tombstone():
            return Finding.ENDED
        case Payout() if found.booked_reference not in (None, entry.reference):
            return Finding.TWICE
        case Payout() if found.state in ENDED_UNPAID:
            return Finding.ENDED
        case Payout() if found.amount != entry.amount:
            return Finding.AMOUNT_DIFFERS
        case Payout() if order is None or order.creditor_iban != entry.creditor_iban:
            return Finding.ACCOUNT_DIFFERS
        case Payout() if found.state not in BOOKABLE:
            return Finding.UNSENT
        case Payout():
            return Finding.MATCHED
