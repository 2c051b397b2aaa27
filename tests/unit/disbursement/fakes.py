"""In-memory twins of the ports, with everything that can go wrong in between.

`Boundaries` is told each time the payer crosses a point where a process may die, or
another may act: before and after each commit, before and after each word to the bank.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Unpack
from uuid import UUID

from kernel.beside import all_at_once
from kernel.clock import UptimeReading
from kernel.errors import Broken, KernelError
from kernel.events import Event
from kernel.ids import Ids
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.gate import (
    AccountFacts,
    AntifraudDecision,
    Approved,
    Check,
    ContractFacts,
    OwnershipProof,
    StopCredit,
)
from services.disbursement.domain.ledger import Account, JournalEntry, Kind, Proof
from services.disbursement.domain.limits import Outgoing, Sent
from services.disbursement.domain.order import (
    BankAnswer,
    NoAnswer,
    Order,
    OrderConflict,
    OrderMissing,
    OrderReport,
    OrderStatus,
)
from services.disbursement.domain.payout import (
    AT_BANK,
    ENDED_UNPAID,
    FIRST_PAYOUT,
    UNSENT,
    Changes,
    Payout,
    State,
    Tombstone,
    Trail,
    check_transition,
)
from services.disbursement.domain.reconciliation import Finding
from services.disbursement.domain.witness import Witnessed
from services.disbursement.handlers.witnessing import Witness
from services.disbursement.ports import (
    Backlog,
    Desk,
    Recorded,
    Rules,
    Till,
    Work,
)
from tests.unit.disbursement import builders
from tests.unit.disbursement.fake_reconciliation import (
    FakeHalts,
    FakeReconciliation,
    FakeStatements,
    Told,
)

FURTHEST_RETRY = timedelta(hours=1)


class CrashError(BaseException):
    """The process is gone; nothing catches this."""


class FakeClock:
    """A wall clock and, as `uptime`, the machine under it.

    Whatever moves the wall clock forward is time that passes; `step` only sets it.
    """

    def __init__(self, instant: datetime = builders.SIGNED_AT) -> None:
        self._instant = instant
        self.elapsed_ns = builders.elapsed_ns(instant)
        self.boot_id = "boot-1"

    @property
    def instant(self) -> datetime:
        return self._instant

    @instant.setter
    def instant(self, instant: datetime) -> None:
        passed = max(instant - self._instant, timedelta())
        self.elapsed_ns += passed // timedelta(microseconds=1) * 1000
        self._instant = instant

    def set_back(self, instant: datetime) -> None:
        """Begin anew at an instant, the machine as well."""
        self._instant, self.elapsed_ns = instant, builders.elapsed_ns(instant)

    def now(self) -> datetime:
        return self._instant

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)

    def step(self, **by: float) -> None:
        """Somebody sets the clock; no time passes."""
        self._instant += timedelta(**by)

    def read(self) -> UptimeReading:
        """The machine's uptime.  Implements Uptime."""
        return UptimeReading(self.boot_id, self.elapsed_ns)


class FakeIds:
    def __init__(self) -> None:
        self._last = 0

    def new(self) -> UUID:
        self._last += 1
        return UUID(int=(0x01900000 << 96) | (7 << 76) | (0b10 << 62) | self._last)


def crash() -> None:
    raise CrashError


@dataclass
class Boundaries:
    """Counts crossings; at the ``at``-th one ``act`` happens, once.

    While a transaction holds its rows only a crash can happen: others wait for the
    rows and act at the next crossing.
    """

    at: int = 0
    act: Callable[[], None] = crash
    seen: list[str] = field(default_factory=list)

    def cross(self, name: str, *, locked: bool = False) -> None:
        self.seen.append(name)
        reached = 0 < self.at <= len(self.seen)
        if reached and (self.act is crash or not locked):
            self.at = 0
            self.act()

    def arm(self, at: int, act: Callable[[], None]) -> None:
        self.seen.clear()
        self.at, self.act = at, act


@dataclass
class Tables:
    """What a commit replaces as a whole."""

    rows: dict[UUID, Payout | Tombstone] = field(default_factory=dict)
    orders: dict[UUID, tuple[Order, str]] = field(default_factory=dict)
    replaced: dict[UUID, Payout] = field(default_factory=dict)
    """Payouts in whose place another of the contract stands."""
    checks: list[tuple[UUID, Check]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    sums: dict[tuple[date, UUID], int] = field(default_factory=dict)
    seals: dict[UUID, bytes] = field(default_factory=dict)
    approved: list[tuple[UUID, bytes, Approved]] = field(default_factory=list)
    witnessed: Witnessed | None = field(
        default_factory=lambda: builders.witnessed(builders.DUE)
    )
    journal: list[JournalEntry] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    told: Told = field(default_factory=Told)

    def copy(self) -> "Tables":
        return Tables(
            dict(self.rows),
            dict(self.orders),
            dict(self.replaced),
            list(self.checks),
            list(self.events),
            dict(self.sums),
            dict(self.seals),
            list(self.approved),
            self.witnessed,
            list(self.journal),
            list(self.proofs),
            self.told.copy(),
        )


class FakeWitnessing:
    """`Witnessing` on a copy of the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self) -> Witnessed | None:
        return self._tables.witnessed

    def lock(self) -> Witnessed | None:
        return self._tables.witnessed

    def write(self, witnessed: Witnessed) -> None:
        self._tables.witnessed = witnessed

    def waiting(self) -> Sequence[UUID]:
        return [
            row.payout_id
            for row in self._tables.rows.values()
            if isinstance(row, Payout)
            and row.consented_at is not None
            and row.hold_until is not None
            and row.witnessed_from_ns is None
            and row.state in UNSENT
        ]

    def begin(self, payout_ids: Sequence[UUID], *, counted_ns: int) -> None:
        for contract_id, row in self._tables.rows.items():
            if isinstance(row, Payout) and row.payout_id in payout_ids:
                self._tables.rows[contract_id] = replace(
                    row, witnessed_from_ns=counted_ns
                )


class FakeLedger:
    """`Ledger` on a copy of the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def post(self, entry: JournalEntry) -> None:
        if not any(_same_cause(entry, posted) for posted in self._tables.journal):
            self._tables.journal.append(entry)

    def last_proof(self) -> Proof | None:
        return self._tables.proofs[-1] if self._tables.proofs else None

    def proofs(self) -> Sequence[Proof]:
        return list(self._tables.proofs)

    def unproved_days(self) -> Sequence[date]:
        last = self.last_proof()
        days = {entry.day for entry in self._tables.journal}
        return sorted(day for day in days if last is None or day > last.day)

    def entries_of(self, day: date) -> Sequence[JournalEntry]:
        return [entry for entry in self._tables.journal if entry.day == day]

    def keep_proof(self, proof: Proof, *, at: datetime) -> bool:
        del at
        if proof.day in {kept.day for kept in self._tables.proofs}:
            return False
        self._tables.proofs.append(proof)
        return True

    def balances(self) -> Mapping[Account, int]:
        lines = [line for entry in self._tables.journal for line in entry.postings]
        return {
            account: sum(one.signed_minor for one in lines if one.account is account)
            for account in Account
        }


def _same_cause(one: JournalEntry, other: JournalEntry) -> bool:
    of_payout = {Kind.SENT, Kind.SETTLED, Kind.REJECTED}
    if one.kind in of_payout:
        return (one.kind, one.payout_id) == (other.kind, other.payout_id)
    return other.kind not in of_payout and one.bank_reference == other.bank_reference


class FakeSums:
    """`Sums` on a copy of the tables."""

    company = UUID(int=0)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def outgoing(self, payout: Payout, *, day_on: date) -> Outgoing:
        at_bank = sum(
            row.amount.amount_minor
            for row in self._tables.rows.values()
            if isinstance(row, Payout)
            and row.state in AT_BANK
            and row.payout_id != payout.payout_id
        )
        begun = self._sum(day_on, self.company)
        return Outgoing(day_on=day_on, begun=begun, at_bank=Money(at_bank))

    def lock(self, payout: Payout, *, day_on: date) -> Sent:
        return Sent(
            day_on=day_on,
            client=self._sum(day_on, payout.client_id),
            company=self._sum(day_on, self.company),
        )

    def add(self, payout: Payout, *, day_on: date) -> None:
        for whose in (self.company, payout.client_id):
            total = self._sum(day_on, whose) + payout.amount
            self._tables.sums[day_on, whose] = total.amount_minor

    def _sum(self, day_on: date, whose: UUID) -> Money:
        return Money(self._tables.sums.get((day_on, whose), 0))


class FakeApprovals:
    """`Approvals` on a copy of the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, payout: Payout) -> Approved | None:
        seal = self._tables.seals.get(payout.payout_id)
        given = [
            approved
            for payout_id, order_seal, approved in self._tables.approved
            if (payout_id, order_seal) == (payout.payout_id, seal)
        ]
        return given[-1] if given else None

    def seal_of(self, payout_id: UUID) -> bytes | None:
        return self._tables.seals.get(payout_id)

    def add(
        self, payout: Payout, approved: Approved, *, order_seal: bytes, at: datetime
    ) -> None:
        del at
        self._tables.approved.append((payout.payout_id, order_seal, approved))


class FakeOverview:
    """`Overview` on a copy of the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def backlog(self, *, now: datetime) -> Backlog:
        due = [row.next_at for row in self.due(until=now, limit=1) if row.next_at]
        unknown = [row.first_sent_at or now for row in self.unknown(limit=1)]
        held = Counter(row.held_code or "" for row in self.held(limit=len(self._all())))
        return Backlog(
            due_age_s=(now - min(due, default=now)).total_seconds(),
            unknown_age_s=(now - min(unknown, default=now)).total_seconds(),
            held=held,
        )

    def due(self, *, until: datetime, limit: int) -> Sequence[Payout]:
        found = [
            row
            for row in self._all()
            if row.state in {State.CONSENTED, State.HELD, State.READY}
            and row.next_at
            and row.next_at <= until
        ]
        return sorted(found, key=lambda row: row.next_at or until)[:limit]

    def held(self, *, limit: int) -> Sequence[Payout]:
        ended = {State.PAID, State.REJECTED, State.CANCELLED}
        found = [r for r in self._all() if r.held_code and r.state not in ended]
        return sorted(found, key=lambda row: row.signed_at)[:limit]

    def unknown(self, *, limit: int) -> Sequence[Payout]:
        found = [row for row in self._all() if row.state is State.UNKNOWN]
        return sorted(found, key=lambda row: row.first_sent_at or row.signed_at)[:limit]

    def one(self, payout_id: UUID) -> Payout | None:
        return next((r for r in self._all() if r.payout_id == payout_id), None)

    def checks(self, payout_id: UUID, *, limit: int) -> Sequence[Recorded]:
        kept = [
            Recorded(passage=payout_id, at=builders.DUE, check=check)
            for of, check in self._tables.checks
            if of == payout_id
        ]
        return kept[-limit:]

    def _all(self) -> list[Payout]:
        return [r for r in self._tables.rows.values() if isinstance(r, Payout)]


class FakePayouts:
    """`Payouts` on a copy of the tables, by contract."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def conclude(self, payout: Payout) -> bool:
        known = self._tables.rows.get(payout.contract_id)
        if known is None:
            self._tables.rows[payout.contract_id] = payout
        elif isinstance(known, Tombstone) and known.client_id == payout.client_id:
            dead = replace(payout, state=State.CANCELLED)
            self._tables.rows[payout.contract_id] = dead
        return known is None

    def repeat(self, successor: Payout, *, at: datetime) -> None:
        del at
        before = self._tables.rows[successor.contract_id]
        assert isinstance(before, Payout)
        self._tables.replaced[before.payout_id] = before
        self._tables.rows[successor.contract_id] = successor

    def bury(self, tombstone: Tombstone, *, payout_id: UUID, at: datetime) -> bool:
        del payout_id, at
        if tombstone.contract_id in self._tables.rows:
            return False
        self._tables.rows[tombstone.contract_id] = tombstone
        return True

    def lock(self, contract_id: UUID) -> Payout | Tombstone | None:
        return self._tables.rows.get(contract_id)

    def lock_ordered(self, contract_id: UUID, number: int) -> Payout | Tombstone | None:
        replaced = self._tables.replaced.values()
        of_contract = (self._tables.rows.get(contract_id), *replaced)
        return next(
            (
                row
                for row in of_contract
                if row is not None
                and row.contract_id == contract_id
                and getattr(row, "number", FIRST_PAYOUT) == number
            ),
            None,
        )

    def lock_payout(self, payout_id: UUID) -> Payout | None:
        found = (p for p in self.all() if p.payout_id == payout_id)
        return next(found, self._tables.replaced.get(payout_id))

    def lock_unsent(self, client_id: UUID, account_id: UUID) -> Sequence[Payout]:
        return [
            one
            for one in self.all()
            if (one.client_id, one.account_id) == (client_id, account_id)
            and one.state in UNSENT
        ]

    def find(self, *, contract_id: UUID, client_id: UUID) -> Payout | None:
        found = self._tables.rows.get(contract_id)
        if isinstance(found, Payout) and found.client_id == client_id:
            return found
        return None

    def move(self, payout: Payout, to: State, **changes: Unpack[Changes]) -> bool:
        check_transition(payout.state, to)
        now = self._same(payout)
        halted = FakeHalts(self._tables.told).standing() is not None
        stopped = now is None or now.suspended_by is not None or halted
        if now is None or (to is State.SENDING and stopped):
            return False
        self._tables.rows[payout.contract_id] = replace(now, state=to, **changes)
        return True

    def amend(self, payout: Payout, **changes: Unpack[Changes]) -> bool:
        now = self._same(payout)
        if now is None:
            return False
        self._tables.rows[payout.contract_id] = replace(now, **changes)
        return True

    def draw_up(self, payout: Payout, order: Order, *, account_token: str) -> bool:
        drawn = self.move(
            payout,
            State.HELD,
            account_token=account_token,
            held_code=None,
            tries=0,
            lease_until=None,
            next_at=payout.hold_until,
        )
        if drawn:
            self._tables.orders[payout.payout_id] = (order, order.digest)
            # Sealed anew, the same order has another seal.
            seals = self._tables.seals
            seals[payout.payout_id] = seals.get(payout.payout_id, b"") + b"s"
        return drawn

    def order_of(self, payout: Payout) -> tuple[Order, str]:
        try:
            return self._tables.orders[payout.payout_id]
        except KeyError as error:
            raise Broken("The sealed order does not open") from error

    def claim(
        self, states: frozenset[State], *, now: datetime, lease_s: int, most: int = 1
    ) -> Sequence[Payout]:
        due = [p for p in self.all() if p.state in states and _due(p, now)]
        until = now + timedelta(seconds=lease_s)
        leased = [
            replace(one, fence=one.fence + 1, lease_until=until)
            for one in sorted(due, key=lambda p: p.next_at or now)[:most]
        ]
        self._tables.rows |= {one.contract_id: one for one in leased}
        return leased

    def earlier_sum(self, payout: Payout, *, since: datetime) -> Money:
        total = sum(
            other.amount.amount_minor
            for other in self.all()
            if other.client_id == payout.client_id
            and since <= other.signed_at
            and (other.signed_at, other.payout_id)
            < (payout.signed_at, payout.payout_id)
            and other.state not in ENDED_UNPAID
        )
        return Money(total)

    def record_checks(
        self, payout: Payout, checks: Sequence[Check], *, passage: UUID, at: datetime
    ) -> None:
        del passage, at
        self._tables.checks += [(payout.payout_id, check) for check in checks]

    def next_instant(
        self, states: frozenset[State], *, after: datetime
    ) -> datetime | None:
        coming = [
            p.next_at
            for p in self.all()
            if p.state in states and p.next_at and p.next_at > after
        ]
        return min(coming, default=None)

    def all(self) -> Iterator[Payout]:
        return (row for row in self._tables.rows.values() if isinstance(row, Payout))

    def _same(self, payout: Payout) -> Payout | None:
        now = self._tables.rows.get(payout.contract_id)
        if not isinstance(now, Payout):
            return None
        same = now.state is payout.state and now.fence == payout.fence
        return now if same else None


def _due(payout: Payout, now: datetime) -> bool:
    horizon = now + FURTHEST_RETRY
    if payout.next_at is None:
        return False
    misdated = payout.state is not State.HELD and payout.next_at > horizon
    lease = payout.lease_until
    free = lease is None or lease <= now or lease > horizon
    return free and (payout.next_at <= now or misdated)


class FakeDesk:
    """`Desk` that commits by replacing the tables."""

    def __init__(self, boundaries: Boundaries) -> None:
        self.tables = Tables()
        self._boundaries = boundaries

    @contextmanager
    def open(self, trail: Trail | None = None) -> Iterator[Work]:
        del trail
        with self.together([]) as works:
            yield works[0]

    @contextmanager
    def together(self, payouts: Sequence[Payout]) -> Iterator[Sequence[Work]]:
        draft = self.tables.copy()
        telling: list[Callable[[], None]] = []

        def publish(event: Event) -> UUID:
            draft.events.append(event)
            return UUID(int=len(draft.events))

        work = Work(
            payouts=FakePayouts(draft),
            sums=FakeSums(draft),
            approvals=FakeApprovals(draft),
            overview=FakeOverview(draft),
            witness=FakeWitnessing(draft),
            ledger=FakeLedger(draft),
            reconciliation=FakeReconciliation(
                draft.told, lambda: list(FakePayouts(draft).all())
            ),
            halts=FakeHalts(draft.told),
            publish=publish,
            when_committed=telling.append,
        )
        yield [work] * max(len(payouts), 1)
        self._boundaries.cross("before commit", locked=True)
        self.tables = draft
        self._boundaries.cross("after commit")
        for tell in telling:
            tell()

    def payout(self, contract_id: UUID = builders.CONTRACT_ID) -> Payout:
        found = self.tables.rows[contract_id]
        assert isinstance(found, Payout)
        return found

    def put(self, payout: Payout, order: Order | None = None) -> None:
        self.tables.rows[payout.contract_id] = payout
        if order is not None:
            self.tables.orders[payout.payout_id] = (order, order.digest)
            self.tables.seals[payout.payout_id] = b"s"

    def events(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.tables.events if isinstance(event, kind)]


class BankFault(Enum):
    """What happens to one word to the bank."""

    NONE = "none"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    WRONG_AMOUNT = "wrong amount"
    WRONG_CREDITOR = "wrong creditor"
    WRONG_ID = "wrong id"


@dataclass(frozen=True)
class BankOrder:
    order: Order
    order_id: str
    taken_ns: int


@dataclass(frozen=True)
class Transfer:
    """One line of the bank's ledger: real money."""

    key: str
    amount: Money
    creditor_iban: str
    at: datetime
    elapsed_ns: int


class FakeBank:
    """A bank that remembers keys for half an hour, as a real one does (P03).

    By a clock of its own: who sets ours changes nothing there.
    """

    remembers = timedelta(minutes=30)

    def __init__(self, clock: FakeClock, boundaries: Boundaries) -> None:
        self._clock = clock
        self._boundaries = boundaries
        self._orders: dict[str, BankOrder] = {}
        self.ledger: list[Transfer] = []
        self.faults: list[BankFault] = []
        self.status = OrderStatus.SETTLED
        self.reason = "account_closed"
        self.refused: set[str] = set()
        self.hidden_s = 0
        self.sends = 0
        self.codes: list[PaymentCodes] = []
        self.table = {Rail.ACCOUNT: builders.CAPABILITIES}
        self.funds: Money | NoAnswer = Money.of("1000000000")

    def capabilities(self, rail: Rail) -> Capabilities | None:
        return self.table.get(rail)

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        self.sends += 1
        self.codes.append(codes)
        self._boundaries.cross("before send")
        fault = self._fault()
        if fault is BankFault.REQUEST_LOST:
            return NoAnswer("bank_unavailable")
        answer = self._take(order)
        self._boundaries.cross("after send")
        return _spoilt(answer, fault)

    def ask(self, order: Order) -> BankAnswer:
        self._boundaries.cross("before ask")
        fault = self._fault()
        if fault in {BankFault.REQUEST_LOST, BankFault.ANSWER_LOST}:
            return NoAnswer("bank_unavailable")
        return _spoilt(self._look(order.key), fault)

    def balance(self, order: Order) -> Money | NoAnswer:
        """What was there at first, less what has left."""
        del order
        if isinstance(self.funds, NoAnswer):
            return self.funds
        return self.funds - Money(sum(t.amount.amount_minor for t in self.ledger))

    def booked(self, order: Order) -> bool | None:
        return any(line.key == order.key for line in self.ledger)

    def _take(self, order: Order) -> BankAnswer:
        now = self._clock.now()
        known = self._orders.get(order.key)
        if known is None or self._since(known) > self.remembers:
            known = BankOrder(
                order, f"bank-{len(self._orders) + 1}", self._clock.elapsed_ns
            )
            self._orders[order.key] = known
            if self.status is not OrderStatus.REJECTED:
                self.ledger.append(
                    Transfer(
                        order.key,
                        order.amount,
                        order.creditor_iban,
                        now,
                        self._clock.elapsed_ns,
                    )
                )
        elif known.order != order:
            return OrderConflict()
        return self._report(known)

    def _look(self, key: str) -> BankAnswer:
        known = self._orders.get(key)
        hidden = timedelta(seconds=self.hidden_s)
        if known is None or self._since(known) < hidden:
            return OrderMissing()
        return self._report(known)

    def _since(self, known: BankOrder) -> timedelta:
        return timedelta(microseconds=(self._clock.elapsed_ns - known.taken_ns) // 1000)

    def _report(self, known: BankOrder) -> OrderReport:
        return OrderReport(
            order_id=known.order_id,
            end_to_end_id=known.order.key,
            status=(
                OrderStatus.REJECTED if known.order.key in self.refused else self.status
            ),
            amount_minor=known.order.amount.amount_minor,
            currency=known.order.amount.currency,
            debtor_iban=known.order.debtor_iban,
            creditor_iban=known.order.creditor_iban,
            creditor_card=known.order.creditor_card,
            settled_at=self._clock.now(),
            reason=self.reason,
        )

    def accept_from_now_on(self) -> None:
        """What has been refused stays so; what comes is settled."""
        self.refused |= set(self._orders)
        self.status = OrderStatus.SETTLED

    def _fault(self) -> BankFault:
        return self.faults.pop(0) if self.faults else BankFault.NONE


def _spoilt(answer: BankAnswer, fault: BankFault) -> BankAnswer:
    if fault is BankFault.ANSWER_LOST:
        return NoAnswer("bank_answer_unreadable")
    if not isinstance(answer, OrderReport):
        return answer
    match fault:
        case BankFault.WRONG_AMOUNT:
            return replace(answer, amount_minor=answer.amount_minor + 100)
        case BankFault.WRONG_CREDITOR:
            return replace(answer, creditor_iban=builders.OTHER_IBAN)
        case BankFault.WRONG_ID:
            return replace(answer, end_to_end_id=answer.end_to_end_id[::-1])
        case _:
            return answer


@dataclass
class FakePeers:
    """Onboarding, antifraud and contracts at once; each may fail or say no."""

    clock: FakeClock
    desk: FakeDesk
    failure: KernelError | None = None
    account: AccountFacts = field(default_factory=builders.account)
    proof: OwnershipProof = field(default_factory=builders.proof)
    decision: AntifraudDecision = field(default_factory=builders.decision)
    stop_credit: StopCredit = field(default_factory=builders.stop_credit)
    contract_state: str = "released"

    def prove(self, payout: Payout) -> OwnershipProof:
        del payout
        self._fail()
        return replace(self.proof, checked_at=self.clock.now())

    def decide(self, payout: Payout) -> AntifraudDecision:
        del payout
        self._fail()
        return self.decision

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class FakeAccounts:
    peers: FakePeers

    def read(self, payout: Payout) -> AccountFacts:
        del payout
        self.peers._fail()
        return self.peers.account

    def prove(self, payout: Payout) -> OwnershipProof:
        return self.peers.prove(payout)


@dataclass
class FakeContracts:
    """Says of a contract what the payout row says, unless told otherwise."""

    peers: FakePeers
    answer: ContractFacts | None = None

    def read(self, payout: Payout) -> ContractFacts:
        self.peers._fail()
        return self.answer or ContractFacts(
            state=self.peers.contract_state,
            amount=payout.amount,
            term_days=30,
            document_sha256=payout.document_sha256,
            account_id=payout.account_id,
            client_id=payout.client_id,
            consented=True,
            released=payout.released_at is not None,
            hold_from=payout.hold_from,
        )

    def ask_stop_credit(self, payout: Payout) -> StopCredit:
        del payout
        self.peers._fail()
        return self.peers.stop_credit


class FakeAlarms:
    def __init__(self) -> None:
        self.codes: list[str] = []
        self.halts: list[str] = []
        self.cases: list[Finding] = []
        self.entries = 0

    def sending_halted(self, code: str) -> None:
        self.halts.append(code)

    def case_opened(self, finding: Finding) -> None:
        self.cases.append(finding)

    def read_on(self, entries: int) -> None:
        self.entries += entries

    def raise_alarm(self, code: str, payout: Payout) -> None:
        del payout
        self.codes.append(code)


class FakeMeters:
    def __init__(self) -> None:
        self.refusals: list[tuple[str, str]] = []
        self.lags: list[timedelta] = []
        self.backlogs: list[Backlog] = []
        self.apart = 0
        self.told: Callable[[], object] = lambda: None

    def refused(self, check: Check) -> None:
        self.refusals.append((check.name, check.code))

    def sent(self, lag: timedelta) -> None:
        self.lags.append(lag)

    def taken_apart(self) -> None:
        self.apart += 1

    def backlog(self, backlog: Backlog) -> None:
        self.backlogs.append(backlog)
        self.told()


class FakeClockAlarms:
    def __init__(self) -> None:
        self.steps: list[timedelta] = []

    def stepped(self, by: timedelta) -> None:
        self.steps.append(by)

    def counted(self, witnessed: Witnessed) -> None:
        del witnessed


@dataclass
class FakeOuterClock:
    """The bank's clock: the time told to it, or nothing."""

    instant: datetime | None = None

    def now(self) -> datetime | None:
        return self.instant


def witness_of(desk: Desk, clock: FakeClock, ids: Ids) -> Witness:
    """A witness on a clock that tests move."""
    return Witness(
        desk=desk,
        outer=FakeOuterClock(),
        alarms=FakeClockAlarms(),
        clock=clock,
        uptime=clock,
        ids=ids,
        rules=builders.RULES.witness,
    )


class Stage:
    """Everything a payer's test needs, put together."""

    def __init__(self, rules: Rules = builders.RULES) -> None:
        self.clock = FakeClock(builders.DUE)
        self.boundaries = Boundaries()
        self.desk = FakeDesk(self.boundaries)
        self.bank = FakeBank(self.clock, self.boundaries)
        self.statements = FakeStatements()
        self.peers = FakePeers(self.clock, self.desk)
        self.contracts = FakeContracts(self.peers)
        self.alarms = FakeAlarms()
        self.meters = FakeMeters()
        self.ids = FakeIds()
        self.till = Till(
            desk=self.desk,
            accounts=FakeAccounts(self.peers),
            antifraud=self.peers,
            contracts=self.contracts,
            bank=self.bank,
            statements=self.statements,
            ask=all_at_once,
            alarms=self.alarms,
            meters=self.meters,
            policy=STARTING_POLICY,
            clock=self.clock,
            uptime=self.clock,
            ids=self.ids,
            rules=rules,
        )
        self.witness = witness_of(self.desk, self.clock, self.ids)

    def state(self) -> State:
        return self.desk.payout().state
