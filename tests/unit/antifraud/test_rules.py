"""Rules as data, and the one pure function that applies them."""

from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import canonical
from kernel.errors import Broken, Refused
from kernel.money import Money
from services.antifraud.domain.decision import (
    Inputs,
    check_question,
    fired_to_wire,
    inputs_from_wire,
    inputs_to_wire,
    judge,
)
from services.antifraud.domain.rules import (
    RULE_SETS,
    Feature,
    Outcome,
    Rule,
    RuleSet,
    Windows,
    rule_set_of,
    rule_set_on,
)

RULES = RULE_SETS[0]
APPLICATION = f"application:{UUID(int=1)}"
DAY = timedelta(days=1)


def inputs(*cleared: str, **features: int) -> Inputs:
    known = {Feature(name): value for name, value in features.items()}
    return Inputs(
        operation=APPLICATION,
        client_id=UUID(int=2),
        amount=Money.of("400000"),
        facts={"term_days": 30},
        features={**dict.fromkeys(Feature, 0), **known},
        cleared=frozenset(cleared),
    )


def test_an_ordinary_first_application_is_allowed() -> None:
    verdict = judge(inputs(applications=1, amount_minor=400_000_00), RULES)
    assert (verdict.outcome, verdict.score, verdict.fired) == (Outcome.ALLOW, 0, ())


@pytest.mark.parametrize(
    ("feature", "quiet", "limit", "outcome"),
    [
        ("applications", 2, 3, Outcome.SUSPEND),
        ("amount_minor", 1_000_000_00, 1_000_000_01, Outcome.REVIEW),
        ("accounts_lost", 0, 1, Outcome.SUSPEND),
        ("account_changes", 0, 1, Outcome.REVIEW),
        ("refusals", 2, 3, Outcome.REVIEW),
        ("failed_logins", 5, 6, Outcome.REVIEW),
        ("client_held", 0, 1, Outcome.SUSPEND),
        ("operation_held", 0, 1, Outcome.SUSPEND),
    ],
)
def test_a_rule_fires_at_its_limit_and_not_below(
    feature: str, quiet: int, limit: int, outcome: Outcome
) -> None:
    assert judge(inputs(**{feature: quiet}), RULES).outcome is Outcome.ALLOW
    verdict = judge(inputs(**{feature: limit}), RULES)
    [fired] = verdict.fired
    assert verdict.outcome is outcome
    assert (fired.value, fired.at_least) == (limit, limit)


def test_the_heaviest_outcome_wins_and_scores_add_up() -> None:
    verdict = judge(inputs(refusals=3, applications=3, failed_logins=9), RULES)
    assert verdict.outcome is Outcome.SUSPEND
    assert verdict.score == 100
    assert verdict.codes == (
        "applications_burst",
        "repeated_refusals",
        "failed_logins",
    )


def test_a_cleared_rule_stays_silent_and_others_do_not() -> None:
    told = inputs("applications_burst", applications=9, accounts_lost=1)
    verdict = judge(told, RULES)
    assert verdict.codes == ("account_lost",)


@given(
    st.dictionaries(
        st.sampled_from([feature.value for feature in Feature]),
        st.integers(min_value=0, max_value=10**12),
    ),
    st.frozensets(st.sampled_from([rule.code for rule in RULES.rules])),
)
def test_a_decision_is_made_again_from_what_was_stored(
    features: dict[str, int], cleared: frozenset[str]
) -> None:
    """Inputs through their stored bytes, rules by the stored version (6.1g v)."""
    first = judge(inputs(*cleared, **features), RULES)
    stored = canonical(inputs_to_wire(inputs(*cleared, **features)))
    again = judge(inputs_from_wire(orjson.loads(stored)), rule_set_of(RULES.version))
    assert again == first
    assert fired_to_wire(again) == fired_to_wire(first)


def test_the_rule_set_of_the_day_is_the_latest_begun() -> None:
    later = RuleSet("2027", date(2027, 1, 1), RULES.rules, RULES.windows)
    sets = (later, RULES)
    assert rule_set_on(date(2026, 12, 31), sets) is RULES
    assert rule_set_on(date(2027, 1, 1), sets) is later
    with pytest.raises(Broken):
        rule_set_on(date(2026, 3, 30), sets)
    with pytest.raises(Broken):
        rule_set_of("2020")


@pytest.mark.parametrize(
    "rules",
    [
        (Rule("a", Feature.REFUSALS, 0, Outcome.REVIEW, 1),),
        (Rule("a", Feature.REFUSALS, 1, Outcome.REVIEW, 101),),
        (
            Rule("a", Feature.REFUSALS, 1, Outcome.REVIEW, 1),
            Rule("a", Feature.REFUSALS, 2, Outcome.REVIEW, 1),
        ),
    ],
)
def test_an_inconsistent_rule_set_cannot_exist(rules: tuple[Rule, ...]) -> None:
    with pytest.raises(Broken):
        RuleSet("x", date(2026, 1, 1), rules, Windows(DAY, DAY, DAY, DAY))


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
