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
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class LivePolicy(Policy):
    """A policy that takes changes as they come: everybody who has it sees them.

    What is asked about an instant is answered by one state of it, never by two.
    """

    __slots__ = ("_starting",)

    def __init__(self, settings: Iterable[Setting]) -> None:
        """Broken as `Policy`; these stay below whatever is taken later."""
        super().__init__(settings)
        self._starting = Policy(settings)

    def take(self, changes: Iterable[Setting]) -> Sequence[tuple[str, str]]:
        """Let exactly these changes stand above the starting settings.

        Key and code of each that is refused, as `with_setting` does: it has no effect.
        """
        policy, refused = self._starting, []
        for change in changes:
            try:
                policy = policy.with_setting(change)
            except Refused as refusal:
                refused.append((change.key, refusal.code))
        super().__init__(policy)
        return refused


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
