"""The life of a version over the real tables; each step in a commit of its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.crypto import Json
from services.antifraud.domain.rules import Outcome
from services.antifraud.domain.starting_rules import STARTING
from services.antifraud.handlers import ruling
from services.antifraud.ports import Decision
from tests.integration.antifraud.conftest import Desk
from tests.unit.antifraud.test_ruling import ANNA, BORIS, HOUR, NEW, RULE

FIRST = STARTING[-1].rule_set.version


class Office:
    """Anna acts, on the test's desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.at: dict[str, Any] = {"units": desk.units, "tools": desk.tools}

    def to_shadow(self) -> None:
        wire = {"rules": [RULE]}
        ruling.draft(NEW, wire, note="for a test", by=ANNA, **self.at)
        self.desk.clock.move(1)
        ruling.test(NEW, days=90, by=ANNA, **self.at)
        self.desk.clock.move(1)
        ruling.to_shadow(NEW, by=ANNA, **self.at)

    def promote(self) -> None:
        self.desk.clock.move(timedelta(hours=24).total_seconds())
        with self.desk.units.begin() as unit:
            arguments, _ = ruling.promotion(NEW, unit=unit, tools=self.desk.tools)
            ruling.promote(
                arguments,
                asked_by=ANNA,
                approved_by=BORIS,
                unit=unit,
                tools=self.desk.tools,
            )

    def decide(self, number: int) -> Decision:
        self.desk.clock.move(2 * HOUR)
        return self.desk.decide(f"application:{UUID(int=number)}")


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_shadow_judges")
def test_a_version_judges_from_its_promotion_to_the_step_back(office: Office) -> None:
    """Clause 6.1g v: and what it would have done in the shadow is kept."""
    office.decide(1)
    office.to_shadow()
    beside = office.decide(2)
    office.promote()
    live = office.decide(3)
    ruling.rollback(reason="alarms", by=ANNA, **office.at)
    back = office.decide(4)
    made = [beside, live, back]
    assert [each.rule_set for each in made] == [FIRST, NEW, FIRST]
    assert [each.verdict.outcome for each in made] == [
        Outcome.ALLOW,
        Outcome.REVIEW,
        Outcome.ALLOW,
    ]
    [shadow] = office.desk.rows("SELECT decision_id, outcome FROM shadow_verdict")
    assert (shadow.decision_id, shadow.outcome) == (beside.decision_id, "review")


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_labels_forgotten")
def test_the_report_of_a_test_counts_by_the_newest_label(office: Office) -> None:
    """Clause 6.1g v: each test is recorded with its result."""
    fraud, honest = office.decide(1), office.decide(2)
    for decision, was_fraud in ((fraud, False), (honest, False), (fraud, True)):
        office.desk.clock.move(1)
        ruling.label(decision.decision_id, fraud=was_fraud, by=ANNA, **office.at)
    office.to_shadow()
    report = report_of(office)
    assert (report["decisions"], report["newly_stopped"]) == (2, 2)
    assert (report["labelled"], report["fraud"], report["caught"]) == (2, 1, 1)


def report_of(office: Office) -> Mapping[str, Json]:
    """The report of the one test there was."""
    with office.desk.units.begin() as unit:
        [report] = [entry.report for entry in unit.register() if entry.report]
    return report


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rule_set SET says = ''",
        "DELETE FROM rule_entry",
        "UPDATE rule_entry SET stage = 'live'",
        "UPDATE label SET fraud = false",
        "DELETE FROM shadow_verdict",
    ],
)
def test_nobody_rewrites_what_was_done_with_the_rules(
    desk: Desk, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        desk.rows(statement)
