"""The use cases look up what a connector can."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

import pytest

from kernel.errors import Broken
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.order import OrderStatus
from services.disbursement.domain.payout import State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import prepare_next
from tests.unit.disbursement.builders import (
    CAPABILITIES,
    DUE,
    account,
    order,
    payout,
)
from tests.unit.disbursement.fakes import BankFault, Stage

CARD: Final = "tok_" + "c" * 20


@pytest.fixture
def stage() -> Stage:
    built = Stage()
    built.desk.put(payout(), order())
    return built


def test_a_connector_that_cannot_be_asked_is_not_used() -> None:
    with pytest.raises(Broken):
        Capabilities(inquiry=False, statement=True, remembers_s=1_800)


@pytest.mark.parametrize(
    ("cut_off", "at", "takes"),
    [
        (None, "23:59", True),
        ("18:00", "17:59", True),
        ("18:00", "18:00", False),
        ("18:00", "23:59", False),
    ],
)
def test_the_cut_off_is_a_time_of_day_in_almaty(
    cut_off: str | None, at: str, *, takes: bool
) -> None:
    table = replace(CAPABILITIES, cut_off=time.fromisoformat(cut_off or "00:00"))
    if cut_off is None:
        table = CAPABILITIES
    assert table.takes_orders(datetime.fromisoformat(f"2026-11-20T{at}+05:00")) is takes


@pytest.mark.seeded("disbursement_cut_off_not_looked_up")
def test_after_the_cut_off_an_order_waits_for_the_next_day(stage: Stage) -> None:
    stage.bank.table[Rail.ACCOUNT] = replace(CAPABILITIES, cut_off=time(0, 1))
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.READY, 0)
    assert stage.desk.payout().held_code == "bank_cut_off"


def test_a_rail_that_nobody_serves_holds_the_payout(stage: Stage) -> None:
    del stage.bank.table[Rail.ACCOUNT]
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.READY, 0)
    assert stage.desk.payout().held_code == "bank_rail_missing"


@pytest.mark.parametrize("served", [True, False])
def test_a_card_is_paid_as_a_card_where_somebody_serves_cards(
    stage: Stage, *, served: bool
) -> None:
    """Else the account behind it is paid; the choice is sealed with the order."""
    if served:
        stage.bank.table[Rail.CARD] = CAPABILITIES
    stage.peers.account = account(card=CARD)
    stage.desk.put(payout(state=State.CONSENTED, account_token=None))
    assert prepare_next(stage.till)
    drawn, digest = stage.desk.tables.orders[stage.desk.payout().payout_id]
    assert drawn.rail is (Rail.CARD if served else Rail.ACCOUNT)
    assert drawn.creditor_card == (CARD if served else None)
    assert digest == drawn.digest
    assert (digest == order().digest) is not served


def test_a_card_that_the_client_has_no_more_blocks(stage: Stage) -> None:
    stage.bank.table[Rail.CARD] = CAPABILITIES
    stage.desk.put(payout(), order(creditor_card=CARD))
    stage.peers.account = account(card="tok_" + "d" * 20)
    assert pay_next(stage.till)
    assert (stage.state(), stage.bank.sends) == (State.BLOCKED, 0)
    assert stage.desk.payout().held_code == "account_differs"


def test_without_a_statement_no_rejection_is_final(stage: Stage) -> None:
    stage.bank.table[Rail.ACCOUNT] = replace(CAPABILITIES, statement=False)
    stage.bank.status = OrderStatus.REJECTED
    assert pay_next(stage.till)
    assert State.UNKNOWN is stage.state()
    assert stage.desk.payout().held_code == "bank_statement_missing"
    assert stage.alarms.codes == ["bank_statement_missing"]


@pytest.mark.seeded("disbursement_key_memory_not_looked_up")
def test_nothing_is_sent_again_under_a_key_that_may_be_forgotten(stage: Stage) -> None:
    """This partner remembers keys for nine minutes, whatever the payer is set to."""
    stage.bank.table[Rail.ACCOUNT] = replace(CAPABILITIES, remembers_s=540)
    stage.bank.faults = [BankFault.NONE, BankFault.NONE, BankFault.REQUEST_LOST]
    assert pay_next(stage.till)
    for minutes in range(1, 25):
        stage.clock.instant = DUE + timedelta(minutes=minutes)
        for _ in range(3):
            ask_next(stage.till)
            stage.clock.instant += timedelta(seconds=2)
    assert (stage.state(), stage.bank.sends) == (State.UNKNOWN, 1)
    assert stage.desk.payout().held_code == "bank_order_missing"
