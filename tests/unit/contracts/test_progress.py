"""Progress: one answer over application and contract."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.contracts.domain import contract as machine
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.progress import Actor, Progress, StepState, progress_of
from services.contracts.handlers.progress import get_progress
from tests.unit.contracts.builders import (
    APPLICATION,
    CLIENT,
    CONTRACT,
    HOLD_UNTIL,
    MICROSECOND,
    OFFERED_AT,
    SMALL,
    STRANGER,
    active,
    annulled,
    application,
    blocked,
    client_signed,
    concluded,
    expired,
    offered,
    released,
    scheduled,
    signing,
)
from tests.unit.contracts.fakes import Bench

OFFER_ENDS = OFFERED_AT + timedelta(days=10)


def progress(contract: Contract | None, at: datetime = OFFERED_AT) -> Progress:
    state = ApplicationState.SUBMITTED if contract is None else ApplicationState.OFFERED
    contract_id = None if contract is None else contract.id
    wish = application(state=state, contract_id=contract_id)
    return progress_of(wish, contract, at=at)


@pytest.mark.parametrize(
    ("contract", "at", "step", "actor", "until"),
    [
        (None, OFFERED_AT, "wait_for_decision", Actor.LENDER, None),
        (
            offered(silence_at=OFFER_ENDS),
            OFFERED_AT,
            "sign",
            Actor.CLIENT,
            OFFER_ENDS,
        ),
        (signing(), OFFERED_AT, "sign", Actor.CLIENT, None),
        (client_signed(), OFFERED_AT, "wait_for_signature", Actor.LENDER, None),
        (
            concluded(),
            OFFERED_AT,
            "give_consent",
            Actor.CLIENT,
            concluded().silence_at,
        ),
        (
            scheduled(),
            HOLD_UNTIL - MICROSECOND,
            "wait_for_hold",
            Actor.TIME,
            HOLD_UNTIL,
        ),
        (
            scheduled(),
            HOLD_UNTIL,
            "confirm_release",
            Actor.CLIENT,
            scheduled().silence_at,
        ),
        (scheduled(amount=SMALL), HOLD_UNTIL, "wait_for_payout", Actor.LENDER, None),
        (released(), HOLD_UNTIL, "wait_for_payout", Actor.LENDER, None),
        (
            replace(scheduled(), refusal_asked_at=HOLD_UNTIL),
            HOLD_UNTIL,
            "wait_for_refusal",
            Actor.LENDER,
            None,
        ),
        (active(), HOLD_UNTIL, "repay", Actor.CLIENT, None),
        (annulled(), HOLD_UNTIL, "none", Actor.NOBODY, None),
        (expired(), HOLD_UNTIL, "none", Actor.NOBODY, None),
        (blocked(), HOLD_UNTIL, "none", Actor.NOBODY, None),
    ],
)
def test_each_state_says_what_comes_next_whose_turn_it_is_and_until_when(
    contract: Contract | None,
    at: datetime,
    step: str,
    actor: Actor,
    until: datetime | None,
) -> None:
    found = progress(contract, at)
    assert (found.next_step, found.actor, found.until) == (step, actor, until)
    assert found.explanation.ru


def test_the_steps_are_done_at_hand_and_ahead_in_this_order() -> None:
    """None is at hand after an end; one not asked for is no step."""
    way = progress(concluded()).steps
    assert [one.name for one in way if one.state is StepState.DONE] == [
        *("applied", "offered", "signed_by_client", "signed_by_company"),
    ]
    assert [one.name for one in way if one.state is StepState.CURRENT] == ["consented"]
    assert [one.name for one in way if one.state is StepState.AHEAD] == [
        *("released", "paid_out", "repaid"),
    ]
    ended = {one.state for one in progress(annulled()).steps}
    assert ended == {StepState.DONE, StepState.SKIPPED}
    (at_hand,) = (o for o in progress(active()).steps if o.state is not StepState.DONE)
    assert (at_hand.name, at_hand.state) == ("repaid", StepState.CURRENT)
    repaid = progress(machine.close(active(), at=HOLD_UNTIL)).steps
    assert {one.state for one in repaid} == {StepState.DONE}
    small = progress(scheduled(amount=SMALL), HOLD_UNTIL).steps
    assert "released" not in [one.name for one in small]


def test_a_refused_application_has_no_next_step() -> None:
    refused = application(state=ApplicationState.REFUSED, refusal_code="antifraud")
    found = progress_of(refused, None, at=OFFERED_AT)
    assert (found.actor, found.next_step) == (Actor.NOBODY, "none")
    assert StepState.CURRENT not in {one.state for one in found.steps}


def test_progress_is_of_the_clients_own_application(bench: Bench) -> None:
    """Somebody else's is not found."""
    bench.work.applications.rows[APPLICATION] = application(
        state=ApplicationState.OFFERED, contract_id=CONTRACT
    )
    bench.work.contracts.put(concluded())

    def ask(client_id: UUID) -> Any:  # noqa: ANN401 - JSON
        return get_progress(
            client_id=client_id,
            application_id=APPLICATION,
            work=bench.work,
            clock=bench.clock,
        )

    shown = ask(CLIENT)
    assert (shown["state"], shown["actor"]) == ("concluded", "client")
    with pytest.raises(Exception, match="no such application"):
        ask(STRANGER)
