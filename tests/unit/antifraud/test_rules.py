"""Rules as data, and the one pure function that applies them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto import canonical
from kernel.errors import Broken, Refused
from kernel.money import Money
from services.antifraud.domain.catalogue import Value
from services.antifraud.domain.decision import (
    Inputs,
    check_question,
    fired_to_wire,
    inputs_from_wire,
    inputs_to_wire,
)
from services.antifraud.domain.engine import OUT_OF_TIME, Engine, Judged
from services.antifraud.domain.rules import (
    Dated,
    Operation,
    Outcome,
    Rule,
    RuleSet,
    Typology,
    checked,
    in_force_on,
)
from services.antifraud.domain.starting_rules import OF_OLD, STARTING, starting_of

APPLICATION = f"application:{UUID(int=1)}"
PAYOUT = f"payout:{UUID(int=1)}"
WORDS = {"reason": "for a test", "source": "this file"}


def rule(
    code: str,
    when: str,
    outcome: Outcome = Outcome.ALLOW,
    *,
    score: int = 10,
    on: frozenset[Operation] = frozenset(Operation),
) -> Rule:
    return Rule(code=code, on=on, when=when, outcome=outcome, score=score, **WORDS)


def typology(
    rules: Mapping[str, int], review_at: int, suspend_at: int | None
) -> Typology:
    return Typology(
        code="way", rules=rules, review_at=review_at, suspend_at=suspend_at, **WORDS
    )


SET = RuleSet(
    version="test",
    rules=(
        rule("burst", "client_application_count_1h >= 2", Outcome.SUSPEND, score=60),
        rule("late", "hour in [1, 2, 3]"),
        rule("fresh", "client_device_admitted_first_s_180d < 3600"),
        rule(
            "large",
            "amount_minor > 100",
            Outcome.REVIEW,
            on=frozenset({Operation.PAYOUT}),
        ),
        rule("overflow", "amount_minor * amount_minor > 1 && iin_named", score=70),
    ),
    typologies=(typology({"late": 30, "fresh": 40}, 40, 70),),
)
ENGINE = Engine(SET)


def inputs(
    operation: str = APPLICATION, amount: int = 1, *cleared: str, **values: Value
) -> Inputs:
    return Inputs(
        operation=operation,
        client_id=UUID(int=2),
        amount=Money(amount),
        facts={"term_days": 30},
        values={"amount_minor": amount, **values},
        cleared=frozenset(cleared),
    )


def test_nothing_speaks_of_what_never_happened() -> None:
    verdict = ENGINE.judge(inputs()).verdict
    assert (verdict.outcome, verdict.score, verdict.fired) == (Outcome.ALLOW, 0, ())


def test_a_rule_speaks_at_its_limit_and_says_what_it_saw() -> None:
    assert ENGINE.judge(inputs(client_application_count_1h=1)).verdict.fired == ()
    [fired] = ENGINE.judge(inputs(client_application_count_1h=2)).verdict.fired
    assert (fired.code, fired.outcome, fired.score) == ("burst", Outcome.SUSPEND, 60)
    assert fired.values == {"client_application_count_1h": 2}


def test_a_rule_speaks_of_the_operations_it_is_for() -> None:
    assert ENGINE.judge(inputs(amount=101)).verdict.codes == ()
    assert ENGINE.judge(inputs(PAYOUT, 101)).verdict.codes == ("large",)


def test_the_weights_of_a_typology_add_up_to_its_outcome() -> None:
    late = ENGINE.judge(inputs(hour=2)).verdict
    fresh = ENGINE.judge(inputs(client_device_admitted_first_s_180d=60)).verdict
    both = ENGINE.judge(inputs(hour=2, client_device_admitted_first_s_180d=60)).verdict
    assert (late.outcome, fresh.outcome) == (Outcome.ALLOW, Outcome.REVIEW)
    assert (both.outcome, both.codes) == (Outcome.SUSPEND, ("late", "fresh", "way"))
    assert both.fired[-1].values == {"late": 30, "fresh": 40, "weight": 70}
    assert both.score == 20


def test_what_a_person_set_aside_stays_silent() -> None:
    told = inputs(APPLICATION, 1, "burst", client_application_count_1h=9, hour=2)
    assert ENGINE.judge(told).verdict.codes == ("late",)


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [(APPLICATION, Outcome.REVIEW), (PAYOUT, Outcome.SUSPEND)],
)
def test_a_condition_that_overflows_is_never_silent(
    operation: str, outcome: Outcome
) -> None:
    """Money is held, anything else is looked at by a person."""
    verdict = ENGINE.judge(inputs(operation, 2**52, iin_named=True)).verdict
    spoke = {each.code: each for each in verdict.fired}
    assert (verdict.outcome, spoke["overflow"].score) == (outcome, 0)


class Clock:
    """Each look at it costs a millisecond."""

    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> int:
        self.at += 1_000_000
        return self.at


def run_out(operation: str) -> Judged:
    told = inputs(operation, client_application_count_1h=2, hour=2)
    return ENGINE.judge(told, ticks=Clock(), budget_us=1_000)


def test_when_the_time_is_up_money_is_held_and_the_rest_looked_at() -> None:
    application, payout = run_out(APPLICATION), run_out(PAYOUT)
    assert OUT_OF_TIME in application.verdict.codes
    assert payout.verdict.outcome is Outcome.SUSPEND
    looked = replace(application.inputs, values={})
    assert ENGINE.judge(looked).verdict.outcome is Outcome.REVIEW
    assert application.inputs.judged == len(application.took_us) == 2
    assert application.took_us == {"burst": 1_000, "late": 1_000}


def test_a_decision_cut_off_by_time_is_made_again_as_it_was() -> None:
    judged = run_out(PAYOUT)
    stored = canonical(inputs_to_wire(judged.inputs))
    again = ENGINE.judge(inputs_from_wire(orjson.loads(stored)))
    assert again.verdict == judged.verdict


values = st.fixed_dictionaries(
    {},
    optional={
        "client_application_count_1h": st.integers(0, 2**53 - 1),
        "client_device_admitted_first_s_180d": st.integers(0, 10**9),
        "client_held": st.booleans(),
        "hour": st.integers(0, 23),
    },
)


@settings(max_examples=60, deadline=None)
@given(
    values,
    st.frozensets(st.sampled_from([*(r.code for r in SET.rules), "way"])),
    st.sampled_from([APPLICATION, PAYOUT]),
    st.integers(1, 2**53 - 1),
)
def test_a_decision_is_made_again_from_what_was_stored(
    seen: dict[str, Value], cleared: frozenset[str], operation: str, amount: int
) -> None:
    """Inputs through their stored bytes (6.1g v)."""
    first = inputs(operation, amount, *cleared, **seen)
    stored = canonical(inputs_to_wire(first))
    again = inputs_from_wire(orjson.loads(stored))
    assert again == first
    assert ENGINE.judge(again).verdict == ENGINE.judge(first).verdict


def test_a_decision_of_before_the_catalogue_is_made_again() -> None:
    """By the stored form and the rules of then."""
    wire = {
        "operation": APPLICATION,
        "client_id": str(UUID(int=2)),
        "amount": "400000.00",
        "facts": {},
        "features": {"applications": 3, "client_held": 1, "operation_held": 0},
        "cleared": ["failed_logins"],
    }
    old = starting_of("2026-03-31")
    assert old is OF_OLD[0]
    verdict = Engine(old).judge(inputs_from_wire(wire)).verdict
    assert verdict.codes == ("client_suspended", "applications_burst")
    assert fired_to_wire(verdict)


def test_the_rule_set_of_the_day_is_the_latest_begun() -> None:
    sets = (Dated(date(2027, 1, 1), replace(SET, version="2027")), *STARTING)
    first = min(each.effective_on for each in STARTING)
    assert in_force_on(date(2026, 12, 31), sets) is STARTING[-1].rule_set
    assert in_force_on(date(2027, 1, 1), sets).version == "2027"
    with pytest.raises(Broken):
        in_force_on(date(2026, 3, 30), sets)
    assert first == date(2026, 3, 31)
    assert starting_of("2020") is None


@pytest.mark.parametrize("rule_set", [*OF_OLD, *(each.rule_set for each in STARTING)])
def test_every_set_we_start_with_may_be_saved(rule_set: RuleSet) -> None:
    assert checked(rule_set) is rule_set


@pytest.mark.parametrize(
    ("rule_set", "code"),
    [
        (replace(SET, rules=(*SET.rules, SET.rules[0])), "rule_twice"),
        (replace(SET, rules=(rule("a", "hour"),), typologies=()), "rule_mistyped"),
        (replace(SET, rules=(rule("A", "true"),), typologies=()), "rule_unfit"),
        (
            replace(SET, rules=(rule("a", "true", score=101),), typologies=()),
            "rule_unfit",
        ),
        (
            replace(SET, rules=(rule("a", "true", on=frozenset()),), typologies=()),
            "rule_unfit",
        ),
        (replace(SET, typologies=(typology({"other": 1}, 1, None),)), "typology_unfit"),
        (replace(SET, typologies=(typology({"late": 1}, 2, None),)), "typology_unfit"),
        (replace(SET, typologies=(typology({"late": 2}, 2, 1),)), "typology_unfit"),
        (
            replace(SET, rules=tuple(rule(f"r{n}", "true") for n in range(201))),
            "rules_too_many",
        ),
    ],
)
def test_an_unfit_rule_set_is_refused_with_the_culprit(
    rule_set: RuleSet, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        checked(rule_set)
    assert refused.value.code == code
    assert "rule" in refused.value.details


@pytest.mark.parametrize(
    ("operation", "amount", "facts", "code"),
    [
        ("loan:1", "1", {}, "operation_invalid"),
        ("application:1", "1", {}, "operation_invalid"),
        (APPLICATION + "\n", "1", {}, "operation_invalid"),
        (APPLICATION, "0", {}, "amount_not_positive"),
        (APPLICATION, "1", {"Bad": 1}, "facts_invalid"),
        (APPLICATION, "1", {"a": "x" * 201}, "facts_invalid"),
        (APPLICATION, "1", {f"a{n}": n for n in range(51)}, "facts_invalid"),
    ],
)
def test_a_question_that_cannot_be_kept_is_refused(
    operation: str, amount: str, facts: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_question(operation, Money.of(amount), facts)
    assert refused.value.code == code


def test_a_change_has_no_amount() -> None:
    check_question(f"phone_change:{UUID(int=3)}", Money(0), {})
