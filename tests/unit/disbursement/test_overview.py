"""What treasurers are shown of a payout, and what is said of what comes next."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json, as_object
from kernel.errors import Refused
from kernel.money import Money
from services.disbursement.domain.explaining import outlook
from services.disbursement.domain.payout import State
from services.disbursement.handlers import overview
from services.disbursement.handlers.paying import pay_next
from tests.unit.disbursement import builders
from tests.unit.disbursement.builders import (
    DUE,
    PAYOUT_ID,
    order,
    payout,
    stop_credit,
)
from tests.unit.disbursement.fakes import Stage

LARGE = Money.of("4329325")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def listed(answer: Json) -> list[Any]:
    found = as_object(answer)["payouts"]
    assert isinstance(found, list)
    return found


def explain(stage: Stage, payout_id: UUID = PAYOUT_ID) -> dict[str, Any]:
    with stage.desk.open() as work:
        return dict(
            as_object(
                overview.explain(
                    payout_id,
                    overview=work.overview,
                    payouts=work.payouts,
                    policy=stage.till.policy,
                    counted_ns=None,
                    now=stage.clock.now(),
                )
            )
        )


@pytest.mark.parametrize("state", list(State))
def test_of_every_state_it_is_said_what_comes_next(state: State) -> None:
    """And who can bring it about."""
    comes = outlook(payout(state=state))
    assert comes.next
    assert comes.who


@pytest.mark.parametrize(
    ("state", "code", "who"),
    [
        (State.READY, "approval_required", "two treasurers"),
        (State.READY, "sending_halted", "two treasurers"),
        (State.READY, "payout_disputed", "a treasurer"),
        (State.READY, "reconciliation_stale", "whoever is on duty"),
        (State.READY, "day_limit", "four eyes on the setting"),
        (State.READY, "balance_short", "a treasurer"),
        (State.READY, "antifraud_review", "a fraud officer"),
        (State.READY, "contract_unavailable", "whoever is on duty"),
        (State.HELD, "hold_unwitnessed", "whoever is on duty"),
        (State.AMENDING, "account_removed", "the client"),
        (State.UNKNOWN, "bank_order_missing", "a treasurer with the bank"),
        (State.BLOCKED, "stop_credit", "the client by refusing"),
        (State.REJECTED, "account_unavailable", "nobody"),
    ],
)
def test_what_holds_a_payout_says_who_can_release_it(
    state: State, code: str, who: str
) -> None:
    """A payout that has ended, or is blocked, is released by nobody."""
    assert who in outlook(payout(state=state, held_code=code)).who


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (State.HELD, "a fraud officer"),
        (State.READY, "a fraud officer"),
        (State.UNKNOWN, "the bank"),
    ],
)
def test_a_suspension_holds_before_the_gate_has_met_it(state: State, who: str) -> None:
    """What is at the bank already waits for the bank alone."""
    assert who in outlook(payout(state=state, suspended_by=UUID(int=7))).who


def test_a_refused_payout_that_may_be_paid_again_waits_for_two() -> None:
    """As long as it may."""
    refused = payout(state=State.REJECTED, repeat_until=DUE)
    assert "two treasurers" in outlook(refused).who


def test_what_is_due_is_told_with_how_late_it_is(stage: Stage) -> None:
    """What comes within the hour as well, with less than nothing."""
    stage.desk.put(payout(next_at=DUE - timedelta(seconds=5)))
    other = payout(
        payout_id=UUID(int=1),
        contract_id=UUID(int=1),
        state=State.HELD,
        next_at=DUE + timedelta(minutes=1),
    )
    stage.desk.put(other)
    with stage.desk.open() as work:
        found = listed(overview.due(overview=work.overview, now=DUE))
    assert [one["late_s"] for one in found] == [5, -60]


def test_what_is_unknown_is_told_with_its_age(stage: Stage) -> None:
    """Since it was sent first."""
    sent_at = DUE - timedelta(hours=2)
    stage.desk.put(payout(state=State.UNKNOWN, first_sent_at=sent_at, sent_at=DUE))
    with stage.desk.open() as work:
        (found,) = listed(overview.unknown(overview=work.overview, now=DUE))
    assert (found["age_s"], found["state"]) == (7200, "unknown")


def test_a_held_payout_is_explained_by_every_check_that_was_made(stage: Stage) -> None:
    """The check that holds it, the settings it was measured by, who can act."""
    stage.desk.put(payout(amount=LARGE), order(amount=LARGE))
    assert pay_next(stage.till)
    told = explain(stage)
    assert (told["state"], told["code"]) == ("ready", "approval_required")
    assert "two treasurers" in told["who"]
    later = [one["check"] for one in told["checks"] if one["verdict"] != "passed"]
    assert later == ["approval"]
    assert len(told["checks"]) == 19
    settings = {one["key"]: one["value"] for one in told["settings"]}
    assert settings["payouts.approval_above_mrp"] == "1000"
    assert settings["cooling.hours"] == "24"
    assert told["hold"]["counted_amount"] == LARGE.to_wire()
    assert [one["step"] for one in told["steps"]] == ["signed", "consented", "released"]
    with stage.desk.open() as work:
        (held,) = listed(overview.held(overview=work.overview))
    assert held["code"] == "approval_required"


def test_a_closed_gate_and_a_late_order_are_counted(stage: Stage) -> None:
    """Each check that closed it, by code; the lag of what nobody held up."""
    stage.peers.stop_credit = stop_credit(stands=True)
    stage.desk.put(payout(), order())
    assert pay_next(stage.till)
    assert stage.meters.refusals == [("stop_credit", "stop_credit")]
    assert stage.meters.lags == []
    fresh = Stage()
    fresh.desk.put(payout(), order())
    assert pay_next(fresh.till)
    assert fresh.meters.lags == [timedelta(minutes=1)]


def test_nothing_personal_is_told(stage: Stage) -> None:
    """Neither account nor person nor token."""
    stage.desk.put(payout(), order())
    assert pay_next(stage.till)
    shown = repr(explain(stage))
    for secret in (builders.CLIENT_IBAN, builders.CLIENT_IIN, builders.TOKEN):
        assert secret not in shown


def test_a_payout_nobody_has_is_unknown(stage: Stage) -> None:
    """Refused, in words."""
    with pytest.raises(Refused) as refused:
        explain(stage)
    assert refused.value.code == "payout_unknown"
