"""Reconciliation: read what the bank booked, find what disagrees, halt on it.

1. Look how far each kind of message is read; the bank is asked without a transaction.
2. One page, one commit: entries, what they are, cases, the halt, postings, the place.
3. At the end of the messages: payouts without an entry, and the instant from which the
   gate counts how old the reading is.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken
from kernel.events.disbursement import (
    PayoutReconciled,
    ReconciliationCaseOpened,
    ReconciliationCaseResolved,
)
from services.disbursement.domain.ledger import Kind
from services.disbursement.domain.order import Order
from services.disbursement.domain.payout import Payout, Tombstone
from services.disbursement.domain.reconciliation import (
    OURS,
    QUIET,
    BankEntry,
    Case,
    Direction,
    Finding,
    Position,
    StatementPage,
    caught_up,
    judge,
    ordered_by,
)
from services.disbursement.handlers.bookkeeping import post
from services.disbursement.handlers.halting import halt_for
from services.disbursement.ports import Till, Work

BOOKED: Final = "booked"
"""Resolves a missing entry that came after all."""


def reconcile_next(till: Till) -> bool:
    """Read the next page, of whichever message is due.  False when none is.

    Raises Transient when the bank gives no usable answer: the place stays, and the gate
    closes when it has stayed too long.
    """
    now = till.clock.now()
    with till.desk.open() as work:  # step 1
        positions = work.reconciliation.positions()
        database = work.reconciliation.database()
    every = till.rules.reconciliation.every
    due = next((p for p in positions if _due(p, database, now, every=every)), None)
    if due is None:
        return False
    page = till.statements.page(due.message, after=due.upto)
    with till.desk.open() as work:  # step 2
        if work.reconciliation.take_place(due):
            new = sum(_take(entry, work=work, till=till) for entry in page.entries)
            work.reconciliation.keep_place(
                _place(due, page, database=database, now=now, every=every)
            )
            if page.is_last:  # step 3
                _find_missing(database, work=work, till=till)
            till.alarms.read_on(new)
    return True


def _due(position: Position, database: str, now: datetime, *, every: timedelta) -> bool:
    """Also at once after a start of the database, which may be a restore."""
    return position.database != database or position.due(now, every=every)


def _place(
    position: Position,
    page: StatementPage,
    *,
    database: str,
    now: datetime,
    every: timedelta,
) -> Position:
    """Behind the page; the end is reached as of when the bank was asked."""
    if not page.is_last:
        return replace(position, upto=page.upto, next_at=now)
    return replace(
        position,
        upto=page.upto,
        caught_up_at=now,
        database=database,
        next_at=now + every,
    )


def _take(entry: BankEntry, *, work: Work, till: Till) -> bool:
    """Take an entry once, in whichever messages it is told; whether it is new."""
    found, order = _ordered(entry, work=work)
    finding = judge(entry, found, order)
    payout = found if isinstance(found, Payout) else None
    payout_id = payout.payout_id if payout else None
    now = till.clock.now()
    known = work.reconciliation.enter(entry, finding, payout_id, at=now)
    if known is not None:
        if not known.same_as(entry):
            _open(Finding.RESTATED, payout, entry.reference, work=work, till=till)
        return False
    event_id = None
    if payout is not None and finding in OURS:
        event_id = _match(payout, entry, work=work, till=till)
    if finding not in QUIET:
        _open(finding, payout, entry.reference, work=work, till=till)
    post(
        _kind(entry, finding),
        entry.amount,
        payout_id=payout_id,
        event_id=event_id,
        bank_reference=entry.reference,
        ledger=work.ledger,
        ids=till.ids,
        now=now,
    )
    return True


def _ordered(
    entry: BankEntry, *, work: Work
) -> tuple[Payout | Tombstone | None, Order | None]:
    """The payout the entry names, locked, and its order if it can be opened."""
    named = ordered_by(entry.end_to_end_id)
    found = None if named is None else work.payouts.lock_ordered(*named)
    if not isinstance(found, Payout):
        return found, None
    try:
        order, _ = work.payouts.order_of(found)
    except Broken:
        return found, None
    return found, order


def _kind(entry: BankEntry, finding: Finding) -> Kind:
    if entry.direction is Direction.CREDIT:
        return Kind.RECEIVED
    return Kind.BOOKED if finding in OURS else Kind.UNIDENTIFIED


def _match(payout: Payout, entry: BankEntry, *, work: Work, till: Till) -> UUID:
    """The order stands in the statement; who missed it need not look any more."""
    work.payouts.amend(payout, booked_reference=entry.reference)
    missing = work.reconciliation.open_case_of(payout.payout_id, Finding.MISSING)
    if missing is not None:
        work.reconciliation.resolve(
            missing, by=None, resolution=BOOKED, at=till.clock.now()
        )
        work.publish(ReconciliationCaseResolved(case_id=missing, resolved_by=None))
    return work.publish(
        PayoutReconciled(
            payout_id=payout.payout_id,
            contract_id=payout.contract_id,
            bank_reference=entry.reference,
            booked_at=entry.booked_at,
        )
    )


def _find_missing(database: str, *, work: Work, till: Till) -> None:
    """Sent, and in no message within the term in force, as far as all are read."""
    read_at = caught_up(work.reconciliation.positions(), database=database)
    if read_at is None:
        return
    hours = till.policy.integer("reconciliation.missing_hours", read_at)
    before = read_at - timedelta(hours=hours)
    for payout_id in work.reconciliation.unbooked(sent_before=before):
        payout = work.payouts.lock_payout(payout_id)
        _open(Finding.MISSING, payout, None, work=work, till=till)


def _open(
    finding: Finding,
    payout: Payout | None,
    reference: str | None,
    *,
    work: Work,
    till: Till,
) -> None:
    """A case for the treasurer, told once; a severe one halts all sending."""
    case = Case(
        case_id=till.ids.new(),
        finding=finding,
        payout_id=payout.payout_id if payout else None,
        reference=reference,
        opened_at=till.clock.now(),
    )
    if not work.reconciliation.open_case(case):
        return
    work.publish(
        ReconciliationCaseOpened(
            case_id=case.case_id,
            code=finding.value,
            severe=case.severe,
            payout_id=case.payout_id,
            bank_reference=reference,
        )
    )
    till.alarms.case_opened(finding)
    if case.severe:
        halt_for(finding, work=work, till=till)
