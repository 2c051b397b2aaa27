"""Draft → test → shadow → live → back, and the calendar of analysis (clause 6.1g v)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json, as_object
from kernel.errors import Broken, Refused
from kernel.events.antifraud import RulesChanged
from kernel.money import Money
from services.antifraud import handlers
from services.antifraud.domain.rules import Outcome, rule_set_to_wire
from services.antifraud.domain.starting_rules import STARTING
from services.antifraud.handlers import Tools, ruling
from services.antifraud.ports import Decision
from tests.unit.antifraud.fakes import FakeClock, FakeIds, FakeStore, fake_tools

CLIENT, ANNA, BORIS = UUID(int=77), UUID(int=1_001), UUID(int=1_002)
NEW = "2026-12-15"
FIRST = STARTING[-1].rule_set.version
RULE: dict[str, Any] = {
    "code": "large",
    "on": ["application"],
    "when": "amount_minor > 100",
    "outcome": "review",
    "score": 10,
    "reason": "for a test",
    "source": "this file",
}
HOUR = timedelta(hours=1).total_seconds()


@dataclass
class Office:
    """The use cases of the rules over fakes; Anna acts."""

    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: FakeIds = field(default_factory=FakeIds)

    @property
    def tools(self) -> Tools:
        return fake_tools(self.clock, self.ids)

    @property
    def at(self) -> dict[str, Any]:
        return {"units": self.store, "tools": self.tools}

    def draft(self, version: str = NEW, *rules: dict[str, Any]) -> str:
        wire = {"rules": list(rules or (RULE,))}
        return ruling.draft(version, wire, note="for a test", by=ANNA, **self.at)

    def test(self, version: str = NEW) -> Mapping[str, Json]:
        return ruling.test(version, days=90, by=ANNA, **self.at)

    def to_shadow(self, version: str = NEW) -> None:
        ruling.to_shadow(version, by=ANNA, **self.at)

    def promote(self, version: str = NEW, **changes: str) -> None:
        arguments, _ = ruling.promotion(version, unit=self.store, tools=self.tools)
        ruling.promote(
            {**arguments, **changes},
            asked_by=ANNA,
            approved_by=BORIS,
            unit=self.store,
            tools=self.tools,
        )

    def live(self, version: str = NEW) -> None:
        """Take it the whole way."""
        self.draft(version)
        self.test(version)
        self.to_shadow(version)
        self.clock.move(24 * HOUR)
        self.promote(version)

    def decide(self, number: int, amount: str = "2.00") -> Decision:
        self.clock.move(1)
        return handlers.decide(
            operation=f"application:{UUID(int=number)}",
            client_id=CLIENT,
            amount=Money.of(amount),
            facts={},
            asked_by="contracts",
            **self.at,
        )

    def judging(self) -> Json:
        return ruling.versions(**self.at)["live"]


def refused(act: Callable[..., object], *args: object) -> str:
    with pytest.raises(Refused) as caught:
        act(*args)
    return caught.value.code


def test_a_version_goes_its_way_and_judges() -> None:
    office = Office()
    assert office.decide(1).rule_set == FIRST
    office.live()
    made = office.decide(2)
    assert (made.rule_set, made.verdict.grounds) == (NEW, ("large",))
    [changed] = [e for e in office.store.events if isinstance(e, RulesChanged)]
    assert (changed.version, changed.instead_of) == (NEW, FIRST)
    assert (changed.asked_by, changed.approved_by) == (ANNA, BORIS)


def test_what_judges_in_the_shadow_holds_nobody() -> None:
    office = Office()
    office.draft()
    office.test()
    office.to_shadow()
    made = office.decide(1)
    assert (made.rule_set, made.verdict.outcome) == (FIRST, Outcome.ALLOW)
    version, verdict = office.store.shadows[made.decision_id]
    assert (version, verdict.outcome) == (NEW, Outcome.REVIEW)


def test_no_step_is_left_out() -> None:
    office = Office()
    assert refused(office.to_shadow) == "version_unknown"
    office.draft()
    assert refused(office.to_shadow) == "not_tested"
    office.test()
    assert refused(office.promote) == "not_in_shadow"
    office.to_shadow()
    office.clock.move(23 * HOUR)
    assert refused(office.promote) == "shadow_too_short"
    office.clock.move(HOUR)
    office.promote()
    assert office.judging() == NEW


def test_other_rules_than_were_shown_do_not_become_live() -> None:
    office = Office()
    office.draft()
    office.test()
    office.to_shadow()
    office.clock.move(24 * HOUR)
    with pytest.raises(Broken):
        office.promote(sha256="0" * 64)
    assert office.judging() == FIRST


def test_one_person_goes_back_at_once_and_no_further_than_was_agreed() -> None:
    office = Office()
    assert refused(lambda: ruling.rollback(reason="x", by=ANNA, **office.at)) == (
        "nothing_before"
    )
    office.live()
    assert ruling.rollback(reason="alarms", by=ANNA, **office.at) == FIRST
    assert office.decide(1).rule_set == FIRST
    [*_, back] = [e for e in office.store.events if isinstance(e, RulesChanged)]
    assert (back.version, back.instead_of, back.approved_by) == (FIRST, NEW, None)


def test_a_version_is_drafted_once_and_only_if_the_checker_takes_it() -> None:
    office = Office()
    office.draft()
    assert refused(office.draft) == "version_exists"
    assert refused(office.draft, FIRST) == "version_exists"
    assert refused(office.draft, "A b") == "version_unfit"
    assert refused(office.draft, "v2", {**RULE, "when": "amount_minor"}) == (
        "rule_mistyped"
    )
    assert refused(office.draft, "v2", {**RULE, "when": "[1].all(x, true)"}) == (
        "rule_malformed"
    )
    assert refused(office.draft, "v2", {**RULE, "more": 1}) == "rules_malformed"
    assert refused(office.draft, "v2", {**RULE, "on": ["dinner"]}) == "rules_malformed"


def test_what_is_shown_can_be_drafted_again() -> None:
    office = Office()
    shown = ruling.show(FIRST, units=office.store)
    wire = {"rules": shown["rules"], "typologies": shown["typologies"]}
    assert wire == rule_set_to_wire(STARTING[-1].rule_set)
    again = ruling.draft("again", wire, note="the same", by=ANNA, **office.at)
    assert again == shown["sha256"]
    difference = ruling.compare(FIRST, "again", units=office.store)
    assert difference == {"added": [], "removed": [], "changed": []}


def test_a_test_on_history_counts_what_the_version_would_have_done() -> None:
    office = Office()
    made = [office.decide(n, "0.50" if n < 3 else "2.00") for n in range(1, 6)]
    for one, fraud in ((made[0], True), (made[3], True), (made[4], False)):
        ruling.label(one.decision_id, fraud=fraud, by=ANNA, **office.at)
    office.draft()
    report = office.test()
    seen = {name: report[name] for name in ("decisions", "alerts", "alerts_before")}
    assert seen == {"decisions": 5, "alerts": 3, "alerts_before": 0}
    assert (report["newly_stopped"], report["no_longer_stopped"]) == (3, 0)
    assert (report["labelled"], report["fraud"], report["caught"]) == (3, 2, 1)
    assert (report["precision_permille"], report["recall_permille"]) == (500, 500)
    assert report["rules"] == {"large": 3}


class Heard:
    """Keeps the days of the last alarm."""

    days = 0

    def analysis_overdue(self, *, days: int) -> None:
        self.days = days


def test_an_analysis_that_is_overdue_alarms_until_the_rules_are_tested() -> None:
    office, heard = Office(), Heard()
    days = []
    office.decide(1)
    for moved in (0, 90, 1):
        office.clock.move(moved * 24 * HOUR)
        ruling.watch_calendar(**office.at, alarms=heard)
        days.append(heard.days)
    assert ruling.calendar(**office.at)["overdue"] is True
    office.test(FIRST)
    ruling.watch_calendar(**office.at, alarms=heard)
    shown = ruling.calendar(**office.at)
    assert days == [0, 0, 1]
    assert (heard.days, shown["overdue"]) == (0, False)
    reports = shown["reports"]
    assert isinstance(reports, list)
    assert [as_object(one)["stage"] for one in reports] == ["tested"]
