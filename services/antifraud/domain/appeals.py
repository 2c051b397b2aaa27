"""Appeals (обращения) against what antifraud decided: one register, answered in time.

::

    open → answered

Number, day of receipt, a limit of fifteen working days that can be put off once by
fifteen more (law on microfinance activity, art. 17), a person who had no part in the
first decision, an answer that is kept (clause 6.1h iv).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.policy import Policy
from services.antifraud.domain.rules import Operation

LATEST: Final = 30
"""So many days an appeal may have been on its way to the register."""
COUNTED_OVER: Final = timedelta(hours=24)
"""Over which the appeals a client files are counted."""


class About(StrEnum):
    """What a client appeals against, in the client's words."""

    APPLICATION = "application"
    CONTRACT = "contract"
    PAYOUT = "payout"
    PHONE_CHANGE = "phone_change"
    ACCOUNT_CHANGE = "account_change"
    REGISTRATION = "registration"
    """Only who was refused at registration, or is held there: they have no cabinet."""
    EVERYTHING = "everything"
    """That all operations of the client are suspended."""
    OTHER = "other"
    """Only shown: what the staff entered against a name."""


_JUDGED: Final[Mapping[About, Operation]] = MappingProxyType(
    {
        About.APPLICATION: Operation.APPLICATION,
        About.CONTRACT: Operation.SIGNING,
        About.PAYOUT: Operation.PAYOUT,
        About.PHONE_CHANGE: Operation.PHONE_CHANGE,
        About.ACCOUNT_CHANGE: Operation.ACCOUNT_CHANGE,
        About.REGISTRATION: Operation.ACTIVATION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of the client's own things, or everything of theirs; then without an id."""

    about: About
    id: UUID | None

    @classmethod
    def of(cls, against: str) -> Self:
        """What an entry of the register is against, as its client is shown it."""
        kind, _, named = against.partition(":")
        if kind == "client":
            return cls(about=About.EVERYTHING, id=None)
        for about, operation in _JUDGED.items():
            if kind == operation:
                return cls(about=about, id=UUID(named))
        return cls(about=About.OTHER, id=None)

    def against(self, client_id: UUID) -> str:
        """As the register names it.  Refused: ``appeal_subject_invalid``."""
        if self.about is About.EVERYTHING and self.id is None:
            return f"client:{client_id}"
        if self.about in _JUDGED and self.id is not None:
            return f"{_JUDGED[self.about]}:{self.id}"
        raise Refused(
            "appeal_subject_invalid",
            "An appeal is against one thing, or against everything being held.",
            next_step="Name what it is about and its id, or everything without one.",
        )


class AppealOutcome(StrEnum):
    """What became of what was appealed against."""

    UPHELD = "upheld"
    """The client is right: what is suspended is released."""
    PARTLY = "partly"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRules:
    """What the dated settings say of appeals at an instant."""

    today: date
    answer_wd: int
    extension_wd: int
    a_day: int
    """So many a client files within `COUNTED_OVER`, and no more."""
    most_characters: int
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            answer_wd=policy.integer("appeals.answer_wd", now),
            extension_wd=policy.integer("appeals.extension_wd", now),
            a_day=policy.integer("appeals.a_day", now),
            most_characters=policy.integer("appeals.most_characters", now),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def answer_by(self, received_on: date) -> date:
        """The last day of an answer.  Refused: ``received_on_unfit``."""
        if not 0 <= (self.today - received_on).days <= LATEST:
            raise Refused(
                "received_on_unfit",
                "An appeal was received today or lately.",
                next_step="Give the day on its letter's stamp.",
                days=LATEST,
            )
        return self.calendar.add_working_days(received_on, self.answer_wd)

    def put_off(self, answer_by: date) -> date:
        return self.calendar.add_working_days(answer_by, self.extension_wd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One entry of the register."""

    appeal_id: UUID
    number: str
    """Of its year: ``A-2026-00001``, without gaps."""
    client_id: UUID
    against: str
    """An operation, ``client:<id>``, or the keyed name of an account or a device."""
    inquiry_id: UUID | None
    """The client's letter in contracts, if it came by the cabinet."""
    received_on: date
    recorded_at: datetime
    recorded_by: UUID
    """A member of the staff, or the client who filed it."""
    answer_by: date
    extended_at: datetime | None = None
    extension_reason: str | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    outcome: AppealOutcome | None = None

    @property
    def is_filed(self) -> bool:
        """Whether the client filed it, and none of the staff."""
        return self.recorded_by == self.client_id

    def is_overdue(self, today: date) -> bool:
        """Whether the client waits longer than the law allows."""
        return self.outcome is None and today > self.answer_by


def number_of(year: int, number: int) -> str:
    return f"A-{year}-{number:05}"


def appeal_not_found() -> Refused:
    return Refused(
        "appeal_not_found", "There is no such appeal.", next_step="List the appeals."
    )


def appeal_answered() -> Refused:
    return Refused(
        "appeal_answered",
        "The appeal is answered, and the answer stays.",
        next_step="What the client writes anew is another appeal.",
    )


def appeal_open() -> Refused:
    return Refused(
        "appeal_open",
        "An appeal against this is open.",
        next_step="Answer that one: `kredit antifraud appeals list`.",
    )


def appeal_against_nothing() -> Refused:
    return Refused(
        "appeal_against_nothing",
        "Nothing of that name was decided of this client.",
        next_step="Name an operation, client:<id> or a suspended name.",
    )


def appeal_under_way() -> Refused:
    """What the client who files twice hears."""
    return Refused(
        "appeal_under_way",
        "An appeal of yours against this is not answered yet.",
        next_step="Look at it: it names the day by which it is answered.",
    )


def nothing_to_appeal() -> Refused:
    """What the client hears who appeals against what nobody held or refused."""
    return Refused(
        "nothing_to_appeal",
        "Nothing was held or refused there by our antifraud.",
        next_step="If something else is wrong, write us an inquiry.",
    )


def own_appeal_not_found() -> Refused:
    """No such appeal, or somebody else's."""
    return Refused(
        "not_found",
        "There is no such appeal.",
        next_step="Look at the list of your appeals.",
    )


def appeal_not_put_off() -> Refused:
    return Refused(
        "appeal_not_put_off",
        "An answer is put off once, before its day has passed.",
        next_step="Answer it.",
    )


def appeal_own_decision() -> Refused:
    return Refused(
        "appeal_own_decision",
        "Whoever decided first does not decide on the appeal.",
        next_step="Leave it to another person who may.",
    )
