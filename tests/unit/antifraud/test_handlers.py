"""Deciding, holding, releasing, reporting."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused, Transient
from kernel.events.antifraud import (
    CaseOpened,
    DecisionMade,
    OperationReleased,
    OperationSuspended,
)
from kernel.money import Money
from services.antifraud import handlers
from services.antifraud.domain.catalogue import Value
from services.antifraud.domain.rules import Outcome
from services.antifraud.handlers import Tools
from services.antifraud.ports import Decision
from tests.unit.antifraud.fakes import (
    FakeCentre,
    FakeClock,
    FakeIds,
    FakeStore,
    fake_tools,
)

CLIENT = UUID(int=77)
APPLICATION = f"application:{UUID(int=1)}"
NAMED = {"device_token": "d1", "network_token": "n1", "account_token": ""}
LOST: dict[str, Value] = {
    "account_account_proved_last_s_180d": 60,
    "account_account_lost_last_s_180d": 30,
}


@dataclass
class Desk:
    """The use cases over fakes."""

    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: FakeIds = field(default_factory=FakeIds)

    @property
    def tools(self) -> Tools:
        return fake_tools(self.clock, self.ids)

    def decide(self, operation: str = APPLICATION, **facts: str | int) -> Decision:
        return handlers.decide(
            operation=operation,
            client_id=CLIENT,
            amount=Money.of("400000"),
            facts=facts,
            asked_by="contracts",
            units=self.store,
            tools=self.tools,
        )

    def release(self, held: str, ground: str = "spoke with the client") -> UUID:
        return handlers.release(
            held, ground=ground, by="operator", units=self.store, tools=self.tools
        )

    def suspend_client(self, ground: str = "request of the police") -> UUID:
        return handlers.suspend_client(
            CLIENT, ground=ground, by="operator", units=self.store, tools=self.tools
        )

    def send(self, centre: FakeCentre) -> int:
        return handlers.send_reports(centre=centre, units=self.store, tools=self.tools)

    def suspended(self) -> Decision:
        self.store.known["client_application_count_1h"] = 2
        return self.decide()


def outcome(decision: Decision) -> Outcome:
    return decision.verdict.outcome


def test_a_decision_is_kept_and_told_with_its_reasons() -> None:
    desk = Desk()
    decision = desk.decide(term_days=30)
    [event] = desk.store.events
    assert desk.store.decisions[decision.decision_id].inputs.facts == {"term_days": 30}
    assert isinstance(event, DecisionMade)
    assert (event.decision_id, event.outcome) == (decision.decision_id, "allow")
    assert desk.store.reports == {}


def test_the_amount_itself_is_a_feature() -> None:
    decision = Desk().decide()
    assert decision.inputs.value("amount_minor") == 400_000_00


def test_a_suspended_operation_is_held_told_and_reported() -> None:
    desk = Desk()
    decision = desk.suspended()
    [(event_id, row)] = desk.store.reports.items()
    notice = json.loads(row.report.body)
    assert [type(event) for event in desk.store.events] == [
        DecisionMade,
        CaseOpened,
        OperationSuspended,
    ]
    assert desk.store.holds[APPLICATION].decision_id == decision.decision_id
    assert notice["event_id"] == str(event_id)
    assert notice["status"] == "suspended"
    assert notice["grounds"] == "applications_burst"
    # Five working days from Wednesday 25 November 2026.
    assert notice["suspend_until"] == "2026-12-02"


def test_what_is_suspended_stays_so_until_released() -> None:
    """The cause may pass by itself; the hold does not (6.1g iii)."""
    desk = Desk()
    desk.suspended()
    desk.store.known.clear()
    desk.clock.move(timedelta(days=30).total_seconds())
    again = desk.decide()
    assert outcome(again) is Outcome.SUSPEND
    assert again.verdict.grounds == ("operation_suspended",)
    assert len(desk.store.reports) == 1
    assert sum(isinstance(e, OperationSuspended) for e in desk.store.events) == 1


def test_a_released_operation_moves_although_its_cause_remains() -> None:
    desk = Desk()
    desk.suspended()
    desk.release(APPLICATION)
    assert outcome(desk.decide()) is Outcome.ALLOW
    desk.store.known |= LOST
    assert outcome(desk.decide()) is Outcome.SUSPEND


def test_a_release_is_a_decision_with_its_ground() -> None:
    desk = Desk()
    desk.suspended()
    decision_id = desk.release(APPLICATION)
    made = desk.store.decisions[decision_id]
    assert made.inputs.facts == {"ground": "spoke with the client"}
    assert (made.asked_by, made.rule_set) == ("operator", "person")
    event, released = desk.store.events[-2:]
    assert isinstance(event, DecisionMade)
    assert event.outcome == "allow"
    assert isinstance(released, OperationReleased)
    assert (released.decision_id, released.operation) == (decision_id, APPLICATION)


def test_a_suspended_client_can_move_nothing() -> None:
    desk = Desk()
    desk.suspend_client()
    assert desk.decide().verdict.grounds == ("client_suspended",)
    assert desk.decide(f"payout:{UUID(int=9)}").verdict.grounds == ("client_suspended",)
    desk.release(f"client:{CLIENT}")
    assert outcome(desk.decide(f"payout:{UUID(int=8)}")) is Outcome.ALLOW


def test_a_client_is_suspended_once() -> None:
    desk = Desk()
    desk.suspend_client()
    with pytest.raises(Refused, match="already_suspended"):
        desk.suspend_client()


def test_nothing_is_released_that_is_not_held() -> None:
    with pytest.raises(Refused, match="not_suspended"):
        Desk().release(APPLICATION)


@pytest.mark.parametrize("ground", ["", "   ", "x" * 501])
def test_a_ground_must_be_given(ground: str) -> None:
    desk = Desk()
    with pytest.raises(Refused, match="ground_missing"):
        desk.suspend_client(ground)
    with pytest.raises(Refused, match="ground_missing"):
        desk.release(APPLICATION, ground)


def test_the_account_in_question_is_the_one_the_asker_names() -> None:
    desk = Desk()
    desk.decide(account_id=str(UUID(int=5)))
    desk.decide()
    assert [each.account_id for each in desk.store.asked] == [str(UUID(int=5)), None]
    with pytest.raises(Refused, match="facts_invalid"):
        desk.decide(account_id="nonsense")


def test_a_stored_decision_is_explained_and_made_again() -> None:
    desk = Desk()
    made = desk.suspended()
    found = handlers.explain(made.decision_id, units=desk.store, tools=desk.tools)
    assert found.again == made.verdict
    assert found.rules["applications_burst"] == "A third application within an hour."
    with pytest.raises(Refused, match="decision_unknown"):
        handlers.get_decision(UUID(int=999), units=desk.store)


def test_a_report_ends_with_an_acknowledgement() -> None:
    desk = Desk()
    desk.suspended()
    centre = FakeCentre(desk.store)
    assert (desk.send(centre), desk.send(centre)) == (1, 0)
    [row] = desk.store.reports.values()
    assert (row.state, row.ack_id) == ("sent", "ack-1")


def test_an_outage_delays_a_report_and_changes_no_byte_of_it() -> None:
    desk = Desk()
    desk.suspended()
    [row] = desk.store.reports.values()
    body = row.report.body
    centre = FakeCentre(desk.store, failures=[Transient("away"), Transient("away")])
    assert (desk.send(centre), desk.send(centre)) == (0, 0)
    desk.clock.move(10)
    assert desk.send(centre) == 0
    desk.clock.move(20)
    assert desk.send(centre) == 1
    assert centre.taken == [body]


def test_a_report_the_centre_refuses_is_parked_with_an_alarm() -> None:
    desk = Desk()
    desk.suspended()
    centre = FakeCentre(desk.store, failures=[Broken("refused")])
    with pytest.raises(Broken):
        desk.send(centre)
    assert [row.state for row in desk.store.reports.values()] == ["parked"]
    assert desk.send(centre) == 0


def test_what_was_asked_about_is_kept_once_under_the_names_it_was_asked_with() -> None:
    desk = Desk()
    for _ in range(3):
        desk.decide(**NAMED)
    [kept] = desk.store.remembered
    keys = {each.key: each.other for each in kept.occurrences}
    assert keys == {
        f"client:{CLIENT}": "d1",
        "device:d1": str(CLIENT),
        "network:n1": str(CLIENT),
    }


def test_who_ran_out_of_time_is_judged_anew_and_not_held() -> None:
    desk = Desk()
    times = iter(range(0, 10**12, 10**10))
    slow = replace(desk.tools, ticks=lambda: next(times))
    payout = f"payout:{UUID(int=9)}"

    def decide(tools: Tools) -> Decision:
        return handlers.decide(
            operation=payout,
            client_id=CLIENT,
            amount=Money.of("1"),
            facts={},
            asked_by="disbursement-worker",
            units=desk.store,
            tools=tools,
        )

    first = decide(slow)
    assert outcome(first) is Outcome.SUSPEND
    assert first.verdict.grounds == ("time_budget",)
    assert desk.store.holds == {}
    assert outcome(decide(desk.tools)) is Outcome.ALLOW


def test_a_persons_decision_is_explained_without_being_made_again() -> None:
    desk = Desk()
    made = desk.suspend_client()
    found = handlers.explain(made, units=desk.store, tools=desk.tools)
    assert (found.again, found.rules) == (None, {})
