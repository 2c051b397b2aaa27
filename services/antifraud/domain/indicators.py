"""Indicators by which risks of fraud are seen early, and their limits (6.1h ii).

What is measured stands in ``indicators.toml``, dated; from which number on it is amber
or red is a dated setting.  The higher, the worse.  A crossing is told once; what turns
red waits until a person has answered it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final, Literal, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import ALMATY, almaty_date
from kernel.errors import Broken, Refused
from kernel.policy import Policy
from kernel.words import refuse_unfit_words

SHARE_OF: Final = 1_000
_LIMIT: Final = re.compile(r"([a-z_]{1,40})=([0-9]{1,9})/([0-9]{1,9})")


class Colour(IntEnum):
    """How it stands; the worse the higher."""

    GREEN = 0
    AMBER = 1
    RED = 2

    @property
    def word(self) -> Literal["green", "amber", "red"]:
        return _WORDS[self]


_WORDS: Final[Mapping[Colour, Literal["green", "amber", "red"]]] = {
    Colour.GREEN: "green",
    Colour.AMBER: "amber",
    Colour.RED: "red",
}


class Measure(StrEnum):
    """What can be measured of what antifraud keeps."""

    DECISIONS_STOPPED = "decisions_stopped"
    CASES_OPENED = "cases_opened"
    FRAUDS_CONFIRMED = "frauds_confirmed"
    APPEALS_UPHELD = "appeals_upheld"
    LOGINS_LOCKED = "logins_locked"
    CENTRE_UNSETTLED = "centre_unsettled"
    WORK_OVERDUE = "work_overdue"
    RULES_TRIPPED = "rules_tripped"
    LOSSES_OF_PAYOUTS = "losses_of_payouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One record: what is measured over how many days, and how it is called."""

    code: str
    since: date
    measure: Measure
    share: bool
    days: int
    words: str
    ru: str
    kk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From which value on it is amber, and from which red."""

    amber: int
    red: int

    def colour(self, value: int) -> Colour:
        if value >= self.red:
            return Colour.RED
        return Colour.AMBER if value >= self.amber else Colour.GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a measure came to: a number, and of how many it is a share."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An indicator at an instant; ``base`` is 0 where it is no share."""

    code: str
    at: datetime
    value: int
    base: int
    colour: Colour
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What turned red and waits for a person, or was answered by one."""

    item_id: UUID
    code: str
    opened_at: datetime
    value: int
    due_on: date
    answered_at: datetime | None
    answered_by: UUID | None
    answer: str | None
    risk_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRules:
    """What the dated settings say of indicators at an instant."""

    now: datetime
    minutes: int
    least: int
    answer_wd: int
    again_days: int
    most_characters: int
    limits: Mapping[str, Limits]
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing or no limit."""
        return cls(
            now=now,
            minutes=policy.integer("antifraud.indicator_minutes", now),
            least=policy.integer("antifraud.indicator_least", now),
            again_days=policy.integer("antifraud.indicator_again_days", now),
            answer_wd=policy.integer("antifraud.indicator_answer_wd", now),
            most_characters=policy.integer("antifraud.case_note_characters", now),
            limits=limits_of(policy.texts("antifraud.indicator_limits", now)),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    @property
    def beat(self) -> datetime:
        """The last instant at which readings are due, by the clock of Almaty."""
        local = self.now.astimezone(ALMATY)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (local - midnight) // timedelta(minutes=self.minutes)
        return midnight + passed * timedelta(minutes=self.minutes)

    @property
    def again_since(self) -> datetime:
        """Red since before then, it waits for another answer."""
        return self.now - timedelta(days=self.again_days)

    @property
    def due_on(self) -> date:
        """The last day to answer what turns red today."""
        return self.calendar.add_working_days(almaty_date(self.now), self.answer_wd)

    def read(self, indicator: Indicator, counted: Counted) -> Reading:
        """The value with its colour; of too few a share says nothing, and is 0.

        Broken for an indicator without limits.
        """
        limits = self.limits.get(indicator.code)
        if limits is None:
            raise Broken(f"The indicator {indicator.code} has no limits")
        value, base = counted.part, 0
        if indicator.share:
            base = counted.whole
            value = SHARE_OF * counted.part // base if base >= max(self.least, 1) else 0
        return Reading(
            code=indicator.code,
            at=self.beat,
            value=max(value, 0),
            base=base,
            colour=limits.colour(max(value, 0)),
            limits=limits,
        )

    def refuse_unfit(self, words: str) -> None:
        """Refused as `refuse_unfit_words`."""
        refuse_unfit_words(words, most=self.most_characters)


def parsed(records: Sequence[Mapping[str, Any]]) -> Sequence[Indicator]:
    """Every record of the file.  Broken for one that is none."""
    try:
        return [
            Indicator(
                code=str(one["code"]),
                since=date.fromisoformat(one["from"]),
                measure=Measure(one["measure"]),
                share=bool(one["share"]),
                days=int(one["days"]),
                words=str(one["words"]),
                ru=str(one["ru"]),
                kk=str(one["kk"]),
            )
            for one in records
        ]
    except (KeyError, ValueError) as error:
        raise Broken("a record of an indicator is none") from error


def in_force(records: Sequence[Indicator], today: date) -> Sequence[Indicator]:
    """Of each code the latest record not after a day, in the order of the file."""
    found: dict[str, Indicator] = {}
    for one in sorted(records, key=lambda one: one.since):
        if one.since <= today:
            found[one.code] = one
    order = list(dict.fromkeys(one.code for one in records))
    return [found[code] for code in order if code in found]


def limits_of(texts: Sequence[str]) -> Mapping[str, Limits]:
    """Limits by code: ``stopped=150/300`` is amber from 150, red from 300 on.

    Broken for what is no such text, or red before it is amber.
    """
    found = {}
    for text in texts:
        match = _LIMIT.fullmatch(text)
        if match is None or int(match[2]) > int(match[3]):
            raise Broken("a limit of an indicator is none")
        found[match[1]] = Limits(amber=int(match[2]), red=int(match[3]))
    return found


def indicator_not_found() -> Refused:
    return Refused(
        "indicator_not_found",
        "There is no such indicator, or nothing of it to answer.",
        next_step="List them: `kredit antifraud indicators list`.",
    )


def indicator_answered() -> Refused:
    return Refused(
        "indicator_answered",
        "Somebody has answered this.",
        next_step="Look: `kredit antifraud indicators items`.",
    )
