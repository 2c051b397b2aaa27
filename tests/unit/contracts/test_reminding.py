"""Reminders of an answer that is awaited: twice each, never too early."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.events.contracts import AnswerAwaited
from services.contracts.domain.contract import Contract
from services.contracts.handlers import reminding
from tests.unit.contracts.builders import (
    HOLD_UNTIL,
    MICROSECOND,
    OFFERED_AT,
    POLICY,
    SMALL,
    active,
    annulled,
    concluded,
    offered,
    policy_with,
    released,
    scheduled,
    signing,
)
from tests.unit.contracts.fakes import Bench

DAY = timedelta(days=1)


def remind(bench: Bench) -> int:
    return reminding.remind(work=bench.work, policy=POLICY, clock=bench.clock)


def said(bench: Bench) -> list[str]:
    return [one.awaits for one in bench.work.said if isinstance(one, AnswerAwaited)]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_reminded_without_end")
@pytest.mark.parametrize(
    ("build", "awaits"), [(concluded, "consent"), (scheduled, "release")]
)
def test_who_is_silent_is_reminded_twice(
    bench: Bench, build: Callable[[], Contract], awaits: str
) -> None:
    """Seven days and two days before the end, to the microsecond, and once each."""
    contract = bench.work.contracts.put(build())
    end = contract.silence_at
    assert end is not None
    for left, count in ((7, 1), (2, 2)):
        bench.clock.at = end - left * DAY - MICROSECOND
        assert remind(bench) == 0
        bench.clock.at = end - left * DAY
        assert [remind(bench), remind(bench)] == [1, 0]
        assert said(bench) == [awaits] * count
    bench.clock.at = end
    assert remind(bench) == 0


def test_after_a_standstill_one_message_stands_for_all(bench: Bench) -> None:
    contract = bench.work.contracts.put(concluded())
    assert contract.silence_at is not None
    bench.clock.at = contract.silence_at - DAY
    assert [remind(bench), remind(bench)] == [1, 0]


@pytest.mark.parametrize(
    "build",
    [
        lambda: offered(silence_at=OFFERED_AT + DAY),
        lambda: signing(silence_at=OFFERED_AT + DAY),
        lambda: scheduled(amount=SMALL),
        lambda: replace(concluded(), refusal_asked_at=OFFERED_AT),
        released,
        active,
        annulled,
    ],
)
def test_nobody_else_is_reminded(bench: Bench, build: Callable[[], Contract]) -> None:
    """Nothing to answer, answered, refused, or ended."""
    bench.work.contracts.put(build())
    for at in (OFFERED_AT, HOLD_UNTIL, HOLD_UNTIL + 9 * DAY):
        bench.clock.at = at
        assert remind(bench) == 0


def test_nobody_is_asked_to_confirm_before_the_hold_is_over(bench: Bench) -> None:
    """However near the end of silence the setting puts a reminder."""
    contract = bench.work.contracts.put(scheduled())
    early = policy_with("cooling.reminders_days_left", ["20"], since=OFFERED_AT)
    assert contract.hold_until is not None
    for at, count in (
        (contract.hold_until - MICROSECOND, 0),
        (contract.hold_until, 1),
    ):
        bench.clock.at = at
        found = reminding.remind(work=bench.work, policy=early, clock=bench.clock)
        assert found == count


def test_without_a_setting_nobody_is_reminded(bench: Bench) -> None:
    bench.work.contracts.put(concluded())
    none = policy_with("cooling.reminders_days_left", [], since=OFFERED_AT)
    bench.clock.at = HOLD_UNTIL + 8 * DAY
    assert reminding.remind(work=bench.work, policy=none, clock=bench.clock) == 0
