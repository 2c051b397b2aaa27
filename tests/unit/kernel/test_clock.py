"""Time comes from one place, shifts only outside production, has one spelling."""

import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import clock as clock_module
from kernel.clock import (
    ALMATY,
    ShiftedClock,
    SystemClock,
    almaty_date,
    clock_from,
    parse_rfc3339,
    rfc3339,
)
from kernel.errors import Broken

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
INSTANTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis takes naive bounds
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


class Fixed:
    def now(self) -> datetime:
        return NOON


class Late:
    def now(self) -> datetime:
        return datetime(9999, 12, 31, tzinfo=UTC)


def written(path: Path, text: str, *, at: datetime = NOON - timedelta(days=1)) -> None:
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_the_system_clock_gives_aware_utc() -> None:
    assert SystemClock().now().tzinfo == UTC


def test_no_file_means_no_shift(tmp_path: Path) -> None:
    assert ShiftedClock(tmp_path / "none", Fixed()).now() == NOON


@pytest.mark.parametrize("text", ["86400", "-3600\n", "0", "1.5", "0.000001"])
def test_the_file_moves_the_clock_by_its_seconds(tmp_path: Path, text: str) -> None:
    written(tmp_path / "clock", text)
    shifted = ShiftedClock(tmp_path / "clock", Fixed()).now()
    assert NOON + timedelta(seconds=float(text)) == shifted


def test_the_clock_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    clock = ShiftedClock(path, Fixed())
    seen = []
    for text in ("10", "20", ""):
        written(path, text, at=NOON)  # too fresh to be remembered
        seen.append(clock.now() - NOON)
    path.unlink()
    seen.append(clock.now() - NOON)
    assert [shift.total_seconds() for shift in seen] == [10, 20, 20, 0]


def test_a_settled_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "clock", "10")
    clock = ShiftedClock(tmp_path / "clock", Fixed())
    clock.now()
    monkeypatch.delattr(Path, "read_text")
    assert NOON + timedelta(seconds=10) == clock.now()


@pytest.mark.parametrize("text", ["ten", "1e3", "NaN", "١٠", "99999999999", "1 2"])
def test_a_file_of_anything_else_is_broken(tmp_path: Path, text: str) -> None:
    written(tmp_path / "clock", text)
    with pytest.raises(Broken):
        ShiftedClock(tmp_path / "clock", Fixed()).now()


def test_a_shift_beyond_the_calendar_is_broken(tmp_path: Path) -> None:
    written(tmp_path / "clock", "9999999999")
    with pytest.raises(Broken):
        ShiftedClock(tmp_path / "clock", Late()).now()


def test_a_file_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Broken):
        ShiftedClock(tmp_path, Fixed()).now()


@pytest.mark.parametrize("stage", ["production", "development", "test"])
def test_every_stage_may_run_on_the_system_clock(stage: str) -> None:
    assert isinstance(clock_from("system", stage=stage), SystemClock)


@pytest.mark.parametrize("stage", ["development", "test"])
def test_development_and_test_may_shift_it(tmp_path: Path, stage: str) -> None:
    clock = clock_from(f"shifted:{tmp_path / 'none'}", stage=stage)
    assert isinstance(clock, ShiftedClock)


@pytest.mark.parametrize("stage", ["production", "prod", "", "Test"])
def test_no_other_stage_may_shift_it(stage: str) -> None:
    with pytest.raises(Broken):
        clock_from("shifted:/tmp/clock", stage=stage)


@pytest.mark.parametrize("setting", ["", "shifted:", "shifted", "System", "fixed:1"])
def test_no_other_setting_is_a_clock(setting: str) -> None:
    with pytest.raises(Broken):
        clock_from(setting, stage="test")


@given(INSTANTS)
def test_every_instant_survives_its_spelling(instant: datetime) -> None:
    text = rfc3339(instant)
    assert instant == parse_rfc3339(text)
    assert (len(text), text[-1]) == (27, "Z")


def test_an_instant_is_spelt_in_utc_to_the_microsecond() -> None:
    local = datetime(2026, 11, 25, 17, tzinfo=ALMATY)
    assert rfc3339(local) == "2026-11-25T12:00:00.000000Z"


@pytest.mark.parametrize(
    "text", ["2026-11-25T17:00:00+05:00", "2026-11-25T12:00:00.0Z"]
)
def test_spellings_of_partners_are_read(text: str) -> None:
    parsed = parse_rfc3339(text)
    assert (parsed, parsed.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-11-25", "2026-11-25T12:00:00", "2026-11-25 12:00:00Z"),
        *("2026-02-30T12:00:00Z", "2026-11-25T12:00:60Z", "2026-11-25T12:00Z"),
        *("2026-11-25T12:00:00.1234567Z", "２026-11-25T12:00:00Z", "now", None, 5),
        *("0001-01-01T00:00:00+05:00", "2026-11-25T12:00:00+25:00"),
    ],
)
def test_anything_else_is_no_instant(text: object) -> None:
    with pytest.raises(Broken):
        parse_rfc3339(cast("str", text))


def test_a_naive_instant_is_broken() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Broken):
        rfc3339(naive)
    with pytest.raises(Broken):
        almaty_date(naive)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 25, 18, 59, 59, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 25, 19, 0, 0, tzinfo=UTC), date(2026, 11, 26)),
    ],
)
def test_a_day_of_almaty_begins_at_19_utc(instant: datetime, day: date) -> None:
    assert day == almaty_date(instant)


def test_tzdata_that_still_says_utc_plus_6_is_refused() -> None:
    with pytest.raises(Broken):
        clock_module._not_stale(ZoneInfo("Asia/Omsk"))
    with pytest.raises(Broken):
        clock_module._not_stale(timezone(timedelta(hours=6)))
