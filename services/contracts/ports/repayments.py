"""Repayments: what the bank says, whose it is, and each contract's account."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

from kernel.money import Money
from services.contracts.domain.credits import (
    BankEntry,
    Payment,
    RecognisedBy,
    StatementPage,
)
from services.contracts.domain.repayment import (
    Credit,
    EarlyOrder,
    Posting,
    PostingKind,
)
from services.contracts.ports.unit import Unit


class Statements(Protocol):
    """The bank, as it tells what was booked on the account for repayments."""

    def page(self, *, after: int) -> StatementPage:
        """The entries behind that number.  Transient without a usable answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Whose contract a credit is for, and who says so."""

    entry_id: UUID
    contract_id: UUID
    recognised_by: RecognisedBy
    approval_id: UUID | None = None
    asked_by: UUID | None = None
    approved_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEntry:
    """An entry on file; `taken_back` is how much of a credit the bank has reversed."""

    entry_id: UUID
    entry: BankEntry
    content_sha256: str
    contract_id: UUID | None
    taken_back: Money

    @property
    def left(self) -> Money:
        """What of a credit counts."""
        return self.entry.amount - self.taken_back

    @property
    def reversed(self) -> bool:
        """Whether nothing of a credit counts."""
        return self.left == Money(0)


DoubtReason = Literal["contradicted", "reversal_differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An entry in which the bank contradicts itself; two of the staff settle it.

    ``contradicted``: said under a reference that had said something else; its amount
    and day are sealed with it.  ``reversal_differs``: a reversal of more than is left
    of the credit, or of what is no credit.
    """

    entry_id: UUID
    reason: DoubtReason
    reference: str
    client_id: UUID | None
    """Whose key seals it; None where that is the house's, or is destroyed."""
    amount: Money | None = None
    value_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What two of the staff agree on of a doubt, on the bank's answer."""

    entry_id: UUID
    document_sha256: str
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID


class Entries(Protocol):
    """What the bank booked; entries are only added."""

    def position(self, *, at: datetime) -> int:
        """How far the statement is read; locked until the transaction ends."""
        ...

    def move(self, *, upto: int, at: datetime) -> None: ...

    def add(
        self,
        entry_id: UUID,
        entry: BankEntry,
        payment: Payment,
        *,
        of_contract: UUID | None,
        at: datetime,
    ) -> None:
        """Keep an entry; what the payer wrote is sealed by that contract's client."""
        ...

    def contradict(
        self,
        entry_id: UUID,
        entry: BankEntry,
        payment: Payment,
        *,
        of_contract: UUID | None,
        at: datetime,
    ) -> bool:
        """Keep another version of a known entry; False when it was kept before."""
        ...

    def payment(self, entry_id: UUID) -> Payment:
        """What the payer wrote.  Raises Broken when that or the entry was changed.

        Refused ``person_erased``.
        """
        ...

    def get(self, entry_id: UUID) -> KeptEntry | None: ...

    def find(self, reference: str) -> KeptEntry | None: ...

    def assign(self, assignment: Assignment, *, at: datetime) -> bool:
        """False when the credit is some contract's already."""
        ...

    def of_contract(self, contract_id: UUID) -> Sequence[KeptEntry]:
        """The contract's credits, those taken back among them, by value date."""
        ...

    def credits_of(self, contract_id: UUID) -> Sequence[Credit]:
        """What of them counts."""
        ...

    def unassigned(self, *, limit: int) -> Sequence[KeptEntry]:
        """Credits that are nobody's yet and not wholly taken back, the oldest first."""
        ...

    def doubts(self, *, limit: int) -> Sequence[Doubt]:
        """Those that nobody has settled, of each reason the newest first."""
        ...

    def doubt(self, entry_id: UUID) -> Doubt | None:
        """One that nobody has settled."""
        ...

    def said_later(self, entry_id: UUID) -> tuple[BankEntry, Payment] | None:
        """What contradicts an earlier entry.  Raises Broken when it was changed.

        Refused ``person_erased``.
        """
        ...

    def settle(self, settlement: Settlement, *, at: datetime) -> None:
        """It waits for nobody any more; once."""
        ...

    def payable(self, number: str) -> UUID | None:
        """The contract of that number, if its money was paid out."""
        ...

    def active_of(self, iin_token: str) -> Sequence[UUID]:
        """The contracts in force of the client with that ИИН."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Accrual stopped or resumed from a day on, as two of the staff agree."""

    contract_id: UUID
    day: date
    stopped: bool
    document_sha256: str
    told: bool
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was last counted of an account, and told of it."""

    contract_id: UUID
    counted_on: date | None = None
    """None when something has come that is not counted yet."""
    days_told: int = 0
    """The days overdue of the last reminder; 0 while nothing is overdue."""
    orders_told: int = 0
    closed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A posting as it stands in the ledger; a correction has a sign of its own."""

    number: int
    posting: Posting
    event_id: UUID
    posted_at: datetime


PostingKey = tuple[date, PostingKind, str | None]


class Accounts(Protocol):
    """The accounts of contracts; a ledger is only added to."""

    def standing(self, contract_id: UUID) -> Standing | None: ...

    def save(self, standing: Standing) -> None: ...

    def touch(self, contract_id: UUID) -> None:
        """Something came: the account is to be counted anew."""
        ...

    def to_count(self, today: date, *, limit: int) -> Sequence[UUID]:
        """Contracts paid out that were not counted up to this day, or were touched."""
        ...

    def orders(self, contract_id: UUID) -> Sequence[EarlyOrder]: ...

    def add_order(self, contract_id: UUID, order: EarlyOrder, *, at: datetime) -> bool:
        """False when there is an order for that day."""
        ...

    def turns(self, contract_id: UUID) -> Sequence[Turn]:
        """In the order they were agreed on."""
        ...

    def add_turn(self, turn: Turn, *, at: datetime) -> None: ...

    def posted(self, contract_id: UUID) -> Mapping[PostingKey, int]:
        """What the ledger says, summed by day, kind and credit."""
        ...

    def post(
        self,
        contract_id: UUID,
        postings: Sequence[Posting],
        *,
        event_id: UUID,
        at: datetime,
    ) -> None: ...

    def ledger(self, contract_id: UUID) -> Sequence[LedgerLine]: ...


class AccountUnit(Unit, Protocol):
    """A transaction that also knows what was repaid."""

    @property
    def entries(self) -> Entries: ...

    @property
    def accounts(self) -> Accounts: ...


class AccountWork(Protocol):
    """Opens such transactions."""

    def begin(self) -> AbstractContextManager[AccountUnit]: ...
