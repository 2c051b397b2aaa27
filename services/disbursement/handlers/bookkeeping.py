"""Keeping the books: what a step of money posts, and the proof of each closed day."""

from datetime import date, datetime
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Broken
from kernel.events.disbursement import LedgerProved
from kernel.ids import Ids
from kernel.money import Money
from services.disbursement.domain.ledger import (
    JournalEntry,
    Kind,
    Proof,
    day_of,
    days_to_prove,
    lines_of,
    prove,
)
from services.disbursement.domain.payout import Payout
from services.disbursement.ports import Ledger, Till, Work


def post_sent(payout: Payout, *, event_id: UUID, work: Work, till: Till) -> None:
    """The order is given: once, however often it is sent."""
    _post(Kind.SENT, payout, None, event_id=event_id, work=work, till=till)


def post_settled(
    payout: Payout, order_id: str, *, event_id: UUID, work: Work, till: Till
) -> None:
    """The money has arrived; what an older release sent is posted as sent first."""
    post_sent(payout, event_id=event_id, work=work, till=till)
    _post(Kind.SETTLED, payout, order_id, event_id=event_id, work=work, till=till)


def post_rejected(payout: Payout, *, event_id: UUID, work: Work, till: Till) -> None:
    """The order is void: its posting is reversed by another."""
    post_sent(payout, event_id=event_id, work=work, till=till)
    reference = payout.order_id
    _post(Kind.REJECTED, payout, reference, event_id=event_id, work=work, till=till)


def post(
    kind: Kind,
    amount: Money,
    *,
    payout_id: UUID | None,
    event_id: UUID | None,
    bank_reference: str | None,
    ledger: Ledger,
    ids: Ids,
    now: datetime,
) -> None:
    """One transaction, on today's page; nothing if it is posted already."""
    last = ledger.last_proof()
    ledger.post(
        JournalEntry(
            transaction_id=ids.new(),
            kind=kind,
            day=day_of(now, proved_until=last.day if last else None),
            postings=lines_of(kind, amount),
            posted_at=now,
            payout_id=payout_id,
            event_id=event_id,
            bank_reference=bank_reference,
        )
    )


def prove_next_day(till: Till) -> bool:
    """Close the oldest day that is over and has postings.  False when none is.

    Broken when the day does not add up: nothing is closed on it.
    """
    now = till.clock.now()
    with till.desk.open() as work:
        closed = days_to_prove(work.ledger.unproved_days(), now=now)
        if not closed:
            return False
        before = work.ledger.last_proof()
        proof = prove(closed[0], work.ledger.entries_of(closed[0]), before=before)
        if work.ledger.keep_proof(proof, at=now):
            work.publish(_proved(proof, till.ids.new()))
    return True


def show_proof(ledger: Ledger) -> Json:
    """The books added up anew: balances, and each closed day against its proof.

    ``differing`` are days that do not come to what was proved of them when they closed.
    """
    differing: list[date] = []
    before: Proof | None = None
    proofs = ledger.proofs()
    for proof in proofs:
        if _again(proof, before, ledger=ledger) != proof:
            differing.append(proof.day)
        before = proof
    balances = ledger.balances()
    return {
        "balances": {
            account.value: Money(minor).to_wire() for account, minor in balances.items()
        },
        "balanced": sum(balances.values()) == 0,
        "days_proved": len(proofs),
        "proved_until": before.day.isoformat() if before else None,
        "last_sha256": before.sha256 if before else None,
        "differing": [day.isoformat() for day in differing],
        "open_days": [day.isoformat() for day in ledger.unproved_days()],
    }


def _post(
    kind: Kind,
    payout: Payout,
    reference: str | None,
    *,
    event_id: UUID,
    work: Work,
    till: Till,
) -> None:
    post(
        kind,
        payout.amount,
        payout_id=payout.payout_id,
        event_id=event_id,
        bank_reference=reference,
        ledger=work.ledger,
        ids=till.ids,
        now=till.clock.now(),
    )


def _again(proof: Proof, before: Proof | None, *, ledger: Ledger) -> Proof | None:
    try:
        return prove(proof.day, ledger.entries_of(proof.day), before=before)
    except Broken:
        return None


def _proved(proof: Proof, proof_id: UUID) -> LedgerProved:
    return LedgerProved(
        proof_id=proof_id,
        closed_on=proof.day.isoformat(),
        transactions=proof.transactions,
        turnover=Money(proof.debit_minor),
        previous_sha256=proof.previous_sha256,
        sha256=proof.sha256,
    )
