"""Thresholds are exact to the tiyn, instants to the microsecond, МРП by date."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain import rules
from services.contracts.domain.contract import LENDER_CHANNEL
from services.contracts.domain.rules import LendingRules
from tests.unit.contracts.builders import POLICY, SIGNED_AT, SMALL, TIYN, policy_with

NEW_YEAR = datetime(2025, 12, 31, 19, 0, tzinfo=UTC)  # midnight in Almaty


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(SMALL - TIYN, False), (SMALL, False), (SMALL + TIYN, True)],
)
def test_confirmation_is_required_strictly_above_75_mrp(
    amount: Money, *, expected: bool
) -> None:
    """75 МРП exactly needs none; one tiyn more does."""
    assert expected == rules.confirmation_required(
        amount, policy=POLICY, signed_at=SIGNED_AT
    )


def test_confirmation_reads_mrp_by_the_contracts_date() -> None:
    """A contract signed a microsecond before the new МРП is measured by the old."""
    since = datetime(2026, 12, 31, 19, 0, tzinfo=UTC)
    policy = policy_with("mrp", Decimal(4700), since=since)
    above_the_old = SMALL + TIYN
    assert rules.confirmation_required(
        above_the_old, policy=policy, signed_at=since - timedelta(microseconds=1)
    )
    assert not rules.confirmation_required(
        above_the_old, policy=policy, signed_at=since
    )


def test_lending_thresholds_follow_mrp_at_midnight_in_almaty() -> None:
    """The year 2026 begins at 19:00 UTC of 31 December."""
    before = LendingRules.at(POLICY, NEW_YEAR - timedelta(microseconds=1))
    after = LendingRules.at(POLICY, NEW_YEAR)
    assert Money.of("294900") == before.visit_above
    assert after.visit_above == SMALL
    assert Money.of("78640000") == before.max_amount
    assert Money.of("86500000") == after.max_amount


def test_the_hold_begins_with_the_later_of_signing_and_consent() -> None:
    """Clause 5.5: both must have happened."""
    later = SIGNED_AT + timedelta(hours=30)
    for consented_at, expected in (
        (SIGNED_AT, SIGNED_AT + timedelta(hours=24)),
        (SIGNED_AT + timedelta(hours=1), SIGNED_AT + timedelta(hours=25)),
        (later, SIGNED_AT + timedelta(hours=54)),
        (SIGNED_AT - timedelta(hours=1), SIGNED_AT + timedelta(hours=24)),
    ):
        assert expected == rules.hold_until(
            SMALL, policy=POLICY, signed_at=SIGNED_AT, consented_at=consented_at
        )


def test_the_length_of_the_hold_is_that_of_the_contracts_date() -> None:
    """A longer hold from tomorrow on leaves the contract of today alone."""
    since = SIGNED_AT + timedelta(hours=1)
    policy = policy_with("cooling.hours", 48, since=since)
    for signed_at, hours in ((since - timedelta(microseconds=1), 24), (since, 48)):
        assert signed_at + timedelta(hours=hours) == rules.hold_until(
            SMALL, policy=policy, signed_at=signed_at, consented_at=signed_at
        )


def test_every_amount_is_held_by_default() -> None:
    """``cooling.threshold`` is zero until the company sets it otherwise."""
    assert SIGNED_AT + timedelta(hours=24) == rules.hold_until(
        TIYN, policy=POLICY, signed_at=SIGNED_AT, consented_at=SIGNED_AT
    )


def test_a_threshold_of_75_mrp_is_strict() -> None:
    """75 МРП exactly is not held; one tiyn more is."""
    policy = policy_with("cooling.threshold", 75, since=SIGNED_AT)
    for amount, hours in ((SMALL, 0), (SMALL + TIYN, 24)):
        assert SIGNED_AT + timedelta(hours=hours) == rules.hold_until(
            amount, policy=policy, signed_at=SIGNED_AT, consented_at=SIGNED_AT
        )


def test_silence_is_counted_in_whole_days_of_elapsed_time() -> None:
    """Ten days of 24 hours."""
    assert SIGNED_AT + timedelta(days=10) == rules.silence_until(POLICY, SIGNED_AT)


def test_the_lenders_own_channel_is_one_of_those_that_count() -> None:
    """Otherwise no consent could ever be given."""
    assert rules.channel_counts(LENDER_CHANNEL, policy=POLICY, at=SIGNED_AT)
    assert not rules.channel_counts("telephone", policy=POLICY, at=SIGNED_AT)


def test_no_rule_is_invented_for_a_time_without_one() -> None:
    """Before the first record of a setting there is no answer."""
    with pytest.raises(Broken):
        rules.silence_until(POLICY, datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "since"),
    [
        ("almaty_day", datetime(2026, 11, 1, 19, 0, tzinfo=UTC)),
        ("rolling_24h", SIGNED_AT - timedelta(hours=24)),
    ],
)
def test_microcredits_count_together_by_the_setting(rule: str, since: datetime) -> None:
    """Midnight in Almaty is 19:00 UTC of the day before."""
    policy = policy_with("cooling.aggregation", rule, since=SIGNED_AT)
    assert rules.summed_since(policy, SIGNED_AT) == since


def test_an_unknown_way_of_counting_is_a_defect() -> None:
    policy = policy_with("cooling.aggregation", "weekly", since=SIGNED_AT)
    with pytest.raises(Broken):
        rules.summed_since(policy, SIGNED_AT)
