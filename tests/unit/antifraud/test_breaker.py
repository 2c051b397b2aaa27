"""A rule that stops nearly everybody: which share, of what, what it may still do."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.domain.breaker import Breaker, Stops
from services.antifraud.domain.decision import (
    Inputs,
    inputs_from_wire,
    inputs_to_wire,
)
from services.antifraud.domain.engine import OUT_OF_TIME, Engine
from services.antifraud.domain.rules import (
    Operation,
    Outcome,
    Rule,
    RuleSet,
    Typology,
)
from services.antifraud.domain.suspending import STANDING, Term
from tests.unit.antifraud.fakes import NOON

BREAKER = Breaker(window=timedelta(hours=1), permille=500, least=10)
APPLICATION, PAYOUT = Operation.APPLICATION, Operation.PAYOUT


def rule(code: str, *on: Operation, outcome: Outcome = Outcome.REFUSE) -> Rule:
    return Rule(
        code=code,
        on=frozenset(on),
        when="amount_minor > 0",
        outcome=outcome,
        score=10,
        reason="a reason",
        source="a source",
    )


def rules(*every: Rule, typologies: tuple[Typology, ...] = ()) -> RuleSet:
    return RuleSet(version="v", rules=every, typologies=typologies)


def inputs(**values: bool) -> Inputs:
    return Inputs(
        operation=f"payout:{UUID(int=1)}",
        client_id=UUID(int=2),
        amount=Money.of("1"),
        facts={},
        values={"amount_minor": 100, "operation": "payout", **values},
        cleared=frozenset(),
    )


@pytest.mark.parametrize(
    ("judged", "stopped", "too_much"),
    [(9, 9, False), (10, 5, False), (10, 6, True), (1_000, 500, False)],
)
def test_it_takes_enough_operations_and_more_than_the_share(
    judged: int, stopped: int, *, too_much: bool
) -> None:
    assert BREAKER.is_too_much(judged=judged, stopped=stopped) is too_much


def test_a_rule_is_measured_over_what_it_may_speak_of() -> None:
    stops = Stops(
        judged={APPLICATION: 1_000, PAYOUT: 10}, stopped={"on_pay": 10, "on_all": 10}
    )
    every = rules(rule("on_pay", PAYOUT), rule("on_all", PAYOUT, APPLICATION))
    assert list(BREAKER.blocking(stops, every)) == [("on_pay", 10, 10)]


def test_a_typology_is_measured_over_what_its_rules_may_speak_of() -> None:
    typology = Typology(
        code="way",
        rules={"seen": 10},
        reason="a reason",
        source="a source",
        review_at=5,
        suspend_at=10,
    )
    every = rules(rule("seen", PAYOUT, outcome=Outcome.ALLOW), typologies=(typology,))
    stops = Stops(judged={PAYOUT: 10, APPLICATION: 90}, stopped={"way": 8})
    assert list(BREAKER.blocking(stops, every)) == [("way", 10, 8)]


def test_what_persons_suspended_and_what_no_rule_says_is_never_tripped() -> None:
    codes = (*STANDING.values(), OUT_OF_TIME)
    stops = Stops(judged={PAYOUT: 10}, stopped=dict.fromkeys(codes, 10))
    every = rules(*(rule(code, PAYOUT) for code in codes))
    assert list(BREAKER.blocking(stops, every)) == []


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_tripped_rule_lets_go")
def test_a_tripped_rule_asks_for_a_look_and_lets_nothing_go() -> None:
    engine = Engine(rules(rule("blocks", PAYOUT)))
    tripped = Inputs(
        **{
            **{name: getattr(inputs(), name) for name in Inputs.__slots__},
            "tripped": frozenset({"blocks"}),
        }
    )
    verdict = engine.judge(tripped).verdict
    assert (verdict.outcome, verdict.codes) == (Outcome.REVIEW, ("blocks",))
    assert engine.judge(inputs()).verdict.outcome is Outcome.REFUSE
    assert inputs_from_wire(inputs_to_wire(tripped)) == tripped


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_suspension_by_rules_alone")
@pytest.mark.parametrize("held", STANDING)
def test_what_is_suspended_stays_so_under_rules_that_do_not_ask(held: str) -> None:
    engine = Engine(rules(rule("quiet", APPLICATION)))
    verdict = engine.judge(inputs(**{held: True})).verdict
    assert verdict.outcome is Outcome.SUSPEND
    assert verdict.codes == (STANDING[held],)


def test_a_term_is_counted_in_working_days() -> None:
    """From Friday 27.11.2026: the 16th and 17th of December are days off."""
    term = Term.at(STARTING_POLICY, NOON + timedelta(days=2))
    assert term.today == date(2026, 11, 27)
    assert term.until() == date(2026, 12, 4)
    assert term.looked_at_by == date(2026, 11, 30)
    assert term.until(date(2026, 12, 11)) == date(2026, 12, 21)
