"""The row's states and the hold of clause 5.5."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Broken
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.payout import (
    AT_BANK,
    TRANSITIONS,
    UNSENT,
    State,
    back_off_s,
    check_transition,
    hold_until,
    hours_of_hold,
    release_needed,
    summed_since,
)
from tests.unit.disbursement.builders import SIGNED_AT, payout

FORWARD = [
    State.CONCLUDED,
    State.CONSENTED,
    State.HELD,
    State.AWAITING_RELEASE,
    State.READY,
    State.SENDING,
]
LEGAL = {
    *pairwise(FORWARD),
    (State.HELD, State.READY),
    *product((*FORWARD[:-1], State.AMENDING), (State.CANCELLED, State.BLOCKED)),
    *product(FORWARD[:-1], (State.AMENDING,)),
    *product((State.AMENDING,), (State.CONCLUDED, State.CONSENTED)),
    (State.BLOCKED, State.CANCELLED),
    *product((State.SENDING, State.UNKNOWN), (State.PAID, State.REJECTED)),
    (State.SENDING, State.UNKNOWN),
    (State.UNKNOWN, State.SENDING),
}


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_exactly_the_drawn_steps_are_allowed(before: State, after: State) -> None:
    """All 144 pairs: what the picture does not show is Broken."""
    if (before, after) in LEGAL:
        check_transition(before, after)
    else:
        with pytest.raises(Broken):
            check_transition(before, after)


def test_a_payout_can_be_stopped_only_before_it_is_sent() -> None:
    """From SENDING on only the bank's word moves the row."""
    assert {*FORWARD[:-1], State.AMENDING, State.BLOCKED} == UNSENT
    assert {State.SENDING, State.UNKNOWN} == AT_BANK
    for state in AT_BANK:
        assert State.CANCELLED not in TRANSITIONS[state]


@pytest.mark.parametrize(
    ("consent_after_h", "expected_h"), [(0, 24), (1, 25), (30, 54), (-1, 24)]
)
def test_the_hold_runs_from_the_later_of_signing_and_consent(
    consent_after_h: int, expected_h: int
) -> None:
    """The table of the platform's decision on clause 5.5."""
    until = hold_until(
        signed_at=SIGNED_AT,
        given_at=SIGNED_AT + timedelta(hours=consent_after_h),
        hours=24,
    )
    assert SIGNED_AT + timedelta(hours=expected_h) == until


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Almaty", "UTC"])
@given(seconds=st.integers(0, 3 * 366 * 86_400))
def test_twenty_four_hours_are_elapsed_hours_in_every_zone(
    zone: str, seconds: int
) -> None:
    """86 400 seconds, where clocks change and where they do not (P09)."""
    instant = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    signed_at = instant.astimezone(ZoneInfo(zone))
    until = hold_until(signed_at=signed_at, given_at=signed_at, hours=24)
    elapsed = until - signed_at.astimezone(UTC)
    assert elapsed == timedelta(seconds=86_400)
    assert until.tzinfo is UTC


@pytest.mark.parametrize(
    ("amount_minor", "threshold_minor", "expected"),
    [(1, 0, 24), (32_437_500, 32_437_500, 0), (32_437_501, 32_437_500, 24)],
)
def test_the_hold_has_a_strict_threshold(
    amount_minor: int, threshold_minor: int, expected: int
) -> None:
    """Zero holds all; at the threshold none, one tiyn above the whole hold."""
    hours = hours_of_hold(
        Money(amount_minor), threshold=Money(threshold_minor), hours=24
    )
    assert expected == hours


@pytest.mark.parametrize(("tiyn", "expected"), [(-1, False), (0, False), (1, True)])
def test_the_release_is_needed_strictly_above_75_mrp(
    tiyn: int, expected: object
) -> None:
    """Exactly 75 МРП of 2026, 324 375 ₸, is not above it."""
    limit = STARTING_POLICY.money_of_mrp("cooling.confirmation_above", SIGNED_AT)
    assert Money.of("324375") == limit
    assert expected == release_needed(limit + Money(tiyn), limit=limit)


def test_a_day_is_a_day_of_almaty() -> None:
    """19:00 UTC is midnight there."""
    signed_at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    one = timedelta(microseconds=1)
    assert signed_at == summed_since(signed_at, aggregation="almaty_day")
    assert signed_at - timedelta(days=1) == summed_since(
        signed_at - one, aggregation="almaty_day"
    )


def test_a_rolling_day_is_24_hours_and_other_words_are_broken() -> None:
    """The switch of cooling.aggregation."""
    day_before = SIGNED_AT - timedelta(hours=24)
    assert day_before == summed_since(SIGNED_AT, aggregation="rolling_24h")
    with pytest.raises(Broken):
        summed_since(SIGNED_AT, aggregation="week")


def test_waiting_doubles_and_is_bounded() -> None:
    """However long something fails, it is looked at every `most_s`."""
    waits = [back_off_s(tries, first_s=1, most_s=300) for tries in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert back_off_s(10**9, first_s=1, most_s=300) == 300
    assert back_off_s(0, first_s=1, most_s=300) == 1


def test_without_a_consent_there_is_no_hold_to_promise() -> None:
    """Asking for it is a defect."""
    with pytest.raises(Broken):
        payout(hold_until=None).promised_until()


def test_a_lease_ends_at_its_instant() -> None:
    """At the instant itself it is over."""
    leased = payout(lease_until=SIGNED_AT)
    assert leased.leased_at(SIGNED_AT - timedelta(microseconds=1))
    assert not leased.leased_at(SIGNED_AT)
    assert not payout().leased_at(SIGNED_AT)
