"""The registry of dated settings: what may be changed, and how it is told (clause 6.3).

The company may tighten by itself; what is weaker than the Procedure's or an act's floor
is refused. Nothing changes the past: a record takes effect when two have agreed to it,
or later, and is never edited.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from kernel.clock import parse_rfc3339, rfc3339
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.policy import Floor, Policy, Setting, Value, value_to_wire
from kernel.words import refuse_unfit_words

MOST_SOURCE: Final = 200
"""Characters of the act, the minutes or the order that gives a value."""
CHANGE_SETTING: Final = "change_setting"
"""The operation that takes four eyes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value somebody proposes; without an instant it takes effect when approved."""

    key: str
    value: tuple[str, ...]
    """As it is typed: one text, or those of a list."""
    source: str
    effective_at: datetime | None

    def arguments(self) -> dict[str, Json]:
        """What two persons agree on."""
        at = self.effective_at
        return {
            "key": self.key,
            "value": list(self.value),
            "source": self.source,
            "effective_at": None if at is None else rfc3339(at),
        }

    @classmethod
    def of(cls, arguments: Mapping[str, Json]) -> "Change":
        value, at = arguments["value"], arguments["effective_at"]
        return cls(
            key=str(arguments["key"]),
            value=tuple(map(str, value)) if isinstance(value, list | tuple) else (),
            source=str(arguments["source"]),
            effective_at=None if at is None else parse_rfc3339(str(at)),
        )

    def setting(self, policy: Policy, *, now: datetime) -> Setting:
        """The record it would be now.

        Refused as `Policy.with_setting` (``setting_too_weak`` above all), and
        ``setting_in_the_past``, ``words_unfit`` for a source that is none.
        """
        if self.key not in policy.keys:
            raise Refused(
                "setting_unknown",
                "No such setting exists.",
                next_step="Choose one of the settings listed.",
            )
        refuse_unfit_words(self.source, most=MOST_SOURCE)
        effective_at = self.effective_at or now
        if effective_at < now:
            raise Refused(
                "setting_in_the_past",
                "A decision already made is explained by the values of its time.",
                next_step="Name an instant that is still to come, or none.",
            )
        known = policy.setting_at(self.key, effective_at)
        value = policy.value_from_wire(self.key, self._wire(known.value))
        setting = Setting(self.key, effective_at, value, self.source, known.clause)
        policy.with_setting(setting)
        return setting

    def _wire(self, known: Value) -> object:
        """The typed texts as JSON would have them; what they are not stays a text."""
        if isinstance(known, tuple):
            return list(self.value)
        text = self.value[0] if len(self.value) == 1 else None
        if isinstance(known, int) and text is not None and text.isdecimal():
            return int(text)
        return text

    def effect(self, setting: Setting) -> str:
        """What a yes would do, in words."""
        when = "at once" if self.effective_at is None else f"from {self.effective_at}"
        return f"{setting.key} is {told(setting.value)} {when} in every service"


def told(value: Value) -> str:
    """A value for people."""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def listed(policy: Policy, *, at: datetime) -> list[Json]:
    """Every setting that has a value, with what is known to come."""
    rows: list[Json] = []
    for key in sorted(policy.keys):
        begun = [one for one in policy if one.key == key and one.effective_at <= at]
        if begun:
            later = [one for one in policy if one.key == key and one.effective_at > at]
            following = min((one.effective_at for one in later), default=None)
            rows.append(
                {
                    **_row(policy.setting_at(key, at)),
                    "changes_at": None if following is None else rfc3339(following),
                }
            )
    return rows


def history(policy: Policy, key: str) -> Sequence[Json]:
    """All records of a key, the oldest first.  Refused ``setting_unknown``."""
    found = [_row(one) for one in policy if one.key == key]
    if not found:
        raise Refused(
            "setting_unknown",
            "No such setting exists.",
            next_step="Choose one of the settings listed.",
        )
    return found


def _row(setting: Setting) -> dict[str, Json]:
    value = value_to_wire(setting.value)
    return {
        "key": setting.key,
        "value": [*value] if isinstance(value, list) else value,
        "since": rfc3339(setting.effective_at),
        "clause": setting.clause,
        "floor": _floor(setting.floor),
        "source": setting.source,
    }


def _floor(floor: Floor | None) -> str | None:
    """The weakest value allowed, in words."""
    if floor is None:
        return None
    ends: list[tuple[str, int | Decimal | None]] = [
        ("at least", floor.at_least),
        ("at most", floor.at_most),
    ]
    return ", ".join(f"{word} {end}" for word, end in ends if end is not None)
