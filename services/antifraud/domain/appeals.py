"""Appeals (обращения) against what antifraud decided: one register, answered in time.

::

    open → answered

Number, day of receipt, a limit of fifteen working days that can be put off once by
fifteen more (law on microfinance activity, art. 17), a person who had no part in the
first decision, an answer that is kept (clause 6.1h iv).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.policy import Policy

LATEST: Final = 30
"""So many days an appeal may have been on its way to the register."""


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
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            answer_wd=policy.integer("appeals.answer_wd", now),
            extension_wd=policy.integer("appeals.extension_wd", now),
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
    answer_by: date
    extended_at: datetime | None = None
    extension_reason: str | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    outcome: AppealOutcome | None = None

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
