"""Each stop-check by itself: its border, and what it leaves of its grounds."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kernel.money import Money
from services.contracts.domain import checks
from services.contracts.domain.application import ask_again, give_up, hold
from services.contracts.domain.checks import Verdict
from services.contracts.domain.rules import HoldRules, LendingRules
from tests.unit.contracts.builders import (
    AMOUNT,
    OFFERED_AT,
    POLICY,
    TIYN,
    application,
    consent,
    list_check,
    policy_with,
    report,
    state_record,
)

RULES = LendingRules.at(POLICY, OFFERED_AT)
ON = date(2026, 11, 2)


@pytest.mark.seeded("contracts_debt_burden_ignored")
@pytest.mark.parametrize(
    ("burden", "verdict"),
    [
        ("0", Verdict.PASSED),
        ("0.5", Verdict.PASSED),
        ("0.50", Verdict.PASSED),
        ("0.500001", Verdict.FAILED),
        ("3.1", Verdict.FAILED),
        (None, Verdict.UNKNOWN),
    ],
)
def test_debts_may_take_half_of_the_income(
    burden: str | None, verdict: Verdict
) -> None:
    """Compared exactly; what the bureau cannot tell is neither good nor bad."""
    assert (
        checks.check_debt_burden(report(debt_burden=burden), RULES).verdict is verdict
    )


@pytest.mark.seeded("contracts_spouse_not_asked")
@pytest.mark.parametrize(
    ("amount", "married", "given", "passes"),
    [
        (RULES.spouse_from - TIYN, True, None, True),
        (RULES.spouse_from, False, None, True),
        (RULES.spouse_from, True, True, True),
        (RULES.spouse_from, True, False, False),
        (RULES.spouse_from, True, None, False),
    ],
)
def test_from_1000_mrp_on_a_spouse_consents(
    amount: Money, *, married: bool, given: bool | None, passes: bool
) -> None:
    """The amount itself included: the acts leave open whether it is."""
    record = state_record(married=married)
    found = checks.check_spouse(
        amount, record, RULES, None if given is None else consent(given=given)
    )
    assert found.passed is passes
    assert checks.needs_spouse(amount, record, RULES) is (
        married and amount >= RULES.spouse_from
    )


@pytest.mark.seeded("contracts_age_not_asked")
@pytest.mark.parametrize(
    ("birth_on", "needed"),
    [
        (date(2005, 11, 3), True),
        (date(2005, 11, 2), False),
        (date(1971, 11, 3), False),
        (date(1971, 11, 2), True),
    ],
)
def test_the_young_and_the_old_confirm_once_more(
    birth_on: date, *, needed: bool
) -> None:
    """Under 21, and from the 55th birthday on, by the day of the application."""
    record = state_record(birth_on=birth_on)
    assert checks.needs_confirmation(record, RULES, on=ON) is needed
    without = checks.check_confirmation(record, RULES, None, on=ON)
    assert without.passed is not needed
    for given in (True, False):
        found = checks.check_confirmation(record, RULES, consent(given=given), on=ON)
        assert found.passed is (given or not needed)
    assert "birth_on" not in without.found


@pytest.mark.seeded("contracts_conscript_lent_to")
def test_a_conscript_is_lent_nothing() -> None:
    assert checks.check_conscript(state_record()).passed
    assert not checks.check_conscript(state_record(conscript=True)).passed


@pytest.mark.seeded("contracts_listed_lent_to")
def test_nobody_on_the_list_of_the_monitoring_agency_is_lent_to() -> None:
    assert checks.check_monitoring(list_check()).passed
    assert not checks.check_monitoring(list_check(listed=True)).passed


def test_last_years_decision_is_explained_by_last_years_values() -> None:
    """A check cites the record in force then, whatever came after it."""
    since = OFFERED_AT + timedelta(days=1)
    stricter = policy_with("lending.kdn_max", Decimal("0.4"), since=since)
    then, now = (
        checks.check_debt_burden(
            report(debt_burden="0.45"), LendingRules.at(stricter, at)
        )
        for at in (OFFERED_AT, since)
    )
    assert (then.passed, now.passed) == (True, False)
    assert [(one.value, one.effective_from) for one in (*then.cited, *now.cited)] == [
        ("0.5", "2024-12-31T19:00:00.000000Z"),
        ("0.4", "2026-11-03T06:00:00.000000Z"),
    ]
    assert all(one.source for one in (*then.cited, *now.cited))


def test_every_threshold_cites_what_it_is_counted_from() -> None:
    """МРП among them: it is a dated setting itself."""
    found = {
        check.name: [one.key for one in check.cited]
        for check in (
            checks.check_amount(AMOUNT, RULES),
            checks.check_first_loan(AMOUNT, report(), RULES, visited=False),
            checks.check_spouse(AMOUNT, state_record(), RULES, None),
            checks.check_confirmation(state_record(), RULES, None, on=ON),
        )
    }
    assert found == {
        "amount_cap": ["lending.max_amount_mrp", "mrp"],
        "first_online_loan": ["lending.first_loan_visit_mrp", "mrp"],
        "spouse_consent": ["lending.spouse_consent_mrp", "mrp"],
        "extra_consent": [
            "lending.extra_consent_ages.under",
            "lending.extra_consent_ages.over",
        ],
    }


def test_the_pauses_between_rounds_grow_to_their_limit() -> None:
    """15 seconds first, and never more than the setting says."""
    rules = HoldRules.at(POLICY, OFFERED_AT)
    pauses = [rules.pause_after(tries) for tries in range(1, 13)]
    assert pauses[0] == timedelta(seconds=15)
    assert pauses == sorted(pauses)
    assert pauses[-1] == rules.most_pause == timedelta(minutes=10)


def test_after_the_last_round_a_person_is_called() -> None:
    """Who may have everybody asked anew, from the first round on, or give it up."""
    rules = HoldRules.at(POLICY, OFFERED_AT)
    held = application()
    for tries in range(1, rules.tries + 1):
        assert held.for_person_since is None
        held = hold(held, rules, at=OFFERED_AT)
        assert held.tries == tries
    assert (held.next_ask_at, held.for_person_since) == (None, OFFERED_AT)
    again = ask_again(held, at=OFFERED_AT)
    assert (again.tries, again.next_ask_at) == (0, OFFERED_AT)
    assert give_up(held).refusal_code == "not_established"
