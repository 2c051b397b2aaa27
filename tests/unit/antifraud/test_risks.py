"""What may stand in the register of risks, and how what is left is counted."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.domain.assessing import (
    Assessment,
    Category,
    Control,
    Effect,
    Level,
    RiskRules,
    Treatment,
    assessment_from_wire,
    assessment_to_wire,
)
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.risks import Acceptance, Revision, Risk, State, Step
from tests.unit.antifraud.fakes import NOON

TODAY = date(2026, 11, 25)
OWNER = UUID(int=901)
RULES = RiskRules.at(STARTING_POLICY, NOON)
CONTROL = Control(
    name="Three applications within the hour are held",
    linked_to="rule:applications_burst",
    lowers="likelihood",
    design=Effect.EFFECTIVE,
    operation=Effect.EFFECTIVE,
    judged_on=TODAY,
)
SAID = Assessment(
    title="Bought passports apply in a burst",
    category=Category.APPLICATION,
    owner=OWNER,
    inherent=Level(likelihood=4, impact=5),
    controls=(CONTROL,),
    judged=None,
    because="",
    treatment=Treatment.REDUCE,
    plan="Faces are compared with those of earlier refusals.",
    due_on=TODAY + timedelta(days=30),
    review_on=TODAY + timedelta(days=90),
)


def refused(said: Assessment) -> str:
    with pytest.raises(Refused) as told:
        RULES.refuse_unfit(said, rules={"applications_burst"})
    return told.value.code


def risk(**changes: object) -> Risk:
    """Opened, with what its last revision and acceptance are to be."""
    said = replace(SAID, **{k: v for k, v in changes.items() if k != "accepted"})  # type: ignore[arg-type]
    accepted = changes.get("accepted")
    assert accepted is None or isinstance(accepted, Acceptance)
    revision = Revision(
        number=2, assessed=2, at=NOON, by=OWNER, step=Step.REVISED, words="", says=said
    )
    return Risk(
        risk_id=UUID(int=1),
        number=1,
        opened_at=NOON,
        revision=revision,
        acceptance=accepted,
    )


def accepted(revision: int, until_on: date) -> Acceptance:
    return Acceptance(
        revision=revision,
        accepted_at=NOON,
        asked_by=OWNER,
        approved_by=UUID(int=902),
        reason="small",
        until_on=until_on,
    )


@pytest.mark.parametrize(
    ("design", "operation", "left"),
    [
        (Effect.EFFECTIVE, Effect.EFFECTIVE, (2, 5)),
        (Effect.EFFECTIVE, Effect.PARTLY, (3, 5)),
        (Effect.PARTLY, Effect.EFFECTIVE, (3, 5)),
        (Effect.EFFECTIVE, Effect.INEFFECTIVE, (4, 5)),
        (Effect.INEFFECTIVE, Effect.EFFECTIVE, (4, 5)),
    ],
)
def test_a_control_lowers_no_more_than_it_does(
    design: Effect, operation: Effect, left: tuple[int, int]
) -> None:
    control = replace(CONTROL, design=design, operation=operation)
    counted = replace(SAID, controls=(control,)).counted
    assert (counted.likelihood, counted.impact) == left


def test_nothing_is_lowered_below_one() -> None:
    counted = replace(SAID, controls=(CONTROL,) * 4).counted
    assert (counted.likelihood, counted.impact) == (1, 5)


def test_what_is_judged_otherwise_than_counted_is_explained() -> None:
    """Above the inherent level too: nobody says so without saying why."""
    for likelihood in (1, 3, 5):
        said = replace(SAID, judged=Level(likelihood=likelihood, impact=5))
        assert refused(said) == "residual_unexplained"
        RULES.refuse_unfit(
            replace(said, because="Seen last month."), rules={"applications_burst"}
        )
    RULES.refuse_unfit(replace(SAID, judged=SAID.counted), rules={"applications_burst"})


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"title": " "}, "words_unfit"),
        ({"plan": "ask the person 990101300123"}, "words_hold_a_number"),
        ({"inherent": Level(likelihood=6, impact=1)}, "risk_level_unfit"),
        ({"judged": Level(likelihood=0, impact=1)}, "risk_level_unfit"),
        ({"controls": (CONTROL,) * 31}, "risk_controls_many"),
        ({"plan": ""}, "treatment_unplanned"),
        ({"due_on": None}, "treatment_unplanned"),
        ({"due_on": TODAY - timedelta(days=1)}, "treatment_unplanned"),
        ({"review_on": TODAY}, "review_day_unfit"),
        ({"review_on": TODAY + timedelta(days=185)}, "review_day_unfit"),
    ],
)
def test_an_unfit_assessment_is_refused(changed: dict[str, object], code: str) -> None:
    assert refused(replace(SAID, **changed)) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "linked_to",
    ["", "rule:no_such_rule", "clause:six", "setting:no.such", "person:anna"],
)
def test_a_control_leads_to_what_is_there(linked_to: str) -> None:
    control = replace(CONTROL, linked_to=linked_to)
    assert refused(replace(SAID, controls=(control,))) == "risk_control_unfit"


@pytest.mark.parametrize(
    "linked_to", ["clause:6.1g", "clause:5.5", "setting:antifraud.decide_ms"]
)
def test_clauses_and_settings_are_links_too(linked_to: str) -> None:
    control = replace(CONTROL, linked_to=linked_to)
    RULES.refuse_unfit(replace(SAID, controls=(control,)), rules=())


def test_a_control_is_not_judged_tomorrow() -> None:
    control = replace(CONTROL, judged_on=TODAY + timedelta(days=1))
    assert refused(replace(SAID, controls=(control,))) == "risk_control_unfit"


def test_to_accept_takes_no_plan() -> None:
    said = replace(SAID, treatment=Treatment.ACCEPT, plan="", due_on=None)
    RULES.refuse_unfit(said, rules={"applications_burst"})


def test_an_acceptance_holds_until_its_day_and_for_what_was_assessed() -> None:
    last = risk(accepted=accepted(2, TODAY))
    assert last.state(TODAY) is State.ACCEPTED
    assert last.state(TODAY + timedelta(days=1)) is State.OPEN
    assert risk(accepted=accepted(1, TODAY)).state(TODAY) is State.OPEN
    assert risk().state(TODAY) is State.OPEN


def test_what_is_owed_is_told_from_the_day_after() -> None:
    found = risk(due_on=TODAY, review_on=TODAY, accepted=accepted(2, TODAY))
    assert found.overdue(TODAY) == []
    owed = {one.duty for one in found.overdue(TODAY + timedelta(days=1))}
    assert owed == {Duty.REVIEW, Duty.TREATMENT, Duty.ACCEPTANCE}
    stopped = replace(found, revision=replace(found.revision, step=Step.CLOSED))
    assert stopped.overdue(TODAY + timedelta(days=1)) == []
    assert stopped.state(TODAY) is State.CLOSED


def test_what_is_kept_is_read_back() -> None:
    for said in (
        SAID,
        replace(SAID, judged=Level(likelihood=1, impact=1), due_on=None),
    ):
        assert assessment_from_wire(assessment_to_wire(said)) == said
