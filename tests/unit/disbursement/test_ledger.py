"""The books: whatever happens to payouts, they balance, and every day is proved."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Broken
from kernel.events.disbursement import LedgerProved
from kernel.money import Money
from services.disbursement.domain.ledger import (
    FIRST_DIGEST,
    Account,
    JournalEntry,
    Kind,
    Posting,
    Proof,
    Side,
    day_of,
    days_to_prove,
    lines_of,
    prove,
)
from services.disbursement.domain.order import OrderStatus
from services.disbursement.domain.payout import State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.bookkeeping import prove_next_day, show_proof
from services.disbursement.handlers.paying import pay_next
from tests.unit.disbursement.builders import ABOVE_LIMIT, order, payout
from tests.unit.disbursement.fakes import BankFault, FakeLedger, Stage

DAY = date(2026, 11, 21)
AMOUNTS = st.integers(1, 10**12).map(Money)
FACTS = st.tuples(st.sampled_from(Kind), AMOUNTS)


def entry(number: int, kind: Kind, amount: Money) -> JournalEntry:
    return JournalEntry(
        transaction_id=UUID(int=number),
        kind=kind,
        day=DAY,
        postings=lines_of(kind, amount),
        posted_at=datetime(2026, 11, 21, tzinfo=UTC),
        payout_id=UUID(int=number),
        event_id=UUID(int=number),
        bank_reference=f"ref-{number}",
    )


def entries(facts: list[tuple[Kind, Money]]) -> list[JournalEntry]:
    return [entry(n, kind, amount) for n, (kind, amount) in enumerate(facts, start=1)]


@given(FACTS)
def test_every_kind_of_transaction_balances(fact: tuple[Kind, Money]) -> None:
    """One line on each side, of the same amount, on two accounts."""
    debit, credit = entry(1, *fact).postings
    assert (debit.side, credit.side) == (Side.DEBIT, Side.CREDIT)
    assert debit.amount == credit.amount == fact[1]
    assert debit.account is not credit.account


@given(st.lists(AMOUNTS, min_size=1, max_size=6), st.integers(1, 10**6))
def test_what_does_not_balance_is_no_transaction(
    amounts: list[Money], more: int
) -> None:
    """However many lines it has."""
    debits = tuple(Posting(Account.LOAN, Side.DEBIT, one) for one in amounts)
    total = sum(one.amount_minor for one in amounts)
    credit = Posting(Account.BANK, Side.CREDIT, Money(total))
    good = replace(entry(1, Kind.SENT, Money(1)), postings=(*debits, credit))
    for wrong in (
        (*debits, replace(credit, amount=Money(total + more))),
        debits,
        (),
    ):
        with pytest.raises(Broken):
            replace(good, postings=wrong)


@given(st.lists(FACTS, max_size=20), st.randoms())
def test_a_days_proof_is_of_what_was_posted_in_whatever_order_it_is_read(
    facts: list[tuple[Kind, Money]], chance: object
) -> None:
    """Debits are credits, all accounts together come to zero."""
    posted = entries(facts)
    shuffled = list(posted)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    proof = prove(DAY, posted, before=None)
    assert proof == prove(DAY, shuffled, before=None)
    assert proof.debit_minor == proof.credit_minor
    assert sum(proof.balances.values()) == 0
    assert (proof.previous_sha256, proof.transactions) == (FIRST_DIGEST, len(posted))


@given(st.lists(FACTS, min_size=1, max_size=8), st.data())
def test_a_proof_changes_with_every_posting_and_with_the_day_before(
    facts: list[tuple[Kind, Money]], data: st.DataObject
) -> None:
    """An amount, a reference, a line left out, or another past."""
    posted = entries(facts)
    proof = prove(DAY, posted, before=None)
    at = data.draw(st.integers(0, len(posted) - 1))
    more = posted[at].postings[0].amount + Money(1)
    changed = (
        replace(posted[at], postings=lines_of(posted[at].kind, more)),
        replace(posted[at], bank_reference="another"),
        replace(posted[at], event_id=None),
    )
    others = [prove(DAY, [*posted[:at], *posted[at + 1 :]], before=None)]
    others += [
        prove(DAY, [*posted[:at], one, *posted[at + 1 :]], before=None)
        for one in changed
    ]
    others.append(prove(DAY, posted, before=past()))
    assert proof.sha256 not in {other.sha256 for other in others}


def past() -> Proof:
    yesterday = DAY - timedelta(days=1)
    return prove(yesterday, [], before=None)


def test_a_clock_set_back_posts_into_no_closed_day() -> None:
    """19:00 UTC is midnight in Almaty."""
    now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    assert day_of(now, proved_until=None) == DAY
    assert day_of(now - timedelta(seconds=1), proved_until=None) == past().day
    assert day_of(now, proved_until=DAY) == DAY + timedelta(days=1)


def test_a_day_is_closed_an_hour_after_its_end() -> None:
    """What was begun in it is posted by then."""
    ends = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    assert days_to_prove([DAY], now=ends + timedelta(minutes=59)) == []
    assert days_to_prove([DAY], now=ends + timedelta(hours=1)) == [DAY]


def balances(stage: Stage) -> dict[str, int]:
    found = FakeLedger(stage.desk.tables).balances()
    return {account.value: minor for account, minor in found.items() if minor}


@pytest.fixture
def stage() -> Stage:
    built = Stage()
    built.desk.put(payout(), order())
    return built


def test_a_settled_payout_is_a_loan_and_an_order_the_bank_has_to_book(
    stage: Stage,
) -> None:
    """Sent and settled, each tied to payout, event and the bank's order."""
    pay_next(stage.till)
    minor = ABOVE_LIMIT.amount_minor
    assert balances(stage) == {"loan": minor, "settlement": -minor}
    sent, settled = stage.desk.tables.journal
    assert (sent.kind, settled.kind) == (Kind.SENT, Kind.SETTLED)
    assert sent.payout_id == settled.payout_id == stage.desk.payout().payout_id
    assert (sent.bank_reference, settled.bank_reference) == (None, "bank-1")
    assert sent.event_id is not None
    assert settled.event_id not in {None, sent.event_id}


def test_a_rejected_payout_is_reversed_by_a_posting_of_its_own(stage: Stage) -> None:
    """What was posted stays."""
    stage.bank.status = OrderStatus.REJECTED
    pay_next(stage.till)
    assert State.REJECTED is stage.state()
    assert [entry.kind for entry in stage.desk.tables.journal] == [
        Kind.SENT,
        Kind.REJECTED,
    ]
    assert balances(stage) == {}


def test_an_order_sent_twice_under_its_key_is_posted_once(stage: Stage) -> None:
    """The request was lost, and the order is given again."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    pay_next(stage.till)
    for _ in range(20):
        stage.clock.move(seconds=120)
        ask_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.PAID, 2)
    counted = Counter(entry.kind for entry in stage.desk.tables.journal)
    assert counted == {Kind.SENT: 1, Kind.SETTLED: 1}


def test_what_an_older_release_sent_is_posted_when_it_settles(stage: Stage) -> None:
    """It posted nothing when it sent."""
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.ANSWER_LOST]
    pay_next(stage.till)
    stage.desk.tables.journal.clear()
    stage.clock.move(seconds=120)
    ask_next(stage.till)
    assert State.PAID is stage.state()
    assert [entry.kind for entry in stage.desk.tables.journal] == [
        Kind.SENT,
        Kind.SETTLED,
    ]


def test_each_day_is_proved_once_and_told_with_the_digest_of_the_one_before(
    stage: Stage,
) -> None:
    """Until it is over nothing is."""
    pay_next(stage.till)
    assert not prove_next_day(stage.till)
    stage.clock.move(hours=26)
    assert prove_next_day(stage.till)
    assert not prove_next_day(stage.till)
    (told,) = stage.desk.tables.events[-1:]
    assert isinstance(told, LedgerProved)
    assert told.previous_sha256 == FIRST_DIGEST
    assert (told.transactions, told.turnover) == (2, ABOVE_LIMIT + ABOVE_LIMIT)


def test_a_day_that_was_changed_is_found(stage: Stage) -> None:
    """By its proof, for the trigger stops the service and not the owner of the disk."""
    pay_next(stage.till)
    stage.clock.move(hours=26)
    prove_next_day(stage.till)
    shown = show_proof(FakeLedger(stage.desk.tables))
    assert isinstance(shown, dict)
    assert (shown["balanced"], shown["differing"], shown["days_proved"]) == (
        True,
        [],
        1,
    )
    journal = stage.desk.tables.journal
    journal[0] = replace(journal[0], postings=lines_of(Kind.SENT, Money(1)))
    shown = show_proof(FakeLedger(stage.desk.tables))
    assert isinstance(shown, dict)
    assert shown["differing"] == [journal[0].day.isoformat()]
