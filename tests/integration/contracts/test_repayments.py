"""From the bank's statement to a closed contract, on the real database and bank."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count, permutations
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from typing_extensions import override

from infra.simulators.client import FaultMode
from infra.simulators.identities import iban_of
from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import sha256
from kernel.errors import Refused, Transient
from kernel.money import Money
from services.contracts.domain.credits import StatementPage
from services.contracts.domain.repayment import Effect
from services.contracts.domain.states import ContractState
from services.contracts.handlers import accruals, doubts, repayments
from services.contracts.handlers.accruals import AskedTurn
from services.contracts.ports.repayments import Assignment
from services.contracts.storage.work import DatabaseUnit, DatabaseWork
from services.contracts.wiring.parts import Parts
from services.contracts.wiring.repayments import RepaymentUseCases
from tests.integration.contracts.conftest import PRINTER, Desk
from tests.integration.contracts.teller import Teller, money
from tests.integration.simulators.stand import OuterPki, Stand, make_pki, running_stand
from tests.staff import ANNA, BORIS, member
from tests.unit.contracts.builders import STRANGER

S = ContractState
DAY = timedelta(days=1)
TIYN = Money(1)
_ACCOUNTS = count(1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("bank-pki"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pki: OuterPki) -> Iterator[Stand]:
    with running_stand(tmp_path_factory.mktemp("bank"), pki) as stand:
        yield stand


@pytest.fixture
def teller(desk: Desk, running: Stand) -> Iterator[Teller]:
    """An account of this test alone; its contract is paid out."""
    number = next(_ACCOUNTS)
    person = running.person(f"payer-{number}")
    made = Teller(desk, running, iban_of("722", f"R{number:012}"), person)
    made.pay_out()
    yield made
    made.close()
    running.control.clear_faults()


def test_a_contract_repaid_on_time_is_closed_to_the_tiyn(teller: Teller) -> None:
    """Each payment by its day; what is said, kept and shown agrees."""
    assert teller.desk.view(teller.contract_id)["next_step"] == "repay"
    schedule = teller.instalments
    for one in schedule:
        teller.go_to(one.due_on)
        teller.pay(one.total)
        teller.read()
    assert teller.state() is S.CLOSED
    debt = teller.debt()
    assert (debt["state"], debt["owed"], debt["unused"]) == ("closed", "0.00", "0.00")
    assert {one["state"] for one in debt["payments"]} == {"paid"}
    assert debt["closed_on"] == schedule[-1].due_on.isoformat()
    paid = dict.fromkeys(("lent", "principal_paid", "interest_paid", "received"), 0)
    for _, kind, amount in teller.ledger():
        if kind in paid:
            paid[kind] += amount
    lent = teller.contract.amount.amount_minor
    interest = sum(one.interest.amount_minor for one in schedule)
    assert paid == {
        "lent": lent,
        "principal_paid": lent,
        "interest_paid": interest,
        "received": lent + interest,
    }
    assert teller.said("credit_received") == len(schedule)
    assert (teller.said("contract_closed"), teller.said("payment_overdue")) == (1, 0)
    assert teller.desk.view(teller.contract_id)["next_step"] == "none"


def test_a_closed_contract_lets_its_client_apply_again(teller: Teller) -> None:
    teller.pay(money(teller.quote(teller.today)["to_pay"]))
    teller.read()
    assert teller.state() is S.CLOSED
    assert teller.desk.submit()["state"] == "offered"


@pytest.mark.seeded("contracts_entry_taken_twice")
def test_the_same_entry_said_again_is_no_news(teller: Teller) -> None:
    """In a later statement, and when the place in it is lost (a restored database)."""
    booked = teller.pay(Money(1_000_000), reference="BANK-REF-1")
    assert teller.read().new == 1
    again = {name: booked[name] for name in ("reference", "value_on")}
    assert again["reference"] == "BANK-REF-1"
    before = teller.ledger()
    teller.desk.rows("DELETE FROM statement_positions RETURNING 1")
    assert teller.read().new == 0
    assert teller.ledger() == before
    assert teller.said("credit_received") == 1


@pytest.mark.clause("3.4")
@pytest.mark.seeded("contracts_restatement_believed")
def test_another_content_under_a_known_reference_is_parked(teller: Teller) -> None:
    """What was said first stands; each other version calls a person once."""
    teller.pay(Money(1_000_000), reference="BANK-REF-2")
    teller.read()
    before = teller.ledger()
    teller.pay(Money(9_000_000), reference="BANK-REF-2")
    assert teller.read().parked == ["contradicted"]
    teller.desk.rows("DELETE FROM statement_positions RETURNING 1")
    assert teller.read().parked == []
    assert teller.ledger() == before
    with teller.desk.unit() as unit:
        (waiting,) = doubts.listed(unit=unit)
    assert cast("Any", waiting)["reason"] == "contradicted"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("contracts_page_believed_in_part")
@pytest.mark.parametrize("mode", ["garble", "lose", "down"])
def test_a_page_that_is_cut_is_read_again(teller: Teller, mode: FaultMode) -> None:
    """Of a page that is not whole nothing is kept."""
    for _ in range(6):
        teller.pay(Money(1_000_000))
    teller.stand.control.arm_bank("/v1/accounts", mode)
    with pytest.raises(Transient):
        teller.read()
    assert teller.desk.rows("SELECT 1 FROM bank_entries") == []
    assert teller.read().new == 6


def test_a_long_statement_is_read_page_by_page_and_gone_on_with(teller: Teller) -> None:
    """A cut in the middle keeps the pages before it."""
    for _ in range(130):
        teller.pay(Money(1))
    pages: list[StatementPage] = []

    class Cut:
        """The bank, which is away after the first page."""

        def page(self, *, after: int) -> StatementPage:
            if pages:
                raise Transient("away")
            pages.append(teller.bank.page(after=after))
            return pages[0]

    with pytest.raises(Transient):
        teller.read(Cut())
    assert len(teller.desk.rows("SELECT 1 FROM bank_entries")) == 100
    assert teller.read().new == 30
    assert teller.debt()["unused"] == "1.30"


class CrashError(Exception):
    """The process ends here."""


class Crashing(DatabaseWork):
    """Work of which one transaction, the one of that number, ends uncommitted."""

    crashes_in = 0
    begun = 0

    @override
    @contextmanager
    def begin(self) -> Iterator[DatabaseUnit]:
        with super().begin() as unit:
            yield unit
            self.begun += 1
            if self.begun == self.crashes_in:
                raise CrashError


@pytest.mark.seeded("contracts_position_moved_alone")
def test_a_crash_before_any_commit_takes_each_entry_once(teller: Teller) -> None:
    """Before it nothing is kept, after it nothing is repeated."""
    teller.pay(Money(1_000_000))
    platform = teller.desk.platform
    for crashes_in in (1, 2, 3):
        work = Crashing(
            platform.database, platform.context(), field_keys=platform.field_keys
        )
        work.crashes_in = crashes_in
        with suppress(CrashError):
            repayments.read_statement(
                bank=teller.bank,
                work=work,
                blind=str,
                clock=teller.desk.clock,
                ids=platform.ids,
            )
    teller.read()
    assert teller.said("credit_received") == 1


def test_readers_at_the_same_time_take_each_entry_once(teller: Teller) -> None:
    for _ in range(40):
        teller.pay(Money(100))
    found: list[int] = []
    barrier = threading.Barrier(4)

    def read() -> None:
        barrier.wait()
        found.append(
            repayments.read_statement(
                bank=teller.bank,
                work=teller.desk.work(),
                blind=str,
                clock=teller.desk.clock,
                ids=teller.desk.platform.ids,
            ).new
        )

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 40
    teller.read()
    teller.count()
    assert teller.debt()["unused"] == "40.00"


@pytest.mark.seeded("contracts_credit_counts_when_read")
def test_a_late_statement_counts_from_its_value_date(teller: Teller) -> None:
    """The client was told of a payment overdue; then the statement names it in time."""
    first = teller.instalments[0]
    teller.go_to(first.due_on + 8 * DAY)
    teller.count()
    assert teller.said("payment_overdue") == 1
    late = teller.debt()
    assert (late["days_overdue"], late["overdue"]) == (8, first.total.to_wire())
    teller.pay(first.total, on=first.due_on)
    teller.read()
    debt = teller.debt()
    assert (debt["overdue"], debt["principal"]) == ("0.00", first.balance.to_wire())
    assert teller.said("overdue_ended") == 1
    assert (first.due_on, "interest", first.interest.amount_minor) in teller.ledger()
    assert (first.due_on, "received", first.total.amount_minor) in teller.ledger()
    running = first.balance.times_ratio(36 * 8, 100 * 365)
    assert debt["interest"] == running.to_wire()


def test_the_order_in_which_days_become_known_changes_no_balance(
    teller: Teller,
) -> None:
    """Three statements in any order: one ledger, its corrections summed."""
    first, second = teller.instalments[:2]
    start = teller.desk.clock.at
    paid = [
        (first.total, first.due_on),
        (Money(500_000), first.due_on + 5 * DAY),
        (second.total, second.due_on + 3 * DAY),
    ]
    found = []
    for order in permutations(paid):
        _forget(teller)
        teller.close()
        teller.iban = iban_of("722", f"P{next(_ACCOUNTS):012}")
        teller.connect()
        teller.desk.clock.at = start
        teller.go_to(second.due_on + 10 * DAY)
        teller.count()
        for amount, day in order:
            teller.pay(amount, on=day)
            teller.read()
        found.append(
            (teller.ledger(), teller.debt()["owed"], teller.debt()["payments"])
        )
    assert all(one == found[0] for one in found)


def _forget(teller: Teller) -> None:
    """As if nothing had been read yet."""
    with teller.desk.owner.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE ledger_postings, account_standings, credit_assignments,"
                " bank_entries, statement_positions"
            )
        )


@pytest.mark.seeded("contracts_reversal_ignored")
def test_a_credit_taken_back_counts_no_more(teller: Teller) -> None:
    """A contract it had closed obliges again; the ledger shows both."""
    booked = teller.pay(money(teller.quote(teller.today)["to_pay"]))
    teller.read()
    assert teller.state() is S.CLOSED
    reference = str(booked["reference"])
    amount = money(teller.show()["ledger"][-1]["amount"])
    received = Money(int(booked["amount_minor"]))
    assert amount > Money(0)
    teller.pay(received, reversal_of=reference)
    teller.read()
    assert teller.state() is S.ACTIVE
    assert teller.debt()["owed"] == teller.contract.amount.to_wire()
    assert [kind for _, kind, _ in teller.ledger()] == ["lent"]
    signs = [money(line["amount"]) for line in teller.show()["ledger"]]
    assert min(signs) < Money(0)
    assert teller.said("credit_reversed", "contract_reopened") == 2


@pytest.mark.seeded("contracts_part_taken_back_forgotten")
def test_what_is_taken_back_of_a_credit_counts_no_more(teller: Teller) -> None:
    """The account is the one of a credit that was so much smaller from the first."""
    booked = teller.pay(Money(1_000_000), on=teller.today)
    teller.read()
    for part in (300_000, 1):
        teller.pay(Money(part), reversal_of=str(booked["reference"]))
        assert teller.read().parked == []
    debt = teller.debt()
    (credit,) = debt["credits"]
    assert (credit["amount"], credit["taken_back"]) == ("10000.00", "3000.01")
    assert credit["reversed"] is False
    assert debt["unused"] == "6999.99"
    received = [amount for _, kind, amount in teller.ledger() if kind == "received"]
    assert received == [699_999]
    assert teller.said("credit_reversed") == 2
    teller.pay(Money(699_999), reversal_of=str(booked["reference"]))
    teller.read()
    assert teller.debt()["unused"] == "0.00"
    assert teller.debt()["credits"][0]["reversed"] is True


def test_a_part_taken_back_of_nobodys_credit_is_not_the_contracts(
    teller: Teller,
) -> None:
    """Whoever assigns it is shown, and gives, what is left of it."""
    booked = teller.pay(Money(1_000_000), purpose="без номера")
    teller.pay(Money(400_000), reversal_of=str(booked["reference"]))
    assert teller.read().parked == ["unrecognised"]
    with teller.desk.unit() as unit:
        credit: Any = repayments.listed(unit=unit)[0]
    assert credit["amount"] == "6000.00"
    _desk_assign(teller, UUID(credit["credit_id"]))
    assert teller.debt()["unused"] == "6000.00"
    assert teller.said("credit_reversed") == 1


def test_more_taken_back_than_is_left_waits_for_a_person(teller: Teller) -> None:
    """It takes nothing; what fits, before or after it, counts."""
    booked = teller.pay(Money(1_000_000))
    teller.read()
    before = teller.ledger()
    reference = str(booked["reference"])
    teller.pay(Money(1_000_001), reversal_of=reference)
    assert teller.read().parked == ["reversal_differs"]
    assert teller.ledger() == before
    teller.pay(Money(600_000), reversal_of=reference)
    teller.pay(Money(600_000), reversal_of=reference)
    teller.pay(Money(400_000), reversal_of=reference)
    assert teller.read().parked == ["reversal_differs"]
    assert teller.debt()["unused"] == "0.00"


def test_a_reversal_before_its_credit_leaves_no_trace_in_the_balance(
    teller: Teller,
) -> None:
    teller.pay(Money(1_000_000), reversal_of="LATER-1")
    teller.read()
    before = teller.ledger()
    teller.pay(Money(1_000_000), reference="LATER-1")
    assert teller.read().parked == []
    assert teller.ledger() == before


@pytest.mark.parametrize(
    "written",
    [
        "оплата {number}",
        "{lower} спасибо",
        "за договор № {spaced}",
        "{cyrillic}, ИИН 123456789012",
    ],
)
def test_a_number_is_read_as_people_write_it(teller: Teller, written: str) -> None:
    number = teller.contract.number
    purpose = written.format(
        number=number,
        lower=number.lower(),
        spaced=number.replace("-", " "),
        cyrillic=number.translate(str.maketrans("ABCEK", "АВСЕК")),
    )
    teller.pay(Money(100), purpose=purpose)
    assert teller.read().parked == []
    assert teller.debt()["unused"] == "1.00"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("contracts_doubtful_credit_taken")
@pytest.mark.parametrize(
    "purpose",
    [
        "возврат долга",
        "KSK-20260101-0000000000",
        "{number} и KSK-20260101-0000000000",
        "{number}0",
        "KSK-20260101-0000000000 ИИН {iin}",
    ],
)
def test_a_credit_in_doubt_waits_for_a_person(teller: Teller, purpose: str) -> None:
    """No number, a strange one, or two: nothing is guessed, whatever else is said."""
    number = teller.contract.number
    teller.pay(Money(100), purpose=purpose.format(number=number, iin=teller.person.iin))
    assert teller.read().parked == ["unrecognised"]
    assert teller.debt()["unused"] == "0.00"


def test_an_iin_names_the_one_contract_in_force(teller: Teller) -> None:
    """After it is closed the ИИН alone names nothing."""
    iin = teller.person.iin
    teller.pay(money(teller.quote(teller.today)["to_pay"]), purpose=f"погашение {iin}")
    assert teller.read().parked == []
    assert teller.state() is S.CLOSED
    teller.pay(Money(100), purpose=iin)
    assert teller.read().parked == ["unrecognised"]


@pytest.mark.seeded("contracts_overpayment_lost")
def test_money_for_a_closed_contract_is_kept_for_the_client(teller: Teller) -> None:
    """A liability the client sees, to the tiyn."""
    teller.pay(money(teller.quote(teller.today)["to_pay"]) + Money(55))
    teller.read()
    teller.go_to(teller.today + 3 * DAY)
    teller.pay(Money(700))
    teller.read()
    debt = teller.debt()
    assert (debt["state"], debt["owed"], debt["unused"]) == ("closed", "0.00", "7.55")
    assert [one["amount"] for one in debt["credits"]][-1] == "7.00"


def _desk_assign(teller: Teller, credit_id: UUID, *, by: UUID = BORIS) -> None:
    with teller.desk.unit() as unit:
        repayments.assign(
            Assignment(
                entry_id=credit_id,
                contract_id=teller.contract_id,
                recognised_by="staff",
                approval_id=UUID(int=0xAA),
                asked_by=ANNA,
                approved_by=by,
            ),
            unit=unit,
            now=teller.desk.clock.now(),
        )
    teller.count()


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("contracts_assigned_by_one")
def test_a_credit_is_assigned_by_two_and_once(teller: Teller) -> None:
    """The database itself asks for two; what is some contract's stays its own."""
    teller.pay(Money(1_000_000), purpose="долг")
    teller.read()
    (row,) = teller.desk.rows("SELECT entry_id FROM bank_entries")
    with pytest.raises(Exception, match="credit_assignments_two_persons"):
        _desk_assign(teller, row.entry_id, by=ANNA)
    with teller.desk.unit() as unit:
        said = repayments.assignment_effect(row.entry_id, teller.contract_id, unit=unit)
        shown: Any = repayments.shown(row.entry_id, unit=unit)
    assert "10000.00" in said
    assert shown["purpose"] == "долг"
    assert teller.person.iin not in str(shown)
    _desk_assign(teller, row.entry_id)
    assert teller.debt()["unused"] == "10000.00"
    with pytest.raises(Refused, match="credit_assigned"):
        _desk_assign(teller, row.entry_id)
    with pytest.raises(Refused, match="credit_not_found"):
        _desk_assign(teller, UUID(int=5))


def test_an_early_part_makes_the_schedule_anew(teller: Teller) -> None:
    """Ordered, paid on its day, told; asked again it is the same order."""
    day = teller.today + 10 * DAY
    amount = Money(20_000_000)
    order = teller.order(day, amount, Effect.SMALLER, key="one")
    assert teller.order(day, amount, Effect.SMALLER, key="one") == order
    with pytest.raises(Refused, match="day_taken"):
        teller.order(day, amount, Effect.SHORTER, key="two")
    teller.go_to(day)
    teller.pay(amount)
    teller.read()
    teller.count()
    assert teller.said("schedule_reissued") == 1
    debt = teller.debt()
    ahead = [one for one in debt["payments"] if one["state"] == "ahead"]
    assert [one["due_on"] for one in ahead] == [
        one.due_on.isoformat() for one in teller.instalments
    ]
    assert money(ahead[0]["left"]) < teller.instalments[0].total
    teller.go_to(day + DAY)
    teller.count()
    assert teller.said("schedule_reissued") == 1


def test_an_early_order_is_refused_where_it_cannot_be(teller: Teller) -> None:
    day = teller.today + 5 * DAY
    owed = money(teller.quote(day)["owed"])
    for wrong in (TIYN, owed):
        with pytest.raises(Refused, match="amount_unfit"):
            teller.order(day, wrong, Effect.SHORTER)
    for unfit in (teller.today - DAY, teller.today + 31 * DAY):
        with pytest.raises(Refused, match="day_unfit"):
            teller.quote(unfit)
    teller.go_to(teller.instalments[0].due_on + DAY)
    with pytest.raises(Refused, match="overdue_first"):
        teller.order(teller.today, Money(100_000), Effect.SHORTER)
    teller.pay(money(teller.quote(teller.today)["to_pay"]))
    teller.read()
    with pytest.raises(Refused, match="contract_not_active"):
        teller.quote(teller.today)


@pytest.mark.seeded("contracts_quote_for_another_day")
def test_the_sum_quoted_for_a_day_ends_the_contract_that_day(teller: Teller) -> None:
    """A tiyn less does not, and a day later it is not enough."""
    day = teller.today + 17 * DAY
    to_pay = money(teller.quote(day)["to_pay"])
    teller.go_to(day)
    teller.pay(to_pay - TIYN)
    teller.read()
    assert teller.state() is S.ACTIVE
    assert teller.debt()["to_pay"] == TIYN.to_wire()
    teller.pay(TIYN)
    teller.read()
    assert teller.state() is S.CLOSED


NOTICE = "Представление следователя, УПК ст. 200".encode()


def turn(teller: Teller, *, days: int, stopped: bool, told: bool = True) -> None:
    """Two of the staff agree on it."""
    asked = AskedTurn(
        contract_id=teller.contract_id,
        day=teller.today + days * DAY,
        stopped=stopped,
        told=told,
        document_sha256="",
    )
    now = teller.desk.clock.now()
    with teller.desk.unit() as unit:
        asked, _ = accruals.ask(asked, NOTICE, unit=unit, now=now)
    with teller.desk.unit() as unit:
        accruals.record(
            asked,
            approval_id=teller.desk.platform.ids.new(),
            asked_by=ANNA,
            approved_by=BORIS,
            unit=unit,
            now=now,
        )
    teller.count()


def test_a_notice_stops_interest_from_its_day_until_it_is_lifted(
    teller: Teller,
) -> None:
    """Its document is kept by digest; while it stands the client is not dunned."""
    teller.go_to(teller.today + 20 * DAY)
    with pytest.raises(Refused, match="accrual_not_stopped"):
        turn(teller, days=0, stopped=False)
    with pytest.raises(Refused, match="accrual_day_unfit"):
        turn(teller, days=1, stopped=True)
    before = money(teller.debt()["owed"])
    turn(teller, days=-3, stopped=True)
    stopped = money(teller.debt()["owed"])
    assert stopped < before
    teller.go_to(teller.today + 60 * DAY)
    teller.count()
    debt = teller.debt()
    assert (money(debt["owed"]), debt["accrual_stopped"]) == (stopped, True)
    assert debt["days_overdue"] > 30
    assert teller.said("payment_overdue") == 0
    turn(teller, days=0, stopped=False)
    assert teller.said("accrual_stopped", "accrual_resumed") == 2
    assert teller.said("payment_overdue") == 1
    teller.go_to(teller.today + DAY)
    assert money(teller.debt()["owed"]) > stopped
    (kept,) = teller.show()["accrual"][:1]
    with teller.desk.unit() as unit:
        assert unit.disclosures.document(kept["document_sha256"]) == NOTICE


def test_a_secret_stop_is_not_shown(teller: Teller) -> None:
    turn(teller, days=0, stopped=True, told=False)
    assert teller.debt()["accrual_stopped"] is False
    (said,) = teller.desk.rows(
        "SELECT body FROM outbox WHERE type = 'contracts.accrual_stopped.v1'"
    )
    assert '"told":false' in bytes(said.body).decode() if said.body else True


def test_overdue_is_told_at_each_mark_and_once(teller: Teller) -> None:
    """The day after, a week, a month: and after a standstill one stands for all."""
    first = teller.instalments[0].due_on
    for after, told in ((0, 0), (1, 1), (2, 1), (6, 1), (7, 2), (29, 2)):
        teller.go_to(first + after * DAY)
        teller.count()
        assert teller.said("payment_overdue") == told, after


@pytest.mark.seeded("contracts_ledger_may_be_rewritten")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_postings SET amount_minor = 1",
        "DELETE FROM ledger_postings",
        "UPDATE bank_entries SET amount_minor = 1",
        "DELETE FROM bank_entries",
        "UPDATE credit_assignments SET contract_id = contract_id",
        "DELETE FROM accrual_turns",
        "UPDATE early_orders SET amount_minor = 1",
        "DELETE FROM account_standings",
    ],
)
def test_nothing_of_a_ledger_can_be_rewritten(desk: Desk, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.as_service() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.clause("1.3b")
@pytest.mark.seeded("contracts_anybodys_debt")
def test_nobody_sees_or_repays_anothers_debt(teller: Teller) -> None:
    with pytest.raises(Refused, match="not_found"):
        teller.debt(client_id=STRANGER)


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("contracts_payment_kept_in_clear")
def test_what_a_payer_wrote_is_in_no_event_and_in_no_row_in_clear(
    teller: Teller,
) -> None:
    words = f"секрет {teller.person.iin}"
    teller.pay(Money(100), purpose=words)
    teller.pay(Money(100), purpose=f"{words} {teller.contract.number}")
    teller.read()
    rows = teller.desk.rows("SELECT body FROM outbox")
    said = b"".join(bytes(row.body) for row in rows if row.body is not None)
    kept = b"".join(
        bytes(row.payment)
        for row in teller.desk.rows("SELECT payment FROM bank_entries")
    )
    for secret in (words.encode(), teller.person.iin.encode(), b"KZ"):
        assert secret not in kept
    assert teller.person.iin.encode() not in said


def test_every_line_of_the_ledger_is_tied_to_an_event(teller: Teller) -> None:
    teller.pay(Money(1_000_000))
    teller.read()
    events = {
        str(row.event_id)
        for row in teller.desk.rows(
            "SELECT id AS event_id FROM outbox"
            " WHERE type = 'contracts.account_posted.v1'"
        )
    }
    lines = teller.show()["ledger"]
    assert {line["event_id"] for line in lines} <= events
    received = [line for line in lines if line["kind"] == "received"]
    assert all(line["reference"] for line in received)


OFFICE = frozenset({"repayments.assign", "repayments.decide", "accruals.decide"})


def _call(teller: Teller, by: StaffMember) -> Call:
    platform = teller.desk.platform
    return Call(
        id=platform.ids.new(),
        caller="operator",
        method="ask_assignment",
        deadline=platform.clock.now() + timedelta(seconds=5),
        context=platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=sha256(b"repayments"),
        staff=by,
    )


def _office(teller: Teller) -> RepaymentUseCases:
    desk = teller.desk
    return RepaymentUseCases(
        Parts(
            desk.platform,
            bureau=desk.bureau,
            state=desk.state,
            monitoring=desk.monitoring,
            printer=PRINTER,
            signer=desk.signer,
            bank=teller.bank,
        )
    )


def _approve(
    teller: Teller, cases: RepaymentUseCases, asked: dict[str, Any], by: UUID
) -> None:
    operations = {
        repayments.ASSIGN: Operation(
            "repayments.decide", lambda tx, what, who: cases.assign(tx, what, who.id)
        ),
        accruals.TURN: Operation(
            "accruals.decide", lambda tx, what, who: cases.turn(tx, what, who.id)
        ),
        doubts.SETTLE: Operation(
            "repayments.decide", lambda tx, what, who: cases.settle(tx, what, who.id)
        ),
    }
    with teller.desk.platform.database.begin(teller.desk.platform.context()) as tx:
        approvals.approve(
            tx,
            UUID(asked["approval_id"]),
            seen=None,
            by=member(by, OFFICE),
            operations=operations,
        )


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("approval_by_one_person")
def test_assignments_and_stops_are_asked_by_one_and_decided_by_another(
    teller: Teller,
) -> None:
    """By the way the operators' door goes, to the credit that counts."""
    cases = _office(teller)
    teller.pay(Money(1_000_000), purpose="долг")
    teller.read()
    call = _call(teller, member(ANNA, OFFICE))
    (waiting,) = cast("Any", cases.listed(call))["credits"]
    asked: Any = cases.ask_assignment(
        call, UUID(waiting["credit_id"]), teller.contract_id
    )
    with pytest.raises(Refused, match="own_request"):
        _approve(teller, cases, asked, ANNA)
    _approve(teller, cases, asked, BORIS)
    teller.count()
    assert teller.debt()["unused"] == "10000.00"
    notice = base64.b64encode(NOTICE).decode("ascii")
    wish = AskedTurn(
        contract_id=teller.contract_id,
        day=teller.today,
        stopped=True,
        told=True,
        document_sha256="",
    )
    stop: Any = cases.ask_turn(call, wish, notice)
    _approve(teller, cases, stop, BORIS)
    teller.count()
    assert teller.debt()["accrual_stopped"] is True
    assert teller.said("accrual_stopped") == 1


@pytest.mark.clause("3.4")
@pytest.mark.seeded("approval_by_one_person")
@pytest.mark.seeded("contracts_doubts_wait_for_ever")
def test_an_entry_the_bank_contradicts_itself_in_is_settled_by_two(
    teller: Teller,
) -> None:
    """On its answer, kept by its digest; no balance changes, and it waits no more."""
    cases = _office(teller)
    first = teller.pay(Money(1_000_000), reference="BANK-REF-3")
    teller.pay(Money(1_000_001), reversal_of=str(first["reference"]))
    teller.pay(Money(9_000_000), reference="BANK-REF-3", purpose="другое")
    teller.read()
    before = teller.ledger()
    call = _call(teller, member(ANNA, OFFICE))
    waiting = {one["reason"]: one for one in cast("Any", cases.listed(call))["credits"]}
    assert set(waiting) == {"contradicted", "reversal_differs"}
    said: Any = cases.shown(call, UUID(waiting["contradicted"]["credit_id"]))
    assert (said["amount"], said["contradicts_amount"], said["purpose"]) == (
        "90000.00",
        "10000.00",
        "другое",
    )
    answer = base64.b64encode(NOTICE).decode("ascii")
    for one in waiting.values():
        asked: Any = cases.ask_settlement(call, UUID(one["credit_id"]), answer)
        with pytest.raises(Refused, match="own_request"):
            _approve(teller, cases, asked, ANNA)
        _approve(teller, cases, asked, BORIS)
        with pytest.raises(Refused, match="credit_not_found"):
            cases.ask_settlement(call, UUID(one["credit_id"]), answer)
    assert cases.listed(call) == {"credits": []}
    assert (teller.ledger(), teller.said("contradiction_settled")) == (before, 2)
