"""What the bank booked against what was ordered: found, told once, halted on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused, Transient
from kernel.events.audit import MeasureOrdered
from kernel.events.disbursement import (
    PayoutReconciled,
    ReconciliationCaseOpened,
    ReconciliationCaseResolved,
    SendingHalted,
    SendingResumed,
)
from kernel.money import Money
from services.disbursement.domain.ledger import Account
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import Payout, State, Tombstone
from services.disbursement.domain.reconciliation import (
    OURS,
    QUIET,
    SEVERE,
    BankEntry,
    Direction,
    Finding,
    Message,
    Position,
    Resumption,
    caught_up,
    judge,
    ordered_by,
)
from services.disbursement.handlers.halting import (
    halt_by_hand,
    resolve_case,
    resume,
    resume_request,
    show_case,
    show_sending,
    when_measure_ordered,
)
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.reconciling import reconcile_next
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    CLIENT_IBAN,
    CLIENT_ID,
    CONTRACT_ID,
    DUE,
    OTHER_IBAN,
    order,
    payout,
)
from tests.unit.disbursement.fake_reconciliation import DATABASE
from tests.unit.disbursement.fakes import FakeLedger, Stage

KEY = order_key(CONTRACT_ID, 1)
PAID = payout(
    state=State.PAID, order_key=KEY, first_sent_at=DUE, order_id="bank-1", next_at=None
)
ANNA, BORIS = UUID(int=1), UUID(int=2)


def booked(**changes: Any) -> BankEntry:  # noqa: ANN401 - any field
    """The bank's entry of `PAID`."""
    true = BankEntry(
        reference="bank-1",
        direction=Direction.DEBIT,
        reversal=False,
        amount=ABOVE_LIMIT,
        booked_at=DUE,
        end_to_end_id=KEY,
        creditor_iban=CLIENT_IBAN,
    )
    return replace(true, **changes)


@pytest.fixture
def stage() -> Stage:
    """A payout that is paid, and a bank that has not told of it."""
    built = Stage()
    built.desk.put(PAID, order())
    return built


def read(stage: Stage) -> None:
    """Everything the bank has to tell, now."""
    stage.clock.move(minutes=1)
    while reconcile_next(stage.till):
        pass


def findings(stage: Stage) -> list[Finding]:
    return [case.finding for case in stage.desk.tables.told.cases.values()]


def halted(stage: Stage) -> bool:
    return len(stage.desk.events(SendingHalted)) > 0


JUDGED: list[tuple[Finding, BankEntry, Any]] = [
    (Finding.MATCHED, booked(), PAID),
    (Finding.MATCHED, booked(), replace(PAID, state=State.SENDING)),
    (Finding.MATCHED, booked(), replace(PAID, state=State.UNKNOWN)),
    (Finding.MATCHED, booked(), replace(PAID, booked_reference="bank-1")),
    (Finding.RECEIVED, booked(direction=Direction.CREDIT, end_to_end_id=None), None),
    (Finding.RECEIVED, booked(direction=Direction.CREDIT, reversal=True), None),
    (Finding.RETURNED, booked(direction=Direction.CREDIT, reversal=True), PAID),
    (Finding.UNKNOWN, booked(end_to_end_id="FEE"), None),
    (Finding.UNSENT, booked(), payout()),
    (Finding.UNSENT, booked(), payout(state=State.HELD)),
    (Finding.ENDED, booked(), replace(PAID, state=State.REJECTED)),
    (Finding.ENDED, booked(), payout(state=State.CANCELLED)),
    (Finding.ENDED, booked(), payout(state=State.BLOCKED)),
    (Finding.ENDED, booked(), Tombstone(CONTRACT_ID, CLIENT_ID)),
    (Finding.TWICE, booked(), replace(PAID, booked_reference="bank-0")),
    (Finding.AMOUNT_DIFFERS, booked(amount=ABOVE_LIMIT + Money(1)), PAID),
    (Finding.AMOUNT_DIFFERS, booked(amount=Money(40_000_000, "USD")), PAID),
    (Finding.ACCOUNT_DIFFERS, booked(creditor_iban=OTHER_IBAN), PAID),
    (Finding.ACCOUNT_DIFFERS, booked(creditor_iban=None), PAID),
    (Finding.AMOUNT_DIFFERS, booked(amount=Money(1)), payout()),
]


@pytest.mark.catalogue("F09")
@pytest.mark.parametrize(("finding", "entry", "found"), JUDGED)
def test_an_entry_is_judged_by_the_row_and_the_sealed_order(
    finding: Finding,
    entry: BankEntry,
    found: Any,  # noqa: ANN401 - a payout, a tombstone or none
) -> None:
    assert finding is judge(entry, found, order())


def test_an_order_that_does_not_open_matches_nothing() -> None:
    """Nobody can tell where the money should have gone."""
    assert judge(booked(), PAID, None) is Finding.ACCOUNT_DIFFERS


def test_what_is_found_is_quiet_severe_or_a_case_about_one_payout() -> None:
    mild = frozenset(Finding) - QUIET - SEVERE
    assert mild == {Finding.MISSING, Finding.RETURNED}
    assert {Finding.UNSENT} == OURS & SEVERE


@given(st.text(max_size=40))
def test_only_a_key_of_ours_names_a_contract(text: str) -> None:
    named = ordered_by(text)
    assert named is None or order_key(*named) == text


@given(st.uuids(), st.integers(1, 9_999))
def test_a_key_names_contract_and_number(contract_id: UUID, number: int) -> None:
    assert ordered_by(order_key(contract_id, number)) == (contract_id, number)
    assert ordered_by(None) is None


@pytest.mark.catalogue("F09")
@pytest.mark.seeded("disbursement_entry_of_the_last_payout")
def test_a_refused_order_that_is_booked_late_is_not_taken_for_its_successor(
    stage: Stage,
) -> None:
    """Money has left under the first key: nothing leaves under the second."""
    rejected = replace(PAID, state=State.REJECTED)
    second = replace(PAID, payout_id=UUID(int=5), number=2, state=State.READY)
    stage.desk.put(second, order())
    stage.desk.tables.replaced[rejected.payout_id] = rejected
    stage.statements.entries = [booked()]
    read(stage)
    (case,) = stage.desk.tables.told.cases.values()
    assert (case.finding, case.payout_id) == (Finding.ENDED, rejected.payout_id)
    assert halted(stage)


def test_the_successor_of_a_refused_payout_is_matched_by_its_own_key(
    stage: Stage,
) -> None:
    second = replace(PAID, payout_id=UUID(int=5), number=2)
    stage.desk.put(second, order(key=order_key(CONTRACT_ID, 2)))
    stage.statements.entries = [booked(end_to_end_id=order_key(CONTRACT_ID, 2))]
    read(stage)
    assert (findings(stage), halted(stage)) == ([], False)
    assert stage.desk.payout().booked_reference == "bank-1"


def test_a_booked_order_is_matched_posted_and_told(stage: Stage) -> None:
    """The bank's account in the books is what the bank booked."""
    stage.statements.entries = [booked()]
    read(stage)
    assert stage.desk.payout().booked_reference == "bank-1"
    (told,) = stage.desk.events(PayoutReconciled)
    assert isinstance(told, PayoutReconciled)
    assert (told.payout_id, told.bank_reference) == (PAID.payout_id, "bank-1")
    balances = FakeLedger(stage.desk.tables).balances()
    assert balances[Account.BANK] == -ABOVE_LIMIT.amount_minor
    assert (findings(stage), halted(stage)) == ([], False)


@pytest.mark.parametrize("again", ["both messages", "place lost"])
def test_an_entry_told_twice_is_counted_once(stage: Stage, again: str) -> None:
    """By the bank's reference: at once and at the end of the day, or read anew."""
    stage.statements.entries = [booked()]
    if again == "both messages":
        stage.statements.notified = [booked()]
    read(stage)
    if again == "place lost":
        stage.desk.tables.told.positions.clear()
        read(stage)
    assert len(stage.desk.tables.journal) == 1
    assert len(stage.desk.events(PayoutReconciled)) == 1
    assert (findings(stage), stage.alarms.entries) == ([], 1)


def test_another_content_under_a_known_reference_halts(stage: Stage) -> None:
    """What was said first stands."""
    stage.statements.entries = [booked(), booked(amount=Money(1))]
    read(stage)
    assert findings(stage) == [Finding.RESTATED]
    assert halted(stage)
    assert len(stage.desk.tables.journal) == 1


SEVERE_ENTRIES = [
    (Finding.UNKNOWN, PAID, [booked(end_to_end_id="FEE")]),
    (Finding.AMOUNT_DIFFERS, PAID, [booked(amount=Money(1))]),
    (Finding.ACCOUNT_DIFFERS, PAID, [booked(creditor_iban=OTHER_IBAN)]),
    (Finding.TWICE, PAID, [booked(), booked(reference="bank-2")]),
    (Finding.ENDED, replace(PAID, state=State.REJECTED), [booked()]),
    (Finding.UNSENT, payout(), [booked()]),
]


@pytest.mark.catalogue("F09")
@pytest.mark.parametrize(("finding", "row", "told"), SEVERE_ENTRIES)
def test_what_disagrees_about_money_that_left_halts_all_sending(
    stage: Stage, finding: Finding, row: Payout, told: list[BankEntry]
) -> None:
    """Told and alarmed once, however often it is read."""
    stage.desk.put(row, order())
    stage.statements.entries = told
    read(stage)
    stage.desk.tables.told.positions.clear()
    read(stage)
    assert findings(stage) == [finding]
    assert (stage.alarms.cases, stage.alarms.halts) == ([finding], [finding.value])
    assert len(stage.desk.events(ReconciliationCaseOpened)) == 1
    assert len(stage.desk.events(SendingHalted)) == 1


def test_money_that_comes_in_is_nobodys_case(stage: Stage) -> None:
    stage.statements.entries = [booked(direction=Direction.CREDIT, end_to_end_id=None)]
    read(stage)
    balances = FakeLedger(stage.desk.tables).balances()
    assert balances[Account.BANK] == ABOVE_LIMIT.amount_minor
    assert balances[Account.SUSPENSE] == -ABOVE_LIMIT.amount_minor
    assert (findings(stage), halted(stage)) == ([], False)


def test_money_given_back_is_a_case_and_no_halt(stage: Stage) -> None:
    back = booked(reference="bank-2", direction=Direction.CREDIT, reversal=True)
    stage.statements.entries = [booked(), back]
    read(stage)
    assert (findings(stage), halted(stage)) == ([Finding.RETURNED], False)


@pytest.mark.catalogue("F09")
def test_a_payout_the_bank_does_not_book_is_a_case_after_the_term(
    stage: Stage,
) -> None:
    """Once; and closed by the entry when it comes after all."""
    stage.clock.move(hours=23)
    read(stage)
    assert findings(stage) == []
    stage.clock.move(hours=1)
    read(stage)
    read(stage)
    assert (findings(stage), halted(stage)) == ([Finding.MISSING], False)
    stage.statements.entries = [booked()]
    read(stage)
    (case,) = stage.desk.tables.told.cases.values()
    assert (case.resolved_by, case.resolution) == (None, "booked")
    assert len(stage.desk.events(ReconciliationCaseResolved)) == 1


def test_nothing_is_missing_before_the_bank_was_read_to_its_end(stage: Stage) -> None:
    """In all messages: an entry on the last page of either is no missing one."""
    others = [
        booked(reference=f"in-{n}", direction=Direction.CREDIT, end_to_end_id=None)
        for n in range(5)
    ]
    stage.statements.entries = [*others, booked()]
    stage.clock.move(hours=30)
    read(stage)
    assert findings(stage) == []


def test_a_bank_that_does_not_answer_moves_no_place(stage: Stage) -> None:
    stage.statements.away = True
    stage.clock.move(minutes=1)
    before = dict(stage.desk.tables.told.positions)
    with pytest.raises(Transient):
        reconcile_next(stage.till)
    assert before == stage.desk.tables.told.positions


def test_between_the_beats_the_bank_is_left_alone(stage: Stage) -> None:
    """A clock set back does not make it a long time."""
    read(stage)
    asked = stage.statements.asked
    assert not reconcile_next(stage.till)
    stage.clock.step(hours=-2)
    assert reconcile_next(stage.till)
    assert stage.statements.asked == asked + 1


def test_all_messages_have_to_be_read_by_this_very_database() -> None:
    """Of each its end; the earliest of them counts."""
    earlier = DUE - timedelta(minutes=1)
    both = [
        Position(message=Message.STATEMENT, caught_up_at=DUE, database="a"),
        Position(message=Message.NOTIFICATION, caught_up_at=earlier, database="a"),
    ]
    assert caught_up(both, database="a") == earlier
    assert caught_up(both, database="b") is None
    assert caught_up(both[:1], database="a") is None
    assert caught_up([], database="a") is None


@pytest.mark.catalogue("F37")
def test_after_a_start_of_the_database_nothing_leaves_before_the_bank_is_read() -> None:
    """It may be a backup that knows of no sending."""
    stage = Stage()
    stage.desk.put(payout(), order())
    stage.desk.tables.told.database = "restored"
    pay_next(stage.till)
    row = stage.desk.payout()
    assert (row.state, row.held_code) == (State.READY, "reconciliation_pending")
    assert reconcile_next(stage.till)
    assert reconcile_next(stage.till)
    stage.clock.move(minutes=5)
    pay_next(stage.till)
    assert State.PAID is stage.state()
    assert stage.desk.tables.told.database != DATABASE


@pytest.mark.catalogue("F37")
def test_a_restored_row_whose_order_is_booked_halts_and_is_not_sent() -> None:
    stage = Stage()
    stage.desk.put(payout(), order())
    stage.desk.tables.told.database = "restored"
    stage.statements.entries = [booked()]
    while reconcile_next(stage.till):
        pass
    stage.clock.move(minutes=5)
    pay_next(stage.till)
    row = stage.desk.payout()
    assert (row.state, row.held_code) == (State.READY, "sending_halted")
    assert (findings(stage), stage.bank.ledger) == ([Finding.UNSENT], [])


def by_hand(stage: Stage) -> UUID:
    with stage.desk.open() as work:
        halt_by_hand(
            "bank has called",
            by=ANNA,
            halts=work.halts,
            publish=work.publish,
            ids=stage.ids,
            now=stage.clock.now(),
        )
        halt = work.halts.standing()
    assert halt is not None
    return halt.halt_id


def go_on(stage: Stage, halt_id: UUID) -> None:
    with stage.desk.open() as work:
        resume(
            Resumption(
                halt_id=halt_id,
                approval_id=UUID(int=9),
                asked_by=ANNA,
                resumed_by=BORIS,
                reason="explained",
            ),
            halts=work.halts,
            reconciliation=work.reconciliation,
            publish=work.publish,
            now=stage.clock.now(),
        )


def test_a_halt_by_hand_holds_every_payout_until_it_is_lifted() -> None:
    """The code is told, and nothing is lost."""
    stage = Stage()
    stage.desk.put(payout(), order())
    halt_id = by_hand(stage)
    with pytest.raises(Refused, match="sending_halted"):
        by_hand(stage)
    pay_next(stage.till)
    assert (stage.state(), stage.desk.payout().held_code) == (
        State.READY,
        "sending_halted",
    )
    go_on(stage, halt_id)
    stage.clock.move(minutes=5)
    pay_next(stage.till)
    assert State.PAID is stage.state()
    assert len(stage.desk.events(SendingResumed)) == 1
    with pytest.raises(Refused, match="sending_not_halted"):
        go_on(stage, halt_id)


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("measure_lets_money_leave")
def test_an_incident_halts_sending_at_once_and_two_persons_resume_it() -> None:
    """Again it changes nothing; other measures are not for us."""
    stage = Stage()
    stage.desk.put(payout(), order())
    for measure in ("end_sessions", "halt_sending", "halt_sending"):
        with stage.desk.open() as work:
            when_measure_ordered(
                MeasureOrdered(
                    measure_id=UUID(int=1),
                    incident_id=UUID(int=2),
                    measure=measure,
                    about=None,
                ),
                halts=work.halts,
                publish=work.publish,
                ids=stage.ids,
                now=stage.clock.now(),
            )
    [told] = stage.desk.events(SendingHalted)
    assert isinstance(told, SendingHalted)
    assert told.code == "incident"
    pay_next(stage.till)
    assert stage.desk.payout().held_code == "sending_halted"
    go_on(stage, told.halt_id)
    stage.clock.move(minutes=5)
    pay_next(stage.till)
    assert State.PAID is stage.state()


def explain(stage: Stage, case_id: UUID) -> None:
    with stage.desk.open() as work:
        resolve_case(
            case_id,
            "fee of the bank",
            by=ANNA,
            reconciliation=work.reconciliation,
            publish=work.publish,
            now=stage.clock.now(),
        )


def test_sending_goes_on_only_when_every_severe_case_is_explained(
    stage: Stage,
) -> None:
    stage.statements.entries = [booked(end_to_end_id="FEE")]
    read(stage)
    with stage.desk.open() as work:
        halt = work.halts.standing()
        (case,) = work.reconciliation.cases()
        shown = show_case(case.case_id, reconciliation=work.reconciliation)
    assert halt is not None
    assert isinstance(shown, dict)
    assert isinstance(shown["entry"], dict)
    assert shown["entry"]["end_to_end_id"] == "FEE"
    with pytest.raises(Refused, match="cases_open"):
        go_on(stage, halt.halt_id)
    with stage.desk.open() as work, pytest.raises(Refused, match="cases_open"):
        resume_request(
            "explained", halts=work.halts, reconciliation=work.reconciliation
        )
    explain(stage, case.case_id)
    with pytest.raises(Refused, match="case_resolved"):
        explain(stage, case.case_id)
    go_on(stage, halt.halt_id)
    with stage.desk.open() as work:
        shown = show_sending(work.halts, work.reconciliation)
    assert isinstance(shown, dict)
    assert (shown["halted"], shown["severe_cases_open"]) == (False, 0)
