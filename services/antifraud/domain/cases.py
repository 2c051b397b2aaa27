"""Cases: what a person has to look at, in which order, until when, and what it was.

One client has one open case, which every decision to suspend or to look joins; so has
a suspended account or device.  A case is somebody's of the staff; its notes and files
are only added.  It ends with an outcome, by which rules are tested (clause 6.1h).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Final, Literal, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.money import Money
from kernel.policy import Policy
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.rules import Outcome

LARGEST_FILE: Final = 4 * 1024 * 1024
"""Bytes."""
LISTED_AS: Final = {
    Entity.CLIENT: "refused",
    Entity.IIN: "refused",
    Entity.ACCOUNT: "refused",
    Entity.PHONE: "watched",
    Entity.DEVICE: "watched",
}
"""On which list the names of a fraud go: what may be shared is watched alone."""
PICTURE: Final = "image/jpeg"
"""What every file of a case is: made anew of what came."""
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class Priority(IntEnum):
    """What is looked at first comes first."""

    URGENT = 1
    HIGH = 2
    NORMAL = 3

    @property
    def word(self) -> Literal["urgent", "high", "normal"]:
        return _WORDS[self]


_WORDS: Final[Mapping[Priority, Literal["urgent", "high", "normal"]]] = {
    Priority.URGENT: "urgent",
    Priority.HIGH: "high",
    Priority.NORMAL: "normal",
}


class CaseOutcome(StrEnum):
    """What it was."""

    FRAUD = "fraud"
    NOT_FRAUD = "not_fraud"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """What the dated settings say of cases at an instant."""

    today: date
    urgent_score: int
    urgent_amount: Money
    working_days: dict[Priority, int]
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            urgent_score=policy.integer("antifraud.case_urgent_score", now),
            urgent_amount=Money.of(
                str(policy.integer("antifraud.case_urgent_tenge", now))
            ),
            working_days={
                each: policy.integer(f"antifraud.case_{each.name.lower()}_wd", now)
                for each in Priority
            },
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def priority(self, *, outcome: Outcome, score: int, amount: Money) -> Priority:
        """By amount and score; what is suspended is never behind what is not."""
        if score >= self.urgent_score or (
            amount.amount_minor >= self.urgent_amount.amount_minor
        ):
            return Priority.URGENT
        return Priority.HIGH if outcome is Outcome.SUSPEND else Priority.NORMAL

    def due_on(self, priority: Priority) -> date:
        """The last day on which it has to be closed."""
        return self.calendar.add_working_days(self.today, self.working_days[priority])


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """A decision a person has to look at."""

    case_id: UUID
    """Of the case, if there is none open."""
    about: str
    client_id: UUID | None
    operation: str
    decision_id: UUID
    outcome: Outcome
    priority: Priority
    score: int
    amount: Money
    due_on: date
    at: datetime
    opens: bool = True
    """False for what only joins a case that is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, as it stands."""

    case_id: UUID
    about: str
    client_id: UUID | None
    opened_at: datetime
    priority: Priority
    amount: Money
    score: int
    due_on: date
    assigned_to: UUID | None
    closed_at: datetime | None
    closed_by: UUID | None
    outcome: CaseOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The last decision on one operation of a case."""

    operation: str
    decision_id: UUID
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Words of one of the staff; they stay as they are."""

    note_id: UUID
    at: datetime
    by: UUID
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file of a case, without its content."""

    file_id: UUID
    at: datetime
    by: UUID
    kind: str
    size: int
    sha256: str
    upload_sha256: str | None = None
    """Of what was brought, to be held against an original; old files have none."""


def refuse_unfit_file(content: bytes) -> None:
    """By its first bytes and its size alone, before anybody decodes it.

    Refused: ``case_file_unfit``.
    """
    if not content.startswith(_PICTURES) or len(content) > LARGEST_FILE:
        raise case_file_unfit()


def names_of_fraud(keys: Sequence[str]) -> dict[str, list[str]]:
    """Which keyed names go on which of our lists."""
    found: dict[str, list[str]] = {}
    for key in sorted(set(keys)):
        entity = Entity(key.partition(":")[0])
        if entity in LISTED_AS:
            found.setdefault(LISTED_AS[entity], []).append(key)
    return found


def case_not_found() -> Refused:
    return Refused(
        "case_not_found", "There is no such case.", next_step="List the cases."
    )


def case_closed() -> Refused:
    return Refused(
        "case_closed",
        "The case is closed and stays as it is.",
        next_step="What comes up anew opens another.",
    )


def case_taken() -> Refused:
    return Refused(
        "case_taken",
        "Somebody else has the case.",
        next_step="Take another, or have it assigned to you.",
    )


def case_not_yours() -> Refused:
    return Refused(
        "case_not_yours",
        "A case is closed by whoever has it.",
        next_step="Take it first: `kredit antifraud cases take ID`.",
    )


def case_holds_open() -> Refused:
    return Refused(
        "case_holds_open",
        "Something of the case is still suspended.",
        next_step="Release it first: `kredit antifraud holds list`.",
    )


def case_file_unfit() -> Refused:
    return Refused(
        "case_file_unfit",
        "A file is one PNG or JPEG picture of at most 4 MiB.",
        next_step="Save it as one; of a document, each page.",
    )


def case_files_many(most: int) -> Refused:
    return Refused(
        "case_files_many",
        "The case has as many files as a case may have.",
        next_step="Put what belongs together into one.",
        most=most,
    )


def file_not_found() -> Refused:
    return Refused(
        "case_file_not_found",
        "The case has no such file.",
        next_step="Show the case.",
    )
