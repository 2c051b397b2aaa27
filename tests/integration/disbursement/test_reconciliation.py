"""Reconciliation, halts and four eyes on the real database (F09, F37)."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.errors import Refused
from kernel.money import Money
from services.disbursement.domain.ledger import Account
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import State
from services.disbursement.domain.reconciliation import (
    BankEntry,
    Direction,
    Finding,
    Halt,
)
from services.disbursement.handlers.halting import RESUME
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold
from services.disbursement.handlers.reconciling import reconcile_next
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import HOLD_ENDS, Journey, run
from tests.unit.disbursement.builders import (
    BELOW_LIMIT,
    CLIENT_IBAN,
    CONTRACT_ID,
    OTHER_IBAN,
)

KEY = order_key(CONTRACT_ID, 1)
HALT_ID = UUID(int=7)
ANNA, BORIS = (
    StaffMember(id=UUID(int=n), permissions=frozenset({"sending.decide"}))
    for n in (1, 2)
)


def booked(**changes: Any) -> BankEntry:  # noqa: ANN401 - any field
    """The bank's entry of the journey's payout."""
    true = BankEntry(
        reference="bank-1",
        direction=Direction.DEBIT,
        reversal=False,
        amount=BELOW_LIMIT,
        booked_at=HOLD_ENDS,
        end_to_end_id=KEY,
        creditor_iban=CLIENT_IBAN,
    )
    return replace(true, **changes)


@pytest.fixture
def journey(office: Office) -> Journey:
    """A small loan, a second before its money may leave."""
    found = Journey(office)
    found.sign(BELOW_LIMIT)
    found.consent()
    run(office, HOLD_ENDS - timedelta(seconds=1))
    return found


def read(office: Office) -> None:
    office.clock.instant += timedelta(minutes=1)
    while reconcile_next(office.till):
        pass


def findings(office: Office) -> list[str]:
    rows = office.rows("SELECT finding FROM reconciliation_cases ORDER BY opened_at")
    return [row.finding for row in rows]


def held(office: Office) -> tuple[State, str | None]:
    row = office.payout(CONTRACT_ID)
    return row.state, row.held_code


def halt(office: Office) -> None:
    standing = Halt(halt_id=HALT_ID, code="by_hand", halted_at=office.clock.now())
    with office.desk.open() as work:
        assert work.halts.begin(standing)


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_halt_not_asked")
def test_while_sending_is_halted_the_gate_holds_and_says_so(
    office: Office, journey: Journey
) -> None:
    """Recorded like every check of the gate."""
    halt(office)
    run(office, HOLD_ENDS)
    assert held(office) == (State.READY, "sending_halted")
    assert office.bank.ledger == []
    (check,) = office.checks("sending")
    assert (check.verdict, check.evidence) == ("later", str(HALT_ID))
    del journey


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_halt_overtaken")
def test_a_halt_between_the_gate_and_the_sending_wins(
    office: Office, journey: Journey
) -> None:
    """The conditional UPDATE sees it though the gate has passed."""
    office.clock.instant = HOLD_ENDS
    assert end_next_hold(office.till)
    office.boundaries.arm(1, partial(halt, office))
    assert pay_next(office.till)
    assert (journey.state(), office.bank.ledger) == (State.READY, [])


@pytest.mark.clause("3.4")
@pytest.mark.catalogue("F09")
@pytest.mark.parametrize(
    ("finding", "entries"),
    [
        (Finding.UNKNOWN, [booked(), booked(reference="x", end_to_end_id="FEE")]),
        (Finding.TWICE, [booked(), booked(reference="bank-2")]),
        (Finding.AMOUNT_DIFFERS, [booked(amount=BELOW_LIMIT + Money(1))]),
        (Finding.ACCOUNT_DIFFERS, [booked(creditor_iban=OTHER_IBAN)]),
        (Finding.RESTATED, [booked(), booked(amount=Money(1))]),
    ],
)
@pytest.mark.seeded("disbursement_severe_case_halts_nothing")
def test_a_statement_that_disagrees_halts_all_sending(
    office: Office, journey: Journey, finding: Finding, entries: list[BankEntry]
) -> None:
    """Extra, doubled or altered lines, told in both messages: one case, one halt."""
    run(office, HOLD_ENDS)
    office.statements.entries = office.statements.notified = entries
    read(office)
    assert findings(office) == [finding.value]
    assert len(office.rows("SELECT 1 FROM sending_halts")) == 1
    del journey


@pytest.mark.catalogue("F09")
@pytest.mark.seeded("disbursement_missing_entry_unseen")
def test_a_payout_without_an_entry_is_a_case_after_the_term(
    office: Office, journey: Journey
) -> None:
    """One for the treasurer; the entry closes it when it comes."""
    run(office, HOLD_ENDS)
    office.clock.instant = HOLD_ENDS + timedelta(hours=23)
    read(office)
    assert findings(office) == []
    office.clock.instant = HOLD_ENDS + timedelta(hours=24)
    read(office)
    read(office)
    assert findings(office) == [Finding.MISSING.value]
    office.statements.entries = [booked()]
    read(office)
    (case,) = office.rows("SELECT resolution FROM reconciliation_cases")
    assert case.resolution == "booked"
    assert office.rows("SELECT 1 FROM sending_halts") == []
    del journey


@pytest.mark.seeded("disbursement_entry_counted_twice")
def test_an_entry_is_counted_once_in_whatever_messages_it_is_told(
    office: Office, journey: Journey
) -> None:
    """Notified at once, stated at the end of the day, and read anew from the start."""
    run(office, HOLD_ENDS)
    office.statements.entries = office.statements.notified = [booked()]
    read(office)
    with office.platform.database.begin(office.platform.context()) as tx:
        tx.connection.execute(text("UPDATE statement_positions SET upto = 0"))
    read(office)
    with office.desk.open() as work:
        balances = work.ledger.balances()
    assert balances[Account.BANK] == -BELOW_LIMIT.amount_minor
    assert balances[Account.SETTLEMENT] == 0
    assert balances[Account.LOAN] == BELOW_LIMIT.amount_minor
    told = "SELECT 1 FROM outbox WHERE type = 'disbursement.payout_reconciled.v1'"
    assert (len(office.rows(told)), findings(office)) == (1, [])
    del journey


@pytest.mark.catalogue("F37")
@pytest.mark.seeded("disbursement_restore_not_noticed")
def test_a_restored_database_sends_nothing_before_it_has_caught_up(
    office: Office, journey: Journey
) -> None:
    """Its rows are older than the bank: what they would send is booked already.

    The mark stands for the database the copy was taken of.
    """
    with office.platform.database.begin(office.platform.context()) as tx:
        tx.connection.execute(
            text("UPDATE statement_positions SET database = 'another'")
        )
    run(office, HOLD_ENDS)
    assert held(office) == (State.READY, "reconciliation_pending")
    office.statements.entries = [booked()]
    while reconcile_next(office.till):
        pass
    run(office, HOLD_ENDS + timedelta(hours=1))
    assert held(office) == (State.READY, "sending_halted")
    assert (findings(office), office.bank.ledger) == ([Finding.UNSENT.value], [])
    del journey


def call(office: Office, by: StaffMember) -> Call:
    """A request of one of the staff, as the door hands it on."""
    return Call(
        id=office.platform.ids.new(),
        caller="operator",
        method="ask_resume",
        deadline=office.clock.now() + timedelta(seconds=5),
        context=office.platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
        staff=by,
    )


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_resumed_by_one")
def test_sending_is_resumed_by_two_persons(office: Office, journey: Journey) -> None:
    """Whoever asks does not decide, and asking alone changes nothing."""
    halt(office)
    treasury = journey.use_cases.reconciliation
    asked = treasury.ask_resume(call(office, ANNA), "explained with the bank")
    assert isinstance(asked, dict)
    approval_id = UUID(str(asked["approval_id"]))
    run(office, HOLD_ENDS)
    assert held(office) == (State.READY, "sending_halted")
    operations = {
        RESUME: Operation(
            permission="sending.decide",
            run=lambda tx, approval, by: treasury.resume_sending(tx, approval, by.id),
        )
    }

    def decide(by: StaffMember) -> None:
        with office.platform.database.begin(office.platform.context()) as tx:
            approvals.approve(tx, approval_id, seen=None, by=by, operations=operations)

    with pytest.raises(Refused, match="own_request"):
        decide(ANNA)
    decide(BORIS)
    run(office, HOLD_ENDS + timedelta(hours=1))
    assert (journey.state(), len(office.bank.ledger)) == (State.PAID, 1)


def test_the_database_lets_nobody_resume_alone(office: Office, owner: Engine) -> None:
    """Not by the service's role, nor by the schema's owner."""
    halt(office)
    for engine in (office.platform.database.engine, owner):
        with (
            pytest.raises(IntegrityError, match="sending_halts_two_persons"),
            engine.begin() as connection,
        ):
            connection.execute(
                text(
                    "UPDATE sending_halts SET resumed_at = halted_at,"
                    " approval_id = :one, asked_by = :one, resumed_by = :one,"
                    " resume_reason = 'alone'"
                ),
                {"one": UUID(int=1)},
            )
