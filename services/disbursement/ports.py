"""What disbursement needs from outside, in its own words."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, Unpack
from uuid import UUID

from kernel.beside import AsTheyCome
from kernel.clock import Clock, Uptime
from kernel.context import Context
from kernel.erasure import KeyEnds, MakesKeys
from kernel.events import Event
from kernel.ids import Ids
from kernel.money import Money
from kernel.policy import Policy
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.erasure import Kept
from services.disbursement.domain.gate import (
    AccountFacts,
    AntifraudDecision,
    Approved,
    Check,
    ContractFacts,
    GateRules,
    OwnershipProof,
    StopCredit,
)
from services.disbursement.domain.ledger import Account, JournalEntry, Proof
from services.disbursement.domain.limits import Outgoing, Sent
from services.disbursement.domain.order import (
    BankAnswer,
    NoAnswer,
    Order,
    ResendRules,
)
from services.disbursement.domain.payout import (
    Changes,
    Payout,
    State,
    Tombstone,
    Trail,
    WorkRules,
)
from services.disbursement.domain.reconciliation import (
    BankEntry,
    Case,
    Finding,
    Halt,
    Message,
    Position,
    ReconciliationRules,
    Resumption,
    StatementPage,
)
from services.disbursement.domain.witness import Witnessed, WitnessRules

Publish = Callable[[Event], UUID]
"""Say what happened; it leaves with the commit."""


class Payouts(Protocol):
    """The payouts of one open transaction.

    Every change is one conditional UPDATE: it names the state and the fence that were
    loaded, and tells whether it hit.
    """

    def conclude(self, payout: Payout) -> bool:
        """Enter a signed contract; on a tombstone it is born cancelled.

        False if the contract already has a payout.
        """
        ...

    def repeat(self, successor: Payout, *, at: datetime) -> None:
        """Enter the payout that stands in the place of one that was refused."""
        ...

    def bury(self, tombstone: Tombstone, *, payout_id: UUID, at: datetime) -> bool:
        """Leave a tombstone; False if the contract has a row already."""
        ...

    def lock(self, contract_id: UUID) -> Payout | Tombstone | None:
        """The contract's last row, locked until the transaction ends."""
        ...

    def lock_ordered(self, contract_id: UUID, number: int) -> Payout | Tombstone | None:
        """The very payout an order's key names, locked likewise."""
        ...

    def lock_payout(self, payout_id: UUID) -> Payout | None:
        """A payout by its own id, locked until the transaction ends."""
        ...

    def lock_unsent(self, client_id: UUID, account_id: UUID) -> Sequence[Payout]:
        """The client's payouts to an account that have not left, locked likewise."""
        ...

    def find(self, *, contract_id: UUID, client_id: UUID) -> Payout | None:
        """The client's payout for a contract; nobody else's."""
        ...

    def move(self, payout: Payout, to: State, **changes: Unpack[Changes]) -> bool:
        """Take the step from ``payout.state`` to ``to``.  Broken if not allowed.

        The step to ``SENDING`` hits only a payout that is not suspended, and none
        while sending is halted.
        """
        ...

    def amend(self, payout: Payout, **changes: Unpack[Changes]) -> bool:
        """Write beside the state, which must still be ``payout.state``."""
        ...

    def draw_up(self, payout: Payout, order: Order, *, account_token: str) -> bool:
        """``CONSENTED`` → ``HELD``: seal the order and its digest; due at the hold."""
        ...

    def order_of(self, payout: Payout) -> tuple[Order, str]:
        """The order and the digest sealed beside it."""
        ...

    def claim(
        self, states: frozenset[State], *, now: datetime, lease_s: int, most: int = 1
    ) -> Sequence[Payout]:
        """Lease the next due rows of these states that nobody holds; new fences."""
        ...

    def earlier_sum(self, payout: Payout, *, since: datetime) -> Money:
        """Amounts of the client's earlier contracts, signed at or after ``since``."""
        ...

    def record_checks(
        self, payout: Payout, checks: Sequence[Check], *, passage: UUID, at: datetime
    ) -> None:
        """Keep what the gate saw; never changed afterwards."""
        ...

    def next_instant(
        self, states: frozenset[State], *, after: datetime
    ) -> datetime | None:
        """When the next row of these states becomes due, if any waits."""
        ...


class Sums(Protocol):
    """What was begun to send on a day of Almaty, in one open transaction."""

    def outgoing(self, payout: Payout, *, day_on: date) -> Outgoing:
        """What is on its way beside this payout; locks nothing."""
        ...

    def lock(self, payout: Payout, *, day_on: date) -> Sent:
        """The sums of the day, nobody else's until the transaction ends."""
        ...

    def add(self, payout: Payout, *, day_on: date) -> None:
        """Count the payout; only after `lock`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How far behind the payouts are.  Ages count from when it was due, or sent."""

    due_age_s: float
    unknown_age_s: float
    held: Mapping[str, int]
    """Payouts that stand still, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One check of one passage through the gate, as it was kept."""

    passage: UUID
    at: datetime
    check: Check


class Overview(Protocol):
    """What treasurers and monitoring see, in one open transaction."""

    def backlog(self, *, now: datetime) -> Backlog:
        """The oldest that is due, the oldest that is unknown, and what is held."""
        ...

    def due(self, *, until: datetime, limit: int) -> Sequence[Payout]:
        """What a beat takes up until an instant, the first ones first."""
        ...

    def held(self, *, limit: int) -> Sequence[Payout]:
        """What stands still with a code, the oldest contracts first."""
        ...

    def unknown(self, *, limit: int) -> Sequence[Payout]:
        """What may be at the bank without a useful answer, the oldest first."""
        ...

    def one(self, payout_id: UUID) -> Payout | None: ...

    def checks(self, payout_id: UUID, *, limit: int) -> Sequence[Recorded]:
        """What the gate saw, the newest passage first."""
        ...


class Approvals(Protocol):
    """What two of the staff agreed on, in one open transaction."""

    def of(self, payout: Payout) -> Approved | None:
        """Of the order as it is sealed now; a yes to an earlier one is none."""
        ...

    def seal_of(self, payout_id: UUID) -> bytes | None:
        """By what an approval names the order; None before it is drawn up."""
        ...

    def add(
        self, payout: Payout, approved: Approved, *, order_seal: bytes, at: datetime
    ) -> None:
        """Keep the yes for good."""
        ...


class Erasures(KeyEnds, Protocol):
    """When clients' keys end, and what must be kept before."""

    def kept(self, client_id: UUID) -> Kept: ...


@dataclass(frozen=True, slots=True)
class Orders:
    """One open transaction with the keys by which sealed orders open."""

    keys: MakesKeys
    ends: Erasures
    publish: Publish


Contexts = Callable[[Trail | None], Context]
"""The context of a piece of work: the payout's own, or a fresh one."""


class Witnessing(Protocol):
    """The count of time that really passed, in one open transaction."""

    def read(self) -> Witnessed | None:
        """The count as last written; None before the first beat."""
        ...

    def lock(self) -> Witnessed | None:
        """The same, for the one who counts on."""
        ...

    def write(self, witnessed: Witnessed) -> None:
        """Keep the count."""
        ...

    def waiting(self) -> Sequence[UUID]:
        """Payouts with a consent, not sent, for which no count has begun."""
        ...

    def begin(self, payout_ids: Sequence[UUID], *, counted_ns: int) -> None:
        """From here on the hold of these counts, if it has not begun meanwhile."""
        ...


class Ledger(Protocol):
    """The books, in one open transaction; nothing in them is ever changed."""

    def post(self, entry: JournalEntry) -> None:
        """Keep a transaction; nothing if it is posted already.

        Of sending, settling and rejecting there is one per payout, of the rest one
        per entry of the bank's.
        """
        ...

    def last_proof(self) -> Proof | None:
        """The proof of the last closed day."""
        ...

    def proofs(self) -> Sequence[Proof]:
        """The proofs of all closed days, in order."""
        ...

    def unproved_days(self) -> Sequence[date]:
        """Days with postings behind the last closed one, in order."""
        ...

    def entries_of(self, day: date) -> Sequence[JournalEntry]:
        """What was posted on a day."""
        ...

    def keep_proof(self, proof: Proof, *, at: datetime) -> bool:
        """Close a day; False if it is closed."""
        ...

    def balances(self) -> Mapping[Account, int]:
        """Tiyn on each account now, debit positive."""
        ...


class Reconciliation(Protocol):
    """What the bank told and what became of it, in one open transaction."""

    def positions(self) -> Sequence[Position]:
        """How far each kind of message is read, those not begun as well."""
        ...

    def database(self) -> str:
        """The mark of the database as it runs now: a start or a restore changes it."""
        ...

    def take_place(self, position: Position) -> bool:
        """Hold the place until the transaction ends; False if another read on."""
        ...

    def keep_place(self, position: Position) -> None:
        """Where to read on, and how far the end was reached."""
        ...

    def look_now(self) -> None:
        """Let the next beat read, whenever it was to."""
        ...

    def enter(
        self,
        entry: BankEntry,
        finding: Finding,
        payout_id: UUID | None,
        *,
        at: datetime,
    ) -> BankEntry | None:
        """Keep an entry; None if it is new, else what is known under its reference."""
        ...

    def entry(self, reference: str) -> BankEntry | None:
        """What the bank booked under its reference, but for the account."""
        ...

    def unbooked(self, *, sent_before: datetime) -> Sequence[UUID]:
        """Payouts sent by then, without entry or case; at most a hundred."""
        ...

    def open_case(self, case: Case) -> bool:
        """Keep a case; False if there is, or was, the same."""
        ...

    def cases(self) -> Sequence[Case]:
        """The open cases and then the resolved, of each the newest first; bounded."""
        ...

    def case(self, case_id: UUID) -> Case | None:
        """One of them, locked until the transaction ends."""
        ...

    def resolve(
        self, case_id: UUID, *, by: UUID | None, resolution: str, at: datetime
    ) -> None:
        """Close an open case; nobody's resolution is the entry that came."""
        ...

    def open_case_of(self, payout_id: UUID, finding: Finding | None) -> UUID | None:
        """An open case about the payout, of this finding or of any."""
        ...

    def severe_open(self) -> int:
        """How many open cases keep sending halted."""
        ...


class Halts(Protocol):
    """Whether sending is halted, in one open transaction."""

    def standing(self) -> Halt | None:
        """The halt that stands, if one does."""
        ...

    def begin(self, halt: Halt) -> bool:
        """Halt all sending; False if it is halted already."""
        ...

    def end(self, resumption: Resumption, *, at: datetime) -> bool:
        """What two persons agreed on; False if that halt does not stand."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """One open transaction of a worker."""

    payouts: Payouts
    sums: Sums
    approvals: Approvals
    overview: Overview
    witness: Witnessing
    ledger: Ledger
    reconciliation: Reconciliation
    halts: Halts
    publish: Publish
    when_committed: Callable[[Callable[[], None]], None]
    """Tell somebody afterwards; nobody is told of what was not committed."""


class Desk(Protocol):
    """Opens transactions.  Never held across a call to anybody."""

    def open(self, trail: Trail | None = None) -> AbstractContextManager[Work]:
        """Commit on leaving, roll back on an exception; Transient if it cannot."""
        ...

    def together(
        self, payouts: Sequence[Payout]
    ) -> AbstractContextManager[Sequence[Work]]:
        """One transaction for several payouts, with a work for each, in their order.

        What one is asked is read for all of them, and what they write is written on
        leaving; each sees what those before it wrote.  Transient as well when a halt
        of sending came in between: nothing is committed then.
        """
        ...


class Accounts(Protocol):
    """Onboarding, owner of accounts and of their proofs.

    Raises Refused, Transient or Broken.
    """

    def read(self, payout: Payout) -> AccountFacts:
        """Account and owner in the clear; the reading is recorded there."""
        ...

    def prove(self, payout: Payout) -> OwnershipProof:
        """A fresh proof whose account it is (clauses 5.3, 5.4)."""
        ...


class Antifraud(Protocol):
    """Raises Refused, Transient or Broken."""

    def decide(self, payout: Payout) -> AntifraudDecision:
        """Whether this payout may leave now."""
        ...


class Contracts(Protocol):
    """Raises Refused, Transient or Broken."""

    def read(self, payout: Payout) -> ContractFacts:
        """The contract as its owner has it now."""
        ...

    def ask_stop_credit(self, payout: Payout) -> StopCredit:
        """«Стоп-кредит» of the client, asked of the credit bureau now."""
        ...


class Bank(Protocol):
    """The company's bank, and whoever else carries its orders, each on its rail.

    Never raises for what they or the network do.
    """

    def capabilities(self, rail: Rail) -> Capabilities | None:
        """What the connector of this rail can; None when there is none."""
        ...

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        """Give the order, once."""
        ...

    def ask(self, order: Order) -> BankAnswer:
        """What became of the order, by its key."""
        ...

    def booked(self, order: Order) -> bool | None:
        """Whether the company's statement shows the order; None if it cannot tell."""
        ...

    def balance(self, order: Order) -> Money | NoAnswer:
        """What can be spent now from the account the order debits."""
        ...


class Statements(Protocol):
    """What the bank books on the company's account."""

    def page(self, message: Message, *, after: int) -> StatementPage:
        """The entries behind that place.  Transient without a usable answer."""
        ...


class Alarms(Protocol):
    """Tells the operators; holds no personal data."""

    def sending_halted(self, code: str) -> None:
        """No payout leaves before two persons resume."""
        ...

    def case_opened(self, finding: Finding) -> None:
        """The treasurer has to look."""
        ...

    def read_on(self, entries: int) -> None:
        """So many entries of the bank were taken for the first time."""
        ...

    def raise_alarm(self, code: str, payout: Payout) -> None:
        """A person has to look at this payout."""
        ...


class Meters(Protocol):
    """Tells the monitoring; holds no personal data."""

    def refused(self, check: Check) -> None:
        """A check has closed the gate."""
        ...

    def sent(self, lag: timedelta) -> None:
        """An order was committed, so long after it was due; it was never held."""
        ...

    def taken_apart(self) -> None:
        """What was to be written of several payouts at once was written singly."""
        ...

    def backlog(self, backlog: Backlog) -> None:
        """What waits now."""
        ...


class OuterClock(Protocol):
    """The time as somebody outside has it."""

    def now(self) -> datetime | None:
        """To the second; None when nobody answers, or not with a time."""
        ...


class ClockAlarms(Protocol):
    """Tells the operators about time."""

    def stepped(self, by: timedelta) -> None:
        """Somebody set the wall clock."""
        ...

    def counted(self, witnessed: Witnessed) -> None:
        """A beat was kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything the worker is set to."""

    work: WorkRules
    witness: WitnessRules
    gate: GateRules
    resend: ResendRules
    reconciliation: ReconciliationRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What the payer's use cases share: their ports, their rules."""

    desk: Desk
    accounts: Accounts
    antifraud: Antifraud
    contracts: Contracts
    bank: Bank
    statements: Statements
    ask: AsTheyCome
    """Asks for many payouts, of each as if it were alone."""
    alarms: Alarms
    meters: Meters
    policy: Policy
    clock: Clock
    uptime: Uptime
    ids: Ids
    rules: Rules
