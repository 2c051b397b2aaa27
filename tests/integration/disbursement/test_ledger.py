"""The books on the real database: balanced or not there, and never changed."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.money import Money
from services.disbursement.domain.ledger import Account, Kind
from services.disbursement.domain.payout import State
from services.disbursement.handlers.bookkeeping import (
    post,
    prove_next_day,
    show_proof,
)
from services.disbursement.ports import Work
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import HOLD_ENDS, Journey, run
from tests.unit.disbursement.builders import BELOW_LIMIT, DUE

INSERT_LINE = (
    "INSERT INTO ledger_postings (transaction_id, number, account, side,"
    " amount_minor, currency) VALUES (:id, :number, :account, :side, :minor, 'KZT')"
)


def receive(work: Work, office: Office, reference: str, minor: int = 100) -> None:
    post(
        Kind.RECEIVED,
        Money(minor),
        payout_id=None,
        event_id=None,
        bank_reference=reference,
        ledger=work.ledger,
        ids=office.platform.ids,
        now=office.clock.now(),
    )


@pytest.mark.seeded("disbursement_unbalanced_posting_accepted")
@pytest.mark.parametrize(
    ("account", "side", "minor"),
    [("bank", "debit", 1), ("loan", "credit", 99), ("suspense", "debit", 100)],
)
def test_no_unbalanced_transaction_can_be_committed(
    office: Office, account: str, side: str, minor: int
) -> None:
    """Nor can a line be added to one that is there, whoever writes it."""
    with office.desk.open() as work:
        receive(work, office, "ref-1")
    (row,) = office.rows("SELECT transaction_id FROM ledger_transactions")
    values = {
        "id": row.transaction_id,
        "number": 3,
        "account": account,
        "side": side,
        "minor": minor,
    }
    with (
        pytest.raises(DBAPIError, match="does not balance"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(INSERT_LINE), values)
    assert len(office.rows("SELECT 1 FROM ledger_postings")) == 2


def test_a_balanced_pair_does_not_join_a_transaction_that_is_there(
    office: Office,
) -> None:
    """A transaction says how many lines it has."""
    with office.desk.open() as work:
        receive(work, office, "ref-1")
    (row,) = office.rows("SELECT transaction_id FROM ledger_transactions")
    pair = INSERT_LINE + ", (:id, 4, :account, 'credit', :minor, 'KZT')"
    values = {
        "id": row.transaction_id,
        "number": 3,
        "account": "bank",
        "side": "debit",
        "minor": 5,
    }
    with (
        pytest.raises(DBAPIError, match="other lines than it says"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(pair), values)


def test_a_transaction_without_lines_is_none(office: Office) -> None:
    """However few it says it has."""
    with (
        pytest.raises(DBAPIError, match="other lines than it says"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(
            text(
                "INSERT INTO ledger_transactions (transaction_id, kind, day, lines,"
                " bank_reference, posted_at)"
                " VALUES (:id, 'received', :at, 0, 'ref', :at)"
            ),
            {"id": UUID(int=1), "at": DUE},
        )


@pytest.mark.parametrize(
    "table", ["ledger_transactions", "ledger_postings", "ledger_proofs"]
)
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {}"])
def test_the_role_only_ever_adds(office: Office, table: str, act: str) -> None:
    """By its rights; a trigger says the same to whoever has more."""
    column = {"ledger_postings": "side = side"}.get(table, "day = day")
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(act.format(table, column)))


def test_an_entry_of_the_bank_is_posted_once(office: Office) -> None:
    """By its reference; and of a day that is closed nothing is posted any more."""
    for _ in range(3):
        with office.desk.open() as work:
            receive(work, office, "ref-1")
    with office.desk.open() as work:
        assert work.ledger.balances()[Account.BANK] == 100
        assert len(work.ledger.entries_of(work.ledger.unproved_days()[0])) == 1
    office.clock.instant = DUE + timedelta(hours=30)
    assert prove_next_day(office.till)
    office.clock.set_back(DUE)
    with office.desk.open() as work:
        receive(work, office, "ref-2", 7)
        proved = work.ledger.last_proof()
        assert proved is not None
        assert [day > proved.day for day in work.ledger.unproved_days()] == [True]


def test_a_payout_is_posted_in_the_commit_that_moves_it(office: Office) -> None:
    """And a day of them is proved by what the database holds."""
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    journey.consent()
    run(office, HOLD_ENDS)
    assert State.PAID is journey.state()
    minor = BELOW_LIMIT.amount_minor
    with office.desk.open() as work:
        found = {a: m for a, m in work.ledger.balances().items() if m}
    assert found == {Account.LOAN: minor, Account.SETTLEMENT: -minor}
    office.clock.instant = HOLD_ENDS + timedelta(hours=30)
    assert prove_next_day(office.till)
    with office.desk.open() as work:
        shown = show_proof(work.ledger)
    assert isinstance(shown, dict)
    assert shown["balanced"] is True
    assert (shown["differing"], shown["days_proved"]) == ([], 1)
    told = "SELECT 1 FROM outbox WHERE type = 'disbursement.ledger_proved.v1'"
    assert len(office.rows(told)) == 1
