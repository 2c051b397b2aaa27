"""Dated settings: the value of the day, tightened only, never edited."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import overrides_of
from kernel.clock import ALMATY
from kernel.errors import Broken, Refused
from kernel.money import Money
from kernel.policy import Floor, Policy, Setting, Value, value_to_wire
from kernel.starting_policy import STARTING_POLICY

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = date(2026, 12, 1)


def record(
    key: str, value: Value, on: date | datetime = LATER, floor: Floor | None = None
) -> Setting:
    return Setting(key, on, value, source="test", clause="6.3", floor=floor)


# The starting table


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auth.password_attempts", 3),
        ("auth.lock_minutes", 15),
        ("auth.idle_minutes", 10),
        ("auth.factors", 2),
        ("auth.code_minutes", 5),
        ("auth.code_attempts", 3),
        ("cooling.hours", 24),
        ("cooling.threshold", 0),
        ("cooling.confirmation_above", 75),
        ("cooling.consent_silence_days", 10),
        ("biometric.max_attempts", 3),
        ("biometric.retention_years", 5),
        ("antifraud.suspend_working_days", 5),
        ("antifraud.burst_window_minutes", 60),
        ("incident.notify_regulator_wd", 1),
        ("incident.notify_client_wd", 1),
        ("incident.measures_wd", 2),
        ("pdn_breach.notify_wd", 1),
        ("lending.spouse_consent_mrp", 1000),
        ("lending.max_amount_mrp", 20_000),
        ("documents.retention_years", 5),
    ],
)
def test_the_company_starts_with_the_values_of_its_procedure(
    key: str, value: int
) -> None:
    assert value == STARTING_POLICY.integer(key, NOW)


def test_percentages_and_ratios_are_decimals() -> None:
    match = STARTING_POLICY.decimal("biometric.min_match_percent", NOW)
    ratio = STARTING_POLICY.decimal("lending.kdn_max", NOW)
    assert (match, ratio) == (Decimal(95), Decimal("0.5"))


def test_words_and_lists_are_texts() -> None:
    assert STARTING_POLICY.text("cooling.aggregation", NOW) == "almaty_day"
    assert "lender" in STARTING_POLICY.texts("cooling.consent_channels", NOW)
    assert overrides_of(STARTING_POLICY.texts("calendar.overrides", NOW))


def test_every_starting_value_names_its_source() -> None:
    assert all(setting.source for setting in STARTING_POLICY)
    assert STARTING_POLICY.keys == {setting.key for setting in STARTING_POLICY}


@pytest.mark.parametrize(
    ("on", "tenge"),
    [
        (date(2025, 12, 31), "294900"),
        (date(2026, 1, 1), "324375"),
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=ALMATY), "294900"),
        (datetime(2026, 1, 1, tzinfo=ALMATY), "324375"),
    ],
)
def test_75_mrp_are_counted_by_the_mrp_of_the_date(
    on: date | datetime, tenge: str
) -> None:
    limit = STARTING_POLICY.money_of_mrp("cooling.confirmation_above", on)
    assert Money.of(tenge) == limit


def test_a_threshold_is_exact_to_the_tiyn() -> None:
    limit = STARTING_POLICY.money_of_mrp("cooling.confirmation_above", NOW)
    assert not Money.of("324375.00") > limit
    assert Money.of("324375.01") > limit


# The value of the day


def test_a_day_begins_at_midnight_in_almaty() -> None:
    policy = STARTING_POLICY.with_setting(record("auth.lock_minutes", 20))
    midnight = datetime(2026, 12, 1, tzinfo=ALMATY)
    moments = (midnight - timedelta(microseconds=1), midnight)
    assert [policy.integer("auth.lock_minutes", at) for at in moments] == [15, 20]


def test_an_old_decision_is_explained_by_its_own_record() -> None:
    policy = STARTING_POLICY.with_setting(record("auth.lock_minutes", 20))
    then = policy.setting_at("auth.lock_minutes", NOW)
    assert (then.value, then.clause) == (15, "4.7")
    assert STARTING_POLICY.integer("auth.lock_minutes", date(2027, 1, 1)) == 15


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(15, 99)), max_size=8))
def test_the_latest_record_not_after_the_instant_is_in_force(
    changes: list[tuple[int, int]],
) -> None:
    days = {LATER + timedelta(days=after): minutes for after, minutes in changes}
    policy = STARTING_POLICY
    for on, minutes in days.items():
        policy = policy.with_setting(record("auth.lock_minutes", minutes, on))
    for probe in (LATER + timedelta(days=day) for day in range(0, 401, 50)):
        past = [on for on in days if on <= probe]
        expected = days[max(past)] if past else 15
        assert expected == policy.integer("auth.lock_minutes", probe)


def test_no_value_is_invented_for_the_time_before_the_first() -> None:
    with pytest.raises(Broken):
        STARTING_POLICY.value_at("biometric.min_match_percent", date(2026, 7, 11))
    with pytest.raises(Broken):
        STARTING_POLICY.value_at("auth.shoe_size", NOW)
    with pytest.raises(Broken):
        STARTING_POLICY.value_at("auth.lock_minutes", NOW.replace(tzinfo=None))


def test_a_value_is_read_as_its_own_type_only() -> None:
    with pytest.raises(Broken):
        STARTING_POLICY.text("auth.lock_minutes", NOW)
    with pytest.raises(Broken):
        STARTING_POLICY.integer("lending.kdn_max", NOW)


# Changes


FLOORED = [setting for setting in STARTING_POLICY if setting.floor is not None]


@given(st.sampled_from(FLOORED), st.integers(0, 30_000))
def test_a_change_is_accepted_exactly_when_it_is_not_weaker(
    setting: Setting, number: int
) -> None:
    """Clause 6.3: the company may tighten, whatever floor the change itself claims."""
    value = Decimal(number) if isinstance(setting.value, Decimal) else number
    change = record(setting.key, value, LATER, Floor(at_least=0))
    floor = STARTING_POLICY.setting_at(setting.key, NOW).floor
    assert floor is not None
    if floor.allows(change.value):
        policy = STARTING_POLICY.with_setting(change)
        assert change.value == policy.value_at(setting.key, LATER)
        assert floor == policy.setting_at(setting.key, LATER).floor
    else:
        with pytest.raises(Refused) as refusal:
            STARTING_POLICY.with_setting(change)
        assert refusal.value.code == "setting_too_weak"


@pytest.mark.parametrize(
    ("key", "weaker"),
    [
        ("auth.password_attempts", 4),
        ("auth.lock_minutes", 14),
        ("auth.idle_minutes", 11),
        ("auth.factors", 1),
        ("cooling.hours", 23),
        ("cooling.threshold", 76),
        ("cooling.confirmation_above", 76),
        ("incident.notify_regulator_wd", 2),
        ("biometric.min_match_percent", Decimal("94.99")),
        ("biometric.max_attempts", 4),
        ("procedure.review_months", 13),
    ],
)
def test_a_value_weaker_than_the_procedure_is_refused(key: str, weaker: Value) -> None:
    with pytest.raises(Refused) as refusal:
        STARTING_POLICY.with_setting(record(key, weaker))
    assert refusal.value.code == "setting_too_weak"
    assert refusal.value.details["key"] == key


def test_a_floor_is_that_of_the_date_of_the_change() -> None:
    """Before NBK №54 a suspension lasted up to three working days, since then five."""
    key = "antifraud.suspend_working_days"
    STARTING_POLICY.with_setting(record(key, 5, date(2026, 1, 1)))
    with pytest.raises(Refused):
        STARTING_POLICY.with_setting(record(key, 5, date(2025, 1, 1)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auth.lock_minutes", Decimal(20)),
        ("auth.lock_minutes", "20"),
        ("auth.lock_minutes", True),
        ("auth.lock_minutes", None),
        ("lending.kdn_max", Decimal("NaN")),
        ("lending.kdn_max", Decimal("-0.1")),
        ("auth.code_minutes", -1),
        ("cooling.consent_channels", (1,)),
    ],
)
def test_a_value_of_another_type_is_refused(key: str, value: object) -> None:
    with pytest.raises(Refused) as refusal:
        STARTING_POLICY.with_setting(record(key, cast("Value", value)))
    assert refusal.value.code == "setting_wrong_type"


def test_records_are_never_edited() -> None:
    policy = STARTING_POLICY.with_setting(record("auth.lock_minutes", 20))
    with pytest.raises(Refused) as refusal:
        policy.with_setting(record("auth.lock_minutes", 30))
    assert refusal.value.code == "setting_exists"


def test_the_same_record_may_come_again() -> None:
    change = record("auth.lock_minutes", 20)
    policy = STARTING_POLICY.with_setting(change)
    assert policy is policy.with_setting(change)


def test_a_key_nobody_defined_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        STARTING_POLICY.with_setting(record("auth.shoe_size", 42))
    assert refusal.value.code == "setting_unknown"


@pytest.mark.parametrize(
    "records",
    [
        [record("a", 1), record("a", 2)],
        [record("a", 1), record("a", "2", NOW)],
        [record("a", 1, floor=Floor(at_least=2))],
        [record("a", "word", floor=Floor(at_least=2))],
    ],
)
def test_an_inconsistent_table_is_broken(records: list[Setting]) -> None:
    with pytest.raises(Broken):
        Policy(records)


# The wire


@pytest.mark.parametrize(
    "setting", list(STARTING_POLICY), ids=lambda setting: setting.key
)
def test_every_value_survives_the_wire(setting: Setting) -> None:
    wire = value_to_wire(setting.value)
    read = STARTING_POLICY.value_from_wire(setting.key, wire)
    assert (type(setting.value), setting.value) == (type(read), read)


@pytest.mark.parametrize(
    ("key", "wire"),
    [
        ("auth.lock_minutes", "20"),
        ("auth.lock_minutes", True),
        ("auth.lock_minutes", 20.0),
        ("lending.kdn_max", 0.5),
        ("lending.kdn_max", "NaN"),
        ("lending.kdn_max", "5e-1"),
        ("cooling.consent_channels", "egov"),
        ("cooling.consent_channels", [1]),
        ("cooling.aggregation", None),
    ],
)
def test_a_wire_value_of_another_type_is_refused(key: str, wire: object) -> None:
    with pytest.raises(Refused):
        STARTING_POLICY.value_from_wire(key, wire)
