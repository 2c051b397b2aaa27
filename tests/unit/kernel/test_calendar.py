"""The working days of Kazakhstan in 2025–2027, and the deadlines counted in them."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import ALMATY
from kernel.errors import Broken

CALENDAR = WorkingCalendar({})
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))

OFF = [
    # fixed, on a working day of the week
    *(date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 7), date(2025, 3, 21)),
    *(date(2025, 5, 1), date(2025, 5, 7), date(2025, 5, 9), date(2025, 12, 16)),
    *(date(2026, 3, 23), date(2026, 5, 1), date(2026, 7, 6), date(2026, 12, 16)),
    # moved from a week-end
    *(date(2025, 3, 10), date(2025, 3, 24), date(2025, 3, 25), date(2025, 7, 7)),
    *(date(2026, 3, 9), date(2026, 3, 24), date(2026, 3, 25), date(2026, 5, 11)),
    *(date(2026, 10, 26), date(2027, 1, 4), date(2027, 3, 24), date(2027, 5, 10)),
    # Kurban Ait
    *(date(2025, 6, 6), date(2026, 5, 27)),
    # Constitution Day: 30 August until 2025, 15 March from 2027
    *(date(2025, 8, 30), date(2025, 9, 1), date(2027, 3, 15)),
]
WORKING = [
    date(2026, 3, 20),  # the Friday before Nauryz
    date(2026, 3, 26),
    date(2026, 3, 16),  # no Constitution Day in 2026, neither in March
    date(2026, 8, 31),  # nor in August, whatever old calendars print
    date(2027, 8, 30),
    date(2025, 6, 9),  # Kurban Ait is not moved
    date(2024, 12, 2),  # 1 December is no holiday any more
]


@pytest.mark.parametrize("day", OFF, ids=str)
def test_a_holiday_is_a_day_off(day: date) -> None:
    assert not CALENDAR.is_working(day)


@pytest.mark.parametrize("day", WORKING, ids=str)
def test_an_ordinary_day_is_a_working_day(day: date) -> None:
    assert CALENDAR.is_working(day)


def test_christmas_on_a_week_end_is_not_moved() -> None:
    assert not CALENDAR.is_working(date(2029, 1, 7))
    assert CALENDAR.is_working(date(2029, 1, 8))


def test_a_decreed_swap_wins_over_the_law() -> None:
    """In 2025 the day off of Sunday 5 January was moved to Friday 3 January."""
    swapped = WorkingCalendar({date(2025, 1, 3): False, date(2025, 1, 5): True})
    assert (
        swapped.is_working(date(2025, 1, 3)),
        swapped.is_working(date(2025, 1, 5)),
    ) == (False, True)
    undone = WorkingCalendar({date(2025, 1, 3): True, date(2025, 1, 5): False})
    assert (
        undone.is_working(date(2025, 1, 3)),
        undone.is_working(date(2025, 1, 5)),
    ) == (True, False)


def test_overrides_are_copied() -> None:
    overrides = {date(2026, 11, 25): False}
    calendar = WorkingCalendar(overrides)
    overrides.clear()
    assert not calendar.is_working(date(2026, 11, 25))


@pytest.mark.parametrize("day", [date(2023, 12, 31), date(2101, 1, 1)], ids=str)
def test_a_year_nobody_checked_is_broken(day: date) -> None:
    with pytest.raises(Broken):
        CALENDAR.is_working(day)


def test_a_calendar_is_not_asked_about_instants() -> None:
    with pytest.raises(Broken):
        CALENDAR.is_working(datetime(2026, 11, 25, tzinfo=UTC))


@given(DAYS, st.integers(1, 20))
def test_the_nth_working_day_has_n_working_days_behind_it(day: date, n: int) -> None:
    end = CALENDAR.add_working_days(day, n)
    between = (date.fromordinal(d) for d in range(day.toordinal() + 1, end.toordinal()))
    assert CALENDAR.is_working(end)
    assert n - 1 == sum(CALENDAR.is_working(d) for d in between)


@pytest.mark.parametrize(
    ("day", "count", "end"),
    [
        (date(2026, 11, 25), 0, date(2026, 11, 25)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 3, 20), 1, date(2026, 3, 26)),
        (date(2026, 12, 31), 1, date(2027, 1, 5)),
        (date(2026, 12, 14), 5, date(2026, 12, 22)),
    ],
)
def test_terms_jump_over_days_off(day: date, count: int, end: date) -> None:
    assert end == CALENDAR.add_working_days(day, count)


@pytest.mark.parametrize("count", [-1, 367])
def test_a_term_is_bounded(count: int) -> None:
    with pytest.raises(Broken):
        CALENDAR.add_working_days(date(2026, 11, 25), count)


@pytest.mark.parametrize(
    ("detected", "due"),
    [
        # an ordinary Wednesday
        ("2026-11-25T10:30+05:00", "2026-11-26T10:30+05:00"),
        # a Friday, a Saturday
        ("2026-11-27T14:00+05:00", "2026-11-30T14:00+05:00"),
        ("2026-11-28T11:00+05:00", "2026-11-30T11:00+05:00"),
        # after the office closed
        ("2026-11-25T23:30+05:00", "2026-11-26T18:00+05:00"),
        # still Wednesday in UTC, already Thursday in Almaty
        ("2026-11-25T21:00+00:00", "2026-11-27T02:00+05:00"),
        # before Nauryz with its moved days; before a day off moved to Monday
        ("2026-03-20T12:00+05:00", "2026-03-26T12:00+05:00"),
        ("2026-05-08T09:00+05:00", "2026-05-12T09:00+05:00"),
    ],
)
def test_a_notice_is_due_at_the_same_time_next_working_day(
    detected: str, due: str
) -> None:
    found = CALENDAR.same_time_next_working_day(datetime.fromisoformat(detected))
    assert datetime.fromisoformat(due) == found
    assert found.tzinfo == UTC


def test_the_closing_hour_can_be_earlier() -> None:
    detected = datetime(2026, 11, 25, 17, 0, tzinfo=ALMATY)
    due = CALENDAR.same_time_next_working_day(detected, not_after=time(13, 0))
    assert datetime(2026, 11, 26, 13, 0, tzinfo=ALMATY) == due


def test_overrides_are_read_from_their_setting() -> None:
    entries = ("2025-01-03=off", "2025-01-05=working")
    expected = {date(2025, 1, 3): False, date(2025, 1, 5): True}
    assert expected == overrides_of(entries)


@pytest.mark.parametrize(
    "entries",
    [
        ("2025-01-03",),
        ("2025-01-03=free",),
        ("2025-13-03=off",),
        ("2025-01-03=off", "2025-01-03=working"),
    ],
)
def test_an_override_of_another_form_is_broken(entries: tuple[str, ...]) -> None:
    with pytest.raises(Broken):
        overrides_of(entries)
