"""Indicators: how they are read, coloured and dated."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.errors import Broken
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.adapters.definitions import indicators
from services.antifraud.domain.indicators import (
    Colour,
    Counted,
    Indicator,
    IndicatorRules,
    Limits,
    Measure,
    in_force,
    limits_of,
    parsed,
)
from tests.unit.antifraud.fakes import NOON

TODAY = date(2026, 11, 25)
RULES = IndicatorRules.at(STARTING_POLICY, NOON)
SHARE = Indicator(
    code="stopped",
    since=date(2026, 1, 1),
    measure=Measure.DECISIONS_STOPPED,
    share=True,
    days=7,
    words="w",
    ru="r",
    kk="k",
)


def test_every_indicator_of_the_file_is_measured_once_and_has_limits() -> None:
    found = in_force(indicators(), TODAY)
    assert {one.measure for one in found} == set(Measure)
    assert {one.code for one in found} == set(RULES.limits)


@pytest.mark.parametrize(
    ("value", "colour"),
    [(9, Colour.GREEN), (10, Colour.AMBER), (19, Colour.AMBER), (20, Colour.RED)],
)
def test_a_limit_is_reached_at_its_own_number(value: int, colour: Colour) -> None:
    assert Limits(amber=10, red=20).colour(value) is colour


def test_a_share_is_of_a_thousand_and_of_too_few_says_nothing() -> None:
    assert RULES.read(SHARE, Counted(part=1, whole=30)).value == 33
    assert RULES.read(SHARE, Counted(part=5, whole=5)).value == 0
    assert RULES.read(SHARE, Counted(part=-5, whole=50)).value == 0
    number = replace(SHARE, share=False)
    assert RULES.read(number, Counted(part=5, whole=0)).value == 5


def test_a_beat_is_an_hour_of_almaty_and_begins_anew_at_midnight() -> None:
    at = datetime(2026, 11, 24, 19, 59, 59, tzinfo=UTC)
    rules = replace(RULES, now=at)
    assert rules.beat.astimezone(UTC) == datetime(2026, 11, 24, 19, tzinfo=UTC)
    odd = replace(rules, minutes=45)
    assert odd.beat.astimezone(UTC) == datetime(2026, 11, 24, 19, 45, tzinfo=UTC)


def test_a_later_record_takes_the_place_of_the_earlier_from_its_day_on() -> None:
    later = replace(SHARE, since=TODAY, days=30)
    other = replace(SHARE, code="other")
    for records in ([SHARE, later, other], [later, SHARE, other]):
        assert in_force(records, TODAY) == [later, other]
        assert in_force(records, TODAY - timedelta(days=1)) == [SHARE, other]
    assert in_force([SHARE], date(2025, 1, 1)) == []


@pytest.mark.parametrize("text", ["stopped", "stopped=1", "stopped=2/1", "=1/2"])
def test_what_is_no_limit_is_not_passed_over(text: str) -> None:
    with pytest.raises(Broken):
        limits_of([text])


def test_an_indicator_without_limits_is_broken() -> None:
    with pytest.raises(Broken):
        RULES.read(replace(SHARE, code="unknown"), Counted(part=1, whole=1))


def test_a_record_that_is_none_is_broken() -> None:
    for text in ('code = "a"', 'code = "a"\nfrom = "x"\nmeasure = "y"'):
        with pytest.raises(Broken):
            parsed([tomllib.loads(text)])
