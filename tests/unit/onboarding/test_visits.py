"""Attempts before the camera, counted for the person and not for what they were for."""

from datetime import UTC, datetime, timedelta

import pytest

from services.onboarding.domain.visits import Allowance, Visit, VisitRules, allowance

RULES = VisitRules(max_attempts=3, cooldown=timedelta(hours=1))
BEGIN = datetime(2026, 11, 25, 9, tzinfo=UTC)
FAILED, PROVED = False, True


def visits(*results: bool | int) -> list[Visit]:
    """One visit a minute: a bool for its result, a number for so many failed tries."""
    return [
        Visit(
            proved=result is PROVED,
            tries=1 if isinstance(result, bool) else result,
            settled_at=BEGIN + timedelta(minutes=minute),
        )
        for minute, result in enumerate(results)
    ]


def left(*results: bool | int, after: timedelta = timedelta(minutes=10)) -> Allowance:
    return allowance(visits(*results), RULES, at=BEGIN + after)


@pytest.mark.parametrize(
    ("results", "attempts"),
    [
        ((), 3),
        ((FAILED,), 2),
        ((FAILED, FAILED), 1),
        ((2,), 1),
        ((FAILED, FAILED, PROVED), 3),
        ((FAILED, FAILED, PROVED, FAILED), 2),
    ],
)
def test_failures_since_the_last_proof_count(
    results: tuple[bool | int, ...], attempts: int
) -> None:
    assert left(*results) == Allowance(attempts_left=attempts)


@pytest.mark.parametrize(
    "results", [(FAILED,) * 3, (2, FAILED), (FAILED, 2), (3,), (PROVED, 3)]
)
def test_the_third_failure_is_a_negative_result_that_cools_down(
    results: tuple[bool | int, ...],
) -> None:
    """At the very end of the cool-down three new attempts begin."""
    until = timedelta(minutes=len(results) - 1) + RULES.cooldown
    told = left(*results, after=until - timedelta(microseconds=1))
    assert told == Allowance(attempts_left=0, retry_at=BEGIN + until)
    assert left(*results, after=until) == Allowance(attempts_left=3)


def test_a_proof_during_the_cool_down_does_not_shorten_it() -> None:
    """None should come; if one does, the negative result stands."""
    assert left(3, PROVED).attempts_left == 0


def test_after_a_negative_result_counting_begins_anew() -> None:
    assert left(3, FAILED, after=timedelta(hours=2)) == Allowance(attempts_left=2)
