"""Rules of correlation: dated data, checked here, matched against leaves one by one.

A rule speaks of leaves of some kinds, with some words in their fields.  It fires when
so many of one group came within a time; or, with `distinct`, so many different things.
A later record of the same code takes the place of the earlier from its day on.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar
from kernel.clock import ALMATY, almaty_date, parse_rfc3339
from kernel.crypto import Json, as_object
from kernel.errors import Refused
from services.audit.domain.incidents.incident import Kind, Severity
from services.audit.domain.incidents.measure import MEASURES, Measure
from services.audit.domain.scope import SUBJECT, Entry

EVERYBODY: Final = "-"
"""The one group of a rule that makes no groups."""
DAY_BEGINS, DAY_ENDS = time(8, 0), time(20, 0)
"""Of working days in Almaty; all other hours are odd."""
LONGEST_S: Final = 86_400
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{2,39}")
_ABOUT: Final = re.compile(SUBJECT)
_WORDS: Final = frozenset(
    {
        *("code", "from", "kinds", "where", "by", "count", "within_s", "distinct"),
        *("odd_hours", "severity", "incident", "measures", "clause", "words", "off"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What one leaf is to one rule."""

    group: str
    item: str
    at: datetime

    @property
    def about(self) -> str | None:
        """The group, if it is a subject of the log."""
        return self.group if _ABOUT.fullmatch(self.group) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One record of the rules; ``words`` say what it has seen."""

    code: str
    since: date
    kinds: frozenset[str]
    where: Mapping[str, frozenset[str]]
    by: str | None
    count: int
    within: timedelta
    distinct: str | None
    odd_hours: bool
    severity: Severity
    incident: Kind | None
    measures: tuple[Measure, ...]
    clause: str
    words: str
    off: bool

    @classmethod
    def parse(cls, said: Mapping[str, Json]) -> Self:
        """One record as data.  Refused ``rule_unfit``, with what is wrong."""
        try:
            found = cls(
                code=str(said["code"]),
                since=date.fromisoformat(str(said["from"])),
                kinds=_texts(said["kinds"]),
                where={
                    field: _texts(values)
                    for field, values in as_object(said.get("where", {})).items()
                },
                by=_optional(said.get("by")),
                count=_whole(said.get("count", 1)),
                within=timedelta(seconds=_whole(said.get("within_s", 0))),
                distinct=_optional(said.get("distinct")),
                odd_hours=said.get("odd_hours", False) is True,
                severity=Severity(str(said["severity"])),
                incident=Kind(str(said["incident"])) if "incident" in said else None,
                measures=_measures(_texts(said.get("measures", ()))),
                clause=str(said["clause"]),
                words=str(said["words"]),
                off=said.get("off", False) is True,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise rule_unfit(str(error)) from error
        found._refuse_unfit(said)
        return found

    def _refuse_unfit(self, said: Mapping[str, Json]) -> None:
        unknown = sorted(set(said) - _WORDS)
        wrong = {
            f"unknown: {', '.join(unknown)}": bool(unknown),
            "code": not _CODE.fullmatch(self.code),
            "kinds": not self.kinds,
            "count": not 1 <= self.count <= 1_000,  # noqa: PLR2004 - a bound
            "within_s": not (
                self.count == 1 or 0 < self.within.total_seconds() <= LONGEST_S
            ),
            "measures without an incident": bool(self.measures) and not self.incident,
            "words": not 0 < len(self.words) <= 300,  # noqa: PLR2004 - a sentence
        }
        for what, is_wrong in wrong.items():
            if is_wrong:
                raise rule_unfit(what)

    def match(self, entry: Entry, *, calendar: WorkingCalendar) -> Match | None:
        """What this leaf is to the rule; None when it is nothing."""
        if self.off or entry.kind not in self.kinds:
            return None
        fields = entry.data or entry.said
        for field, values in self.where.items():
            if str(fields.get(field)) not in values:
                return None
        at = parse_rfc3339(entry.received_at)
        if self.odd_hours and not _odd(at, calendar):
            return None
        group = EVERYBODY if self.by is None else _named(entry, self.by)
        item = str(entry.seq) if self.distinct is None else _named(entry, self.distinct)
        if group is None or item is None:
            return None
        return Match(group=group, item=item, at=at)


@dataclass(frozen=True, slots=True)
class Rules:
    """All records, and which are in force on a day."""

    records: Sequence[Rule]

    @classmethod
    def parse(cls, records: Iterable[Mapping[str, Json]]) -> Self:
        """Refused ``rule_unfit``, also for two records of one code and day."""
        found = [Rule.parse(record) for record in records]
        names = [(rule.code, rule.since) for rule in found]
        if len(set(names)) < len(names):
            raise rule_unfit("two records of one code and day")
        return cls(found)

    def at(self, instant: datetime) -> Sequence[Rule]:
        """Those in force, one of each code."""
        day = almaty_date(instant)
        newest: dict[str, Rule] = {}
        for rule in sorted(self.records, key=lambda rule: rule.since):
            if rule.since <= day:
                newest[rule.code] = rule
        return [rule for rule in newest.values() if not rule.off]

    def of(self, entry: Entry) -> Sequence[Rule]:
        """Those in force when the log received this."""
        return self.at(parse_rfc3339(entry.received_at))

    def may_concern(self, leaf: bytes) -> bool:
        """Whether a leaf holds the name of a kind some rule speaks of."""
        return any(
            kind.encode() in leaf for rule in self.records for kind in rule.kinds
        )


def rule_unfit(what: str) -> Refused:
    return Refused(
        "rule_unfit",
        "This is no rule of the monitoring.",
        next_step=f"Look at: {what}.",
        what=what,
    )


def _odd(at: datetime, calendar: WorkingCalendar) -> bool:
    local = at.astimezone(ALMATY)
    by_day = DAY_BEGINS <= local.time() < DAY_ENDS
    return not (by_day and calendar.is_working(local.date()))


def _named(entry: Entry, field: str) -> str | None:
    """What a field names: of an id, with the kind of thing before it."""
    if field == "subject":
        return entry.subject
    fields = entry.data or entry.said
    value = fields.get(field)
    if value is None or value == "":
        return None
    kind, is_id, _ = field.rpartition("_id")
    if is_id and _is_id(str(value)):
        return f"{kind}:{value}"
    return str(value)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _texts(value: Json) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, str) for each in value
    ):
        raise ValueError("a list of words")
    return frozenset(str(each) for each in value)


def _measures(words: frozenset[str]) -> tuple[Measure, ...]:
    if unknown := sorted(words - set(MEASURES)):
        raise ValueError(f"measures: {', '.join(unknown)}")
    return tuple(measure for measure in MEASURES if measure in words)


def _optional(value: Json) -> str | None:
    return None if value is None else str(value)


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number")
    return value
