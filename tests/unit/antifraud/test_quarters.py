"""Quarters, and by when each is reported."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.errors import Refused
from kernel.starting_policy import STARTING_POLICY
from services.antifraud.domain.assessing import Category, Treatment
from services.antifraud.domain.losses import Cause
from services.antifraud.domain.quarterly import LANGUAGES
from services.antifraud.domain.quarterly_words import WORDS
from services.antifraud.domain.quarters import Quarter, QuarterRules
from services.antifraud.domain.risks import State

NOW = datetime(2027, 2, 20, 7, tzinfo=UTC)
RULES = QuarterRules.at(STARTING_POLICY, NOW)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_a_quarter_is_three_months(name: str, first: date, last: date) -> None:
    quarter = Quarter.of(name)
    assert (quarter.first, quarter.last, quarter.name) == (first, last, name)
    assert Quarter.with_day(first) == Quarter.with_day(last) == quarter
    assert quarter.before.last == first - timedelta(days=1)
    # Almaty is five hours ahead.
    assert quarter.since.astimezone(UTC).hour == 19
    assert quarter.until == Quarter.with_day(last + timedelta(days=1)).since


@pytest.mark.parametrize("name", ["2026Q5", "2026", "Q1", "1999Q1", "2027Q1", "2026q1"])
def test_what_is_no_quarter_or_not_over_is_refused(name: str) -> None:
    with pytest.raises(Refused) as told:
        RULES.refuse_unfit(Quarter.of(name))
    assert told.value.code == "quarter_unfit"


def test_a_quarter_since_there_are_risks_is_missing_after_its_day() -> None:
    began = date(2026, 11, 1)
    (owed,) = RULES.missing(reported=(), began_on=began)
    assert owed.about == "quarter:2026Q4"
    assert owed.due_on > date(2027, 1, 20)
    assert not RULES.missing(reported={"2026Q4"}, began_on=began)
    assert not RULES.missing(reported=(), began_on=None)
    assert not RULES.missing(reported=(), began_on=date(2027, 1, 1))
    early = QuarterRules.at(STARTING_POLICY, datetime(2027, 1, 12, tzinfo=UTC))
    assert not early.missing(reported=(), began_on=began)
    assert len(RULES.missing(reported=(), began_on=date(2020, 1, 1))) == 4


def test_both_languages_have_every_word() -> None:
    assert set(WORDS) == set(LANGUAGES)
    for words in WORDS.values():
        assert set(words.categories) == set(Category)
        assert set(words.treatments) == set(Treatment)
        assert set(words.states) == set(State)
        assert set(words.causes) == set(Cause)
    ru, kk = WORDS["ru"], WORDS["kk"]
    assert len(ru.happened_rows) == len(kk.happened_rows)
    assert len(ru.risk_columns) == len(kk.risk_columns)
