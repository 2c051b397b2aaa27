"""Who is told of an incident, until when, and who is called when nobody does (7.3).

A term of one working day ends at the same clock time of the next working day, not
after the office of the addressee has closed at 18:00 in Almaty.  It runs from the
detection; for a client, from when they were found to be affected; for news of an
incident that was told already, from when the news came about.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Final, Literal, Self
from uuid import UUID

from kernel.calendar import OFFICE_CLOSES, WorkingCalendar, overrides_of
from kernel.clock import ALMATY, almaty_date
from kernel.errors import Refused
from kernel.policy import Policy

OFFICE_OPENS: Final = time(9, 0)
LAST_CALL: Final = time(16, 0)
"""When people are called on a working day about a term that ends before the next."""
_DAY: Final = timedelta(days=1)


class Addressee(StrEnum):
    """Who has to be told: two bodies, and whom it concerns."""

    REGULATOR = "regulator"
    PERSONAL_DATA = "personal_data"
    CLIENT = "client"


BODIES: Final = (Addressee.REGULATOR, Addressee.PERSONAL_DATA)

NoticeState = Literal["due", "approved", "sent", "refused", "withdrawn"]
"""``refused``: the addressee did not take it, a person has to look."""


class Stage(IntEnum):
    """How near the end of the term is."""

    NONE = 0
    EARLY = 1
    ESCALATED = 2
    OVERDUE = 3

    @property
    def word(self) -> Literal["early", "escalated", "overdue"]:
        """How events and alarms name it."""
        return _WORDS[self]


_WORDS: Final[dict[Stage, Literal["early", "escalated", "overdue"]]] = {
    Stage.EARLY: "early",
    Stage.ESCALATED: "escalated",
    Stage.OVERDUE: "overdue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to one addressee; ``round`` 2 and on are of new facts.

    ``due_at`` never changes.  ``stage`` is the furthest of which people were told.
    """

    notice_id: UUID
    incident_id: UUID
    addressee: Addressee
    client_id: UUID | None
    round: int
    since: datetime
    due_at: datetime
    state: NoticeState
    stage: Stage
    approved_by: UUID | None
    papers_sha256: str | None
    attempts: int
    sent_at: datetime | None
    receipt: str | None

    @property
    def waits(self) -> bool:
        """Whether the addressee has yet to get it."""
        return self.state in {"due", "approved", "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the dated settings say of notices at an instant."""

    working_days: dict[Addressee, int]
    warn: timedelta
    escalate: timedelta
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        keys = {
            Addressee.REGULATOR: "incident.notify_regulator_wd",
            Addressee.PERSONAL_DATA: "pdn_breach.notify_wd",
            Addressee.CLIENT: "incident.notify_client_wd",
        }
        return cls(
            working_days={who: policy.integer(key, now) for who, key in keys.items()},
            warn=timedelta(hours=policy.integer("incident.warn_hours", now)),
            escalate=timedelta(hours=policy.integer("incident.escalate_hours", now)),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def due_at(self, addressee: Addressee, since: datetime) -> datetime:
        """The last instant at which the notice is in time.

        Where the settings allow no working day, the same day, and at once after its
        office hours.
        """
        next_day = self.calendar.same_time_next_working_day(since)
        if self.working_days[addressee]:
            return next_day
        today = datetime.combine(almaty_date(since), OFFICE_CLOSES, tzinfo=ALMATY)
        return min(next_day, max(since, today))

    def stage(self, due_at: datetime, now: datetime) -> Stage:
        """How near the end of a term is."""
        if now >= due_at:
            return Stage.OVERDUE
        if now >= due_at - self.escalate:
            return Stage.ESCALATED
        return Stage.EARLY if now >= self.early_at(due_at) else Stage.NONE

    def early_at(self, due_at: datetime) -> datetime:
        """When people are called first: early enough, and while they are at work."""
        at = (due_at - self.warn).astimezone(ALMATY)
        if self.calendar.is_working(at.date()) and at.time() >= OFFICE_OPENS:
            return at
        day = at.date() - _DAY
        while not self.calendar.is_working(day):
            day -= _DAY
        return datetime.combine(day, LAST_CALL, tzinfo=ALMATY)


def notice_not_found() -> Refused:
    return Refused(
        "notice_not_found",
        "There is no such notice.",
        next_step="List them: `kredit audit notices list`.",
    )


def notice_not_due() -> Refused:
    return Refused(
        "notice_not_due",
        "The notice was approved, sent or withdrawn already.",
        next_step="See `kredit audit notices list --state all`.",
    )


def notice_changed() -> Refused:
    return Refused(
        "notice_changed",
        "The notice says something else by now than what you have seen.",
        next_step="Look at it again: `kredit audit notices preview ID DIRECTORY`.",
    )
