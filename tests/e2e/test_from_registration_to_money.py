"""The journey of one loan, and the refusals beside it, on the whole platform."""

import re
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError, until
from infra.demo.forgery import forge_release
from infra.demo.story import HOLD, operator, verify_export
from infra.demo.world import World
from kernel.clock import almaty_date, parse_rfc3339
from kernel.crypto import as_object
from tests.seeds import seed
from tests.sweep import Sweep

AMOUNT = "400000.00"


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


def register(client: Borrower, *, account_of: str | None = None) -> None:
    client.appear(account_of=account_of)
    client.start_registration()
    client.confirm_phone()
    client.give_data()
    client.give_photo()
    client.identify()
    client.set_password()


def conclude(client: Borrower) -> None:
    """To a contract with consent, waiting out its hold."""
    register(client)
    client.log_in()
    assert client.apply(AMOUNT)["state"] == "offered"
    client.sign()
    client.consent()
    client.payout_until("held")


def wait_out_the_hold(world: World, client: Borrower) -> None:
    world.move_clock(HOLD)
    client.next_message("подтверд")
    client.log_in()


@pytest.mark.clause("4.2")
@pytest.mark.clause("5.1")
@pytest.mark.clause("5.2a")
@pytest.mark.clause("5.5")
def test_a_loan_goes_from_registration_to_money(
    world: World, borrower: Borrower, sweep: Sweep
) -> None:
    """Every step by the public door; one transfer; every event in a verified log."""
    conclude(borrower)
    payout = borrower.payout()
    faces = len(borrower.ways_back)
    borrower.change_browser()
    wait_out_the_hold(world, borrower)
    assert len(borrower.ways_back) == faces + 1  # a new browser asks for biometrics
    borrower.release()
    paid = borrower.payout_until("paid")
    assert parse_rfc3339(paid["settled_at"]) >= parse_rfc3339(payout["hold_until"])
    borrower.contract_until("active")
    schedule = borrower.contract(path="/schedule")
    arrived = almaty_date(parse_rfc3339(paid["settled_at"]))
    assert (schedule["final"], schedule["issued_on"]) == (True, arrived.isoformat())
    all_is_booked(world)
    sweep.run(people=[borrower])
    told = verify_export(world)
    assert "chain verified" in told
    assert "witnesses auditor, regulator" in told, told
    assert "company's signature stamped 20" in told, told
    assert re.search(r"time stamps [1-9][0-9]*, the newest", told), told
    keys = (world.stack.layout.checkpoints / "vkey").read_text()
    assert at_the_site(world, "/log/vkey") == keys
    origin, size, *_ = at_the_site(world, "/log/checkpoint").splitlines()
    assert origin == keys.partition("+")[0]
    assert int(size) > 1


def at_the_site(world: World, path: str) -> str:
    """What anybody is shown there."""
    authority = str(world.stack.layout.pki / "ca.crt")
    context = ssl.create_default_context(cafile=authority)
    answer = httpx.get(f"{world.stack.url}{path}", verify=context)
    assert answer.status_code == httpx.codes.OK
    return answer.text


def all_is_booked(world: World) -> None:
    """What the bank's statement shows is what was ordered, and nothing halts."""
    operator(world, "disbursement", "reconciliation", "run")
    proof = until(
        lambda: operator(world, "disbursement", "ledger", "proof"),
        lambda books: as_object(books["balances"])["settlement"] == "0.00",
        within_s=40,
    )
    balances = as_object(proof["balances"])
    assert balances["bank"] == f"-{balances['loan']}"
    assert operator(world, "disbursement", "sending", "show")["halted"] is False


def test_a_repaid_contract_is_closed_and_obliges_no_more(
    world: World, borrower: Borrower, sweep: Sweep
) -> None:
    """A part, then the rest; the client is told, and may take a consent back."""
    conclude(borrower)
    wait_out_the_hold(world, borrower)
    borrower.release()
    borrower.contract_until("active", within_s=40)
    with pytest.raises(ProblemError) as refused:
        withdraw(borrower)
    assert refused.value.code == "obligations_open"
    borrower.pay("100000.00")
    until(borrower.debt, lambda debt: debt["unused"] == "100000.00", within_s=40)
    borrower.next_message("зачтён")
    quoted = borrower.contract(path=f"/payoff?day={borrower.debt()['day']}")
    assert quoted["to_pay"] == "300000.00"
    borrower.pay(quoted["to_pay"])
    closed = borrower.contract_until("closed", within_s=40)
    assert (closed["next_step"], closed["end_code"]) == ("none", "repaid")
    borrower.next_message("закрыт")
    until(
        lambda: {"open": withdrawal_refused(borrower)},
        lambda answer: answer["open"] is None,
    )
    sweep.run(people=[borrower])


def withdraw(client: Borrower) -> None:
    client.cabinet.call("DELETE", "/personal-data/consents/credit_bureau")


def withdrawal_refused(client: Borrower) -> str | None:
    """The code of the refusal, while the news is on its way to onboarding."""
    try:
        withdraw(client)
    except ProblemError as error:
        return error.code
    return None


@pytest.mark.clause("5.5")
def test_a_release_before_the_hold_is_refused(borrower: Borrower) -> None:
    conclude(borrower)
    with pytest.raises(ProblemError) as refused:
        borrower.release()
    assert refused.value.code == "release_too_early"
    assert borrower.payout()["state"] == "held"


@pytest.mark.clause("5.3")
@pytest.mark.clause("5.4")
def test_no_money_goes_to_another_persons_account(
    world: World, borrower: Borrower
) -> None:
    """The account changes hands at the bank during the hold."""
    conclude(borrower)
    stranger = world.borrower("stranger").person.iin
    borrower.control.create_account(iban=borrower.person.iban, iin=stranger)
    wait_out_the_hold(world, borrower)
    borrower.release()
    borrower.payout_until("blocked")
    transfers = [line["creditor_iban"] for line in borrower.control.ledger()]
    assert borrower.person.iban not in transfers


@pytest.mark.clause("4.7")
def test_three_wrong_passwords_lock_out_the_right_one(
    world: World, borrower: Borrower
) -> None:
    register(borrower)
    for attempt in range(3):
        with pytest.raises(ProblemError):
            borrower.log_in(f"не тот пароль {attempt}")
    with pytest.raises(ProblemError) as locked:
        borrower.log_in()
    assert locked.value.status == 429
    world.move_clock(timedelta(minutes=15, seconds=1))
    borrower.log_in()


@pytest.mark.clause("3.4")
def test_a_forged_event_moves_nothing_and_is_logged(
    world: World, borrower: Borrower, sweep: Sweep
) -> None:
    """A stolen user may not write where it has no right, nor speak for another."""
    conclude(borrower)
    before = len(sweep.rows("audit", "SELECT seq FROM audit_log WHERE kind = 4"))
    forgery = forge_release(world.stack, borrower.contract_id)
    assert forgery.refused_by_broker
    sweep.settled()
    after = len(sweep.rows("audit", "SELECT seq FROM audit_log WHERE kind = 4"))
    assert (after, borrower.contract()["state"]) == (before + 1, "consented")


def test_operators_see_every_service(world: World) -> None:
    services = ("auth", "onboarding", "contracts", "disbursement", "antifraud", "audit")
    names = [operator(world, service, "status")["service"] for service in services]
    assert names == list(services)


@pytest.mark.clause("1.3a")
@pytest.mark.clause("2.3")
@pytest.mark.seeded("web_logs_addresses")
def test_nothing_personal_stays_in_the_web_tiers_reach(
    world: World, borrower: Borrower
) -> None:
    """No file of the state folder outside the databases names the client.

    The web tier's home and log are among them, and hold not even an id of theirs.
    """
    conclude(borrower)
    layout = world.stack.layout
    closed = (layout.postgres, layout.data, layout.rabbitmq)
    person = borrower.person
    values = [v.encode() for v in (person.iin, person.iban, person.phone[1:])]
    leaks = [
        path
        for path in Path(layout.state).rglob("*")
        if path.is_file()
        and not any(path.is_relative_to(folder) for folder in closed)
        and any(value in path.read_bytes() for value in values)
    ]
    assert leaks == []
    log = layout.logs / f"{topology.WEB_TIER}.log"
    ids = (borrower.registration_id.encode(), borrower.contract_id.encode())
    tier = [path for path in (log, *layout.web.rglob("*")) if path.is_file()]
    assert [p for p in tier if any(one in p.read_bytes() for one in ids)] == []
    assert b'"status":"201"' in log.read_bytes()
