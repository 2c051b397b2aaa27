"""What a loss may be, and how losses add up."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.domain.losses import (
    Cause,
    Facts,
    Loss,
    LossRules,
    Side,
    by_cause,
    by_risk,
    sums_of,
)
from tests.unit.antifraud.fakes import NOON

TODAY = date(2026, 11, 25)
RULES = LossRules.at(STARTING_POLICY, NOON)
FACTS = Facts(
    cause=Cause.STOLEN_IDENTITY,
    risk_id=UUID(int=1),
    case_id=None,
    contract_id=UUID(int=3),
    occurred_on=TODAY - timedelta(days=9),
    found_on=TODAY - timedelta(days=2),
    booked_on=TODAY,
    words="The face on the passport was another's.",
)


def loss(gross: str, recovered: str = "0", **facts: object) -> Loss:
    return Loss(
        loss_id=UUID(int=9),
        number=1,
        recorded_at=NOON,
        facts=replace(FACTS, **facts),  # type: ignore[arg-type]
        gross=Money.of(gross),
        recovered=Money.of(recovered),
    )


@pytest.mark.parametrize(
    ("side", "amount", "fits"),
    [
        (Side.RECOVERED, "60", True),
        (Side.RECOVERED, "60.01", False),
        (Side.RECOVERED, "-40", True),
        (Side.RECOVERED, "-40.01", False),
        (Side.GROSS, "-60", True),
        (Side.GROSS, "-60.01", False),
    ],
)
def test_no_more_comes_back_than_was_lost(
    side: Side, amount: str, *, fits: bool
) -> None:
    one = loss("100", "40")
    if fits:
        one.refuse_impossible(side, Money.of(amount))
        return
    with pytest.raises(Refused) as told:
        one.refuse_impossible(side, Money.of(amount))
    assert told.value.code == "loss_amount_unfit"


@pytest.mark.parametrize(
    "changed",
    [
        {"occurred_on": TODAY},
        {"found_on": TODAY + timedelta(days=1)},
        {"booked_on": TODAY + timedelta(days=1)},
        {"booked_on": TODAY - timedelta(days=3)},
    ],
)
def test_days_come_in_their_order(changed: dict[str, date]) -> None:
    with pytest.raises(Refused) as told:
        RULES.refuse_unfit(replace(FACTS, **changed))  # type: ignore[arg-type]
    assert told.value.code == "loss_days_unfit"


def test_all_of_it_on_one_day_is_fine() -> None:
    RULES.refuse_unfit(replace(FACTS, occurred_on=TODAY, found_on=TODAY))


def test_losses_add_up_by_cause_and_by_risk() -> None:
    losses = [
        loss("100", "40"),
        loss("0.01", cause=Cause.DROPPER),
        loss("500", risk_id=UUID(int=2), cause=Cause.DROPPER),
    ]
    whole = sums_of(losses)
    assert (whole.count, whole.gross, whole.net) == (
        3,
        Money.of("600.01"),
        Money.of("560.01"),
    )
    assert [(cause, sums.count) for cause, sums in by_cause(losses).items()] == [
        (Cause.DROPPER, 2),
        (Cause.STOLEN_IDENTITY, 1),
    ]
    assert list(by_risk(losses)) == [UUID(int=2), UUID(int=1)]
    assert sums_of([]).net == Money(0)
