"""Dated settings: every value of legal consequence, with its date and its source.

Thresholds, hours, attempts, scores, deadlines and lists are records, never constants
in code. The value in force at an instant is the one with the latest ``effective_from``
not after it; a change is a new record, so that a decision of last year is explained by
last year's values. Clause 6.3 lets the company tighten: a value weaker than the floor
that the Procedure (Порядок) or the law sets is refused.

The registry lives in audit and travels as the event ``setting_changed``; each service
keeps a local copy. Four eyes and the ban on changing the past are the registry's duty.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Self, TypeVar

from kernel.clock import ALMATY
from kernel.errors import Broken, Refused
from kernel.money import Money

Value = int | Decimal | str | tuple[str, ...]
WireValue = int | str | list[str]
T = TypeVar("T", bound=Value)

_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Floor:
    """The weakest value allowed: not below `at_least`, not above `at_most`."""

    at_least: int | Decimal | None = None
    at_most: int | Decimal | None = None

    def allows(self, value: Value) -> bool:
        """Whether a value is as strict as the floor, or stricter."""
        if not isinstance(value, int | Decimal):
            return False
        too_low = self.at_least is not None and value < self.at_least
        too_high = self.at_most is not None and value > self.at_most
        return not (too_low or too_high)


@dataclass(frozen=True, slots=True)
class Setting:
    """One record of the registry.

    `effective_from`: an aware instant, or a day, which begins at midnight in Almaty.
    `source`: the act or document that gives the value; `clause`: the clause of the
    Procedure it serves, empty if none. `floor`: None for a value that has none, and in
    a change of a known key, where the key's own floor holds whatever the record says.
    """

    key: str
    effective_from: date | datetime
    value: Value
    source: str
    clause: str = ""
    floor: Floor | None = None

    @property
    def effective_at(self) -> datetime:
        """The instant from which the value is in force."""
        return instant_of(self.effective_from)


class Policy:
    """An immutable collection of settings; `with_setting` gives a new one."""

    __slots__ = ("_latest_first", "_records")

    def __init__(self, settings: Iterable[Setting]) -> None:
        """Broken if a key has two values of one date, two types or a weak value."""
        records: dict[str, tuple[Setting, ...]] = {}
        for setting in settings:
            records[setting.key] = (*records.get(setting.key, ()), setting)
        self._records: Mapping[str, tuple[Setting, ...]] = MappingProxyType(
            {key: _in_order(chain) for key, chain in records.items()}
        )
        # Asked for many times in every request: days are made instants once.
        self._latest_first = {
            key: [(one.effective_at.astimezone(UTC), one) for one in reversed(chain)]
            for key, chain in self._records.items()
        }

    def __iter__(self) -> Iterator[Setting]:
        for chain in self._records.values():
            yield from chain

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._records)

    def setting_at(self, key: str, at: date | datetime) -> Setting:
        """The record in force, to be cited beside a decision.

        Raises Broken for a key nobody defined, and for an instant before its first
        record: no source gives a value for that time, and none is invented.
        """
        instant = instant_of(at)
        if key not in self._latest_first:
            raise _undefined(key)
        for since, setting in self._latest_first[key]:
            if since <= instant:
                return setting
        raise Broken(f"The setting {key} has no value at that time")

    def value_at(self, key: str, at: date | datetime) -> Value:
        """The value in force at an instant, or on a day as it begins in Almaty."""
        return self.setting_at(key, at).value

    def integer(self, key: str, at: date | datetime) -> int:
        return self._typed(key, at, int)

    def decimal(self, key: str, at: date | datetime) -> Decimal:
        return self._typed(key, at, Decimal)

    def text(self, key: str, at: date | datetime) -> str:
        return self._typed(key, at, str)

    def texts(self, key: str, at: date | datetime) -> tuple[str, ...]:
        return self._typed(key, at, tuple)

    def mrp(self, at: date | datetime) -> Money:
        """МРП, the monthly calculation index (месячный расчётный показатель)."""
        return Money.of(str(self.decimal("mrp", at)))

    def money_of_mrp(self, key: str, at: date | datetime) -> Money:
        """A threshold counted in МРП, in tenge by the МРП of that date.

        `at` is the contract's date, because the law reads МРП by it.
        """
        return self.mrp(at).times_ratio(self.integer(key, at), 1)

    def with_setting(self, setting: Setting) -> Self:
        """This policy with one record more; itself if it has that very record.

        Refused: ``setting_unknown``, ``setting_wrong_type``, ``setting_exists`` (the
        date is taken: records are never edited), ``setting_too_weak`` (below the floor
        of the key, clause 6.3).
        """
        chain = self._records.get(setting.key)
        if chain is None:
            raise Refused(
                "setting_unknown",
                "No such setting exists.",
                next_step="Choose one of the settings listed.",
            )
        record = _under_floor_of(chain, setting)
        if record in chain:
            return self
        _refuse_unfit(chain, record)
        return type(self)((*self, record))

    def value_from_wire(self, key: str, wire: object) -> Value:
        """Read a value that came by JSON, as the type this key has.

        Refused with ``setting_wrong_type`` if it is no such value.
        """
        kind = type(self._chain(key)[0].value)
        if kind is Decimal and (exact := _exact(wire)) is not None:
            return exact
        if kind is tuple and isinstance(wire, list) and _is_proper(tuple(wire)):
            return tuple(wire)
        if kind in (int, str) and type(wire) is kind:
            return wire
        raise _wrong_type(key)

    def _chain(self, key: str) -> tuple[Setting, ...]:
        if key not in self._records:
            raise _undefined(key)
        return self._records[key]

    def _typed(self, key: str, at: date | datetime, kind: type[T]) -> T:
        value = self.value_at(key, at)
        if not isinstance(value, kind):
            raise Broken(f"The setting {key} is not of type {kind.__name__}")
        return value


def _undefined(key: str) -> Broken:
    return Broken(f"The setting {key} is not defined")


def instant_of(moment: date | datetime) -> datetime:
    """An instant as it is; a day as its first instant in Almaty."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(0), tzinfo=ALMATY)
    if moment.tzinfo is None:
        raise Broken("An instant without a time zone is no instant")
    return moment


def value_to_wire(value: Value) -> WireValue:
    """A value for JSON: decimals as text, so that no float gets in between."""
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


_KINDS = (int, Decimal, str, tuple)


def _in_order(chain: tuple[Setting, ...]) -> tuple[Setting, ...]:
    ordered = tuple(sorted(chain, key=lambda setting: setting.effective_at))
    for place, setting in enumerate(ordered):
        try:
            _refuse_unfit(ordered[:place], setting)
        except Refused as exc:
            raise Broken(f"The setting {setting.key} is inconsistent") from exc
    return ordered


def _under_floor_of(chain: tuple[Setting, ...], setting: Setting) -> Setting:
    """The record under the floor its key has at its date, its own claim ignored."""
    earlier = [one for one in chain if one.effective_at <= setting.effective_at]
    return replace(setting, floor=(earlier or chain)[-1 if earlier else 0].floor)


def _refuse_unfit(others: tuple[Setting, ...], setting: Setting) -> None:
    """Refuse a record that cannot stand beside the other records of its key."""
    value = setting.value
    kinds = [type(one.value) for one in others] or _KINDS
    if type(value) not in kinds or not _is_proper(value):
        raise _wrong_type(setting.key)
    if any(one.effective_at == setting.effective_at for one in others):
        raise Refused(
            "setting_exists",
            "The setting already has a value of that date.",
            next_step="Choose another date; records are never edited.",
            key=setting.key,
        )
    if setting.floor is not None and not setting.floor.allows(value):
        raise Refused(
            "setting_too_weak",
            "The value is weaker than the Procedure or the law allows.",
            next_step="Choose a stricter value (clause 6.3).",
            key=setting.key,
            clause=setting.clause,
        )


def _is_proper(value: Value) -> bool:
    """Numbers are counts: finite, not negative; a tuple holds texts."""
    match value:
        case int():
            return value >= 0
        case Decimal():
            return value.is_finite() and value >= 0
        case tuple():
            return all(isinstance(item, str) for item in value)
        case _:
            return True


def _exact(wire: object) -> Decimal | None:
    """The decimal a text spells plainly, or None."""
    if isinstance(wire, str) and _DECIMAL.fullmatch(wire):
        return Decimal(wire)
    return None


def _wrong_type(key: str) -> Refused:
    return Refused(
        "setting_wrong_type",
        "The value is not of the setting's type.",
        next_step="Compare it with the value in force.",
        key=key,
    )


# The starting table. Values and sources are those of the Procedure of 31.03.2026 and
# of the acts named; keys are the platform's own. What no source dates is in force from
# the day the table begins.
_BEGINNING = date(2025, 1, 1)
_PROCEDURE_ON = date(2026, 3, 31)
_PROCEDURE = "Procedure, minutes №31-03-2026 of 31.03.2026"
_PLATFORM = "platform decision"
_COOLING_ON = date(2025, 9, 30)
_COOLING = "law №205-VIII of 30.06.2025; ARDFM №53 of 29.08.2025"
_BIOMETRIC_ON = date(2026, 7, 12)
_BIOMETRIC = "joint ARDFM and NBK rules of biometric authentication"
_GESV_ON = date(2026, 1, 5)
_LENDING = "ARDFM lending rules, by press of 2025 and 2026"
_OLD_217 = "ARDFM №217, edition before 2025, by a mirror of it"
_MFO_LAW = "law on microfinance activity"

_BANK_CODES = (
    *("125", "246", "319", "432", "435", "450", "473", "492", "551"),
    *("553", "563", "601", "639", "722", "774", "780", "781", "821"),
    *("826", "832", "849", "856", "885", "886", "896", "913", "914"),
    *("920", "922", "930", "942", "947", "948", "949", "965", "972"),
    *("998",),
)
# Measure, how far it is good, and beyond what it refuses; else it advises only. Units:
# photo/measures.py. Set on pictures of their own making: no accuracy is claimed.
_PHOTO_LIMITS = (
    *("detected<=1/1", "detected>=1", "meshed<=1/1", "meshed>=1/1"),
    *("yaw<=10/20", "yaw>=-10/-20", "roll<=8/15", "roll>=-8/-15"),
    *("pitch<=15/25", "pitch>=-10/-20", "smile<=0.06/0.09", "mouth_gap<=0.05/0.1"),
    *("background_light>=75/60", "background_dark>=60/45", "background_spread<=9/15"),
    *("background_edges<=0.03/0.06", "background_chroma<=15/30"),
    *("face_height<=0.75", "face_height>=0.25", "face_width>=120"),
    *("off_centre<=0.12", "off_centre>=-0.12", "eyes>=0.15", "sharpness>=15"),
    *("bytes_per_pixel>=0.05", "brightness<=215", "brightness>=70"),
    *("clipped<=0.1", "side_light<=0.3"),
)

_Row = tuple[str, Value, str, Floor | None]  # key, value, clause, floor


def _from(effective: date, source: str, *rows: _Row) -> tuple[Setting, ...]:
    return tuple(
        Setting(key, effective, value, source, clause, floor)
        for key, value, clause, floor in rows
    )


STARTING_POLICY = Policy(
    (
        *_from(
            _PROCEDURE_ON,
            _PROCEDURE,
            ("auth.password_attempts", 3, "4.7", Floor(at_least=1, at_most=3)),
            ("auth.lock_minutes", 15, "4.7", Floor(at_least=15)),
            ("staff.rules", "2026-03-31", "1.4", None),
            ("auth.idle_minutes", 10, "4.8", Floor(at_least=1, at_most=10)),
            ("incident.notify_regulator_wd", 1, "7.3", Floor(at_most=1)),
            ("procedure.review_months", 12, "8.2", Floor(at_least=1, at_most=12)),
        ),
        *_from(
            _BEGINNING,
            "ARDFM resolution of 20.04.2026, from 12.07.2026; the platform's from the "
            "start",
            ("auth.factors", 2, "4.3", Floor(at_least=2)),
        ),
        *_from(
            date(2025, 11, 1),
            "infosec amendments of November 2025, by press",
            ("auth.new_device_biometrics", 1, "4.3", Floor(at_least=1)),
        ),
        *_from(
            _BEGINNING,
            _PLATFORM,
            ("auth.code_minutes", 5, "4.3", Floor(at_least=1)),
            ("auth.code_attempts", 3, "4.3", Floor(at_least=1)),
            # Measured: 32 MiB twice take 85 ms of a core, 19 MiB twice 46 ms.
            ("auth.hash_memory_kib", 32 * 1024, "4.5", Floor(19 * 1024, 256 * 1024)),
            ("auth.hash_passes", 2, "4.5", Floor(at_least=2, at_most=16)),
            ("auth.hash_lanes", 1, "4.5", Floor(at_least=1, at_most=4)),
            ("auth.password_min_chars", 8, "4.5", Floor(at_least=8, at_most=64)),
            ("auth.password_max_chars", 128, "4.5", Floor(at_least=64, at_most=256)),
            ("auth.source_attempts", 60, "4.7", Floor(at_least=3, at_most=100)),
            ("auth.source_refill_s", 10, "4.7", Floor(at_least=5)),
            ("auth.session_hours", 12, "4.8", Floor(at_least=1, at_most=12)),
            ("staff.session_hours", 8, "4.8", Floor(at_least=1, at_most=12)),
            ("staff.invitation_hours", 72, "6.1f", Floor(at_least=1, at_most=168)),
            ("staff.recertify_days", 90, "6.1f", Floor(at_least=1, at_most=365)),
            ("approvals.hours", 24, "6.1f", Floor(at_least=1, at_most=72)),
            # While the operator gives a number left to nobody else.
            ("auth.former_number_days", 30, "4.10", Floor(at_least=1, at_most=180)),
            ("auth.parallel_sessions", 3, "4.8", Floor(at_least=1, at_most=5)),
            ("onboarding.ceremony_minutes", 30, "4.2", Floor(at_least=1, at_most=30)),
            ("onboarding.min_age", 18, "4.1", Floor(at_least=18)),
            ("onboarding.photo_tries", 20, "4.1", Floor(at_least=1, at_most=50)),
            ("onboarding.photo_limits", _PHOTO_LIMITS, "4.1", None),
            ("biometric.cooldown_minutes", 60, "4.2", Floor(at_least=15)),
            # Another only by agreement, as "other means provided by law" (4.2, 4.10).
            ("biometric.provider", "coid", "4.2", None),
            ("onboarding.consent_texts", "1", "4.1", None),
            ("onboarding.document_warning_days", 30, "4.1", Floor(at_least=1)),
            # GOST of 256 bits and of 2004 can be verified, and are for archives: НУЦ
            # issues neither to persons today.
            (
                "onboarding.eds_algorithms",
                ("gost2015_512", "rsa", "ecdsa"),
                "4.2",
                None,
            ),
            # The time in which a stamping authority away for weeks does no harm.
            ("onboarding.eds_restamp_days", 90, "", Floor(at_least=30)),
            # A number given up is not given out anew by operators for about so long.
            ("onboarding.quarantine_days", 180, "4.10", Floor(at_least=30)),
            ("accounts.most", 5, "5.3", Floor(at_least=1, at_most=10)),
            ("antifraud.categories", (), "6.1g", None),
            (
                "antifraud.statuses",
                ("new", "suspended", "confirmed", "rejected", "released", "returned"),
                "6.1g",
                None,
            ),
        ),
        *_from(
            _BEGINNING,
            "directory of banks of the National Bank, as schwifty 2026.10.1 has it,"
            " without institutions that hold no accounts of persons",
            ("accounts.bank_codes", _BANK_CODES, "5.3", None),
        ),
        *_from(
            date(2025, 1, 1), "МРП of 2025, by press", ("mrp", Decimal(3932), "", None)
        ),
        *_from(
            date(2026, 1, 1),
            "law of 08.12.2025",
            ("mrp", Decimal(4325), "", None),
        ),
        *_from(
            _COOLING_ON,
            _COOLING,
            ("cooling.hours", 24, "5.5", Floor(at_least=24)),  # hours
            ("cooling.confirmation_above", 75, "5.5", Floor(at_most=75)),  # МРП, >
            ("cooling.aggregation", "almaty_day", "5.5", None),  # or rolling_24h
            (
                "cooling.consent_channels",
                ("egov", "credit_bureau", "lender"),
                "5.5",
                None,
            ),
        ),
        *_from(
            _PROCEDURE_ON,
            _PLATFORM,
            ("cooling.threshold", 0, "5.5", Floor(at_most=75)),  # МРП, held if above
            ("cooling.consent_silence_days", 10, "5.5", Floor(at_least=1)),
            ("cooling.exceptions", (), "5.5", None),
        ),
        *_from(
            date(2024, 8, 16),
            "№56 of 16.08.2024, kept by the rules of January 2026",
            ("biometric.max_attempts", 3, "4.2", Floor(at_least=1, at_most=3)),
        ),
        *_from(
            _BIOMETRIC_ON,
            _BIOMETRIC,
            ("biometric.min_match_percent", Decimal(95), "4.2", Floor(95, 100)),
            ("biometric.retention_years", 5, "4.2", Floor(at_least=5)),
        ),
        *_from(
            _GESV_ON,
            _LENDING,
            ("lending.gesv_caps.percent", Decimal(46), "", Floor(at_most=46)),
            # The short microcredit: term and amount up to these, both at once.
            ("lending.gesv_caps.short_days", 45, "", Floor(at_most=45)),
            ("lending.gesv_caps.short_mrp", 45, "", Floor(at_most=45)),
            ("lending.gesv_caps.short_percent", Decimal(179), "", Floor(at_most=179)),
            (
                "lending.gesv_caps.short_daily_percent",  # strictly below
                Decimal("0.3"),
                "",
                Floor(at_most=Decimal("0.3")),
            ),
        ),
        *_from(
            _GESV_ON,
            _PLATFORM,
            ("lending.products", ("standard", "short"), "", None),
            ("lending.product.standard.annual_percent", Decimal(36), "", Floor(0, 46)),
            ("lending.product.standard.least_mrp", 1, "", Floor(at_least=1)),
            ("lending.product.standard.most_mrp", 20_000, "", Floor(1, 20_000)),
            ("lending.product.standard.shortest_days", 30, "", Floor(at_least=1)),
            ("lending.product.standard.longest_days", 1_826, "", Floor(1, 1_826)),
            # 0.29 % a day; the shorter the term, the higher ГЭСВ of the same price.
            (
                "lending.product.short.annual_percent",
                Decimal("105.85"),
                "",
                Floor(0, 109),
            ),
            ("lending.product.short.least_mrp", 1, "", Floor(at_least=1)),
            ("lending.product.short.most_mrp", 45, "", Floor(1, 45)),
            ("lending.product.short.shortest_days", 30, "", Floor(at_least=1)),
            ("lending.product.short.longest_days", 45, "", Floor(1, 45)),
        ),
        *_from(
            date(2024, 9, 1),
            _LENDING,
            ("lending.spouse_consent_mrp", 1000, "", Floor(at_most=1000)),
        ),
        *_from(
            _BEGINNING,
            _LENDING,
            ("lending.kdn_max", Decimal("0.5"), "", Floor(at_most=Decimal("0.5"))),
            ("lending.first_loan_visit_mrp", 75, "", Floor(at_most=75)),  # above
            ("lending.extra_consent_ages.under", 21, "", Floor(at_least=21)),
            ("lending.extra_consent_ages.over", 55, "", Floor(at_most=55)),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 3",
            ("lending.max_amount_mrp", 20_000, "", Floor(at_most=20_000)),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 17",
            ("appeals.answer_wd", 15, "6.1h", Floor(at_most=15)),
            ("appeals.extension_wd", 15, "6.1h", Floor(at_most=15)),
        ),
        *_from(
            date(2024, 7, 22),
            "NBK №43 of 16.07.2024",
            ("antifraud.suspend_working_days", 3, "6.1g", Floor(at_most=3)),
        ),
        *_from(
            date(2025, 8, 31),
            "NBK №54 of 25.08.2025",
            ("antifraud.suspend_working_days", 5, "6.1g", Floor(at_most=5)),
        ),
        *_from(
            date(2026, 1, 1),
            "law on banks of 2026, by press",
            ("antifraud.burst_window_minutes", 60, "6.1g", None),
        ),
        *_from(
            _BEGINNING,
            _OLD_217,
            ("documents.retention_years", 5, "", Floor(at_least=5)),
            ("incident.notify_client_wd", 1, "7.3", Floor(at_most=1)),
            # Clause 7.2 says "immediately"; this is the last day, not the aim.
            ("incident.measures_wd", 2, "7.2", Floor(at_most=2)),
        ),
        *_from(
            date(2024, 8, 9),
            "order №481/НҚ of 09.08.2024",
            ("pdn_breach.notify_wd", 1, "7.3", Floor(at_most=1)),
        ),
        *_from(
            _BEGINNING,
            "government decree on the days off of 2025",
            ("calendar.overrides", ("2025-01-03=off", "2025-01-05=working"), "", None),
        ),
    )
)
"""What the company starts with; МРП counts are turned into tenge by `money_of_mrp`."""
