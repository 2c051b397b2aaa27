"""The base of losses on real tables: of a risk, only added to, nothing left out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.errors import Refused
from kernel.money import Money
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.losses import Facts, Loss, Side
from services.antifraud.handlers import losses, risks
from tests.integration.antifraud.conftest import Desk
from tests.integration.antifraud.test_cases import burst, close, queue, take
from tests.integration.antifraud.test_risks import (
    ANNA,
    BORIS,
    DAY_S,
    Bell,
    Register,
    refused,
)
from tests.unit.antifraud.test_losses import FACTS, TODAY
from tests.unit.antifraud.test_risks import SAID

REWRITING = (
    "UPDATE loss_entry SET amount = 0",
    "DELETE FROM loss_entry",
    "UPDATE loss_fact SET case_id = NULL",
    "DELETE FROM loss_fact",
    "DELETE FROM loss",
)
WORDS = "By order of the court."


class Base(Register):
    """The use cases, as the staff have them."""

    def facts(self, **changes: object) -> Facts:
        risk = risks.open_risk(SAID, by=ANNA, units=self.units, tools=self.desk.tools)
        return replace(FACTS, risk_id=risk.risk_id, **changes)  # type: ignore[arg-type]

    def record(self, facts: Facts, gross: str = "1000") -> Loss:
        return losses.record(
            facts, Money.of(gross), by=ANNA, units=self.units, tools=self.desk.tools
        )

    def recover(self, loss: Loss, amount: str) -> Loss:
        return losses.recover(
            loss.loss_id,
            Money.of(amount),
            on=TODAY,
            words=WORDS,
            by=BORIS,
            units=self.units,
            tools=self.desk.tools,
        )

    def correct(self, loss: Loss, side: Side, amount: str) -> Loss:
        return losses.correct(
            loss.loss_id,
            side,
            Money.of(amount),
            words="Counted twice.",
            by=BORIS,
            units=self.units,
            tools=self.desk.tools,
        )

    def fraud(self) -> UUID:
        """A case of today, closed as a fraud."""
        burst(self.desk)
        (case,) = queue(self.desk)
        take(self.desk, case.case_id)
        close(self.desk, case.case_id, CaseOutcome.FRAUD)
        return case.case_id

    def missing(self) -> Bell:
        bell = Bell()
        losses.watch(units=self.units, tools=self.desk.tools, alarms=bell)
        return bell


@pytest.fixture
def base(desk: Desk) -> Base:
    return Base(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_loss_rewritten")
def test_what_was_entered_stays_and_sums_follow(base: Base) -> None:
    loss = base.record(base.facts())
    base.recover(loss, "400.50")
    base.recover(loss, "99.50")
    assert base.correct(loss, Side.GROSS, "800").net == Money.of("300")
    found = losses.show(loss.loss_id, units=base.units)
    assert (found.loss.gross, found.loss.recovered) == (
        Money.of("800"),
        Money.of("500"),
    )
    assert [one.amount.to_wire() for one in found.entries] == [
        *("1000.00", "400.50", "99.50", "-200.00")
    ]
    told = ("loss_recorded", "loss_recovered", "loss_corrected")
    assert [base.told(event) for event in told] == [1, 2, 1]
    for act in REWRITING:
        with (
            base.desk.platform.database.engine.begin() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.exec_driver_sql(act)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_loss_more_than_whole")
def test_more_than_was_lost_never_comes_back_however_many_enter_it(base: Base) -> None:
    loss = base.record(base.facts(), "1000")

    def entered(_: int) -> bool:
        try:
            base.recover(loss, "300")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(entered, range(12))) == 3
    with refused("loss_amount_unfit"):
        base.correct(loss, Side.GROSS, "899.99")


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_fraud_without_a_loss_unseen")
def test_a_fraud_whose_cost_nobody_records_is_told_of_once(base: Base) -> None:
    """Nothing lost is a record too: a fraud is always linked to its risk."""
    case_id = base.fraud()
    assert base.missing().counts == {Duty.LOSS: 0}
    base.desk.clock.move(9 * DAY_S)
    bell = base.missing()
    assert (bell.rung, bell.counts) == ([Duty.LOSS], {Duty.LOSS: 1})
    assert base.missing().rung == []
    base.record(base.facts(case_id=case_id), "0")
    assert base.missing().counts == {Duty.LOSS: 0}


def test_a_loss_is_of_a_risk_and_of_a_fraud(base: Base) -> None:
    with refused("risk_not_found"):
        base.record(FACTS)
    with refused("loss_case_unfit"):
        base.record(base.facts(case_id=UUID(int=5)))
    burst(base.desk)
    (case,) = queue(base.desk)
    with refused("loss_case_unfit"):
        base.record(base.facts(case_id=case.case_id))


def test_one_contract_of_one_case_is_lost_once(base: Base) -> None:
    loss = base.record(base.facts())
    with refused("loss_exists"):
        base.record(base.facts())
    base.record(base.facts(contract_id=UUID(int=4)))
    facts = base.facts(contract_id=UUID(int=4))
    given = {"by": BORIS, "units": base.units, "tools": base.desk.tools}
    with refused("loss_exists"):
        losses.amend(loss.loss_id, facts, **given)  # type: ignore[arg-type]


def test_facts_are_told_anew_and_the_old_stay(base: Base) -> None:
    loss = base.record(base.facts())
    found_on = TODAY - timedelta(days=1)
    facts = replace(loss.facts, found_on=found_on, booked_on=TODAY)
    given = {"by": BORIS, "units": base.units, "tools": base.desk.tools}
    assert losses.amend(loss.loss_id, facts, **given).number == 2  # type: ignore[arg-type]
    found = losses.show(loss.loss_id, units=base.units)
    assert [one.facts for one in found.told] == [loss.facts, facts]
    assert found.loss.facts == facts
    within = losses.listed(
        since=found_on, until=found_on, units=base.units, tools=base.desk.tools
    )
    assert [one.loss_id for one in within] == [loss.loss_id]
    assert not losses.listed(
        since=TODAY, until=None, units=base.units, tools=base.desk.tools
    )


def test_a_loss_nobody_knows_is_not_found(base: Base) -> None:
    loss = replace(base.record(base.facts()), loss_id=UUID(int=8))
    with refused("loss_not_found"):
        base.recover(loss, "1")
    with refused("loss_not_found"):
        losses.show(loss.loss_id, units=base.units)
    with refused("amount_not_positive"):
        base.recover(loss, "0")
