"""What is suspended, until when, and who says what becomes of it (clause 6.1g iii).

A suspension is of an operation, a client, an account or a device.  Its term is counted
in working days; a person reviews it before the end.  Its end lets nothing go: only a
person does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.policy import Policy
from services.antifraud.domain.catalogue import Entity

NAMES: Final = (Entity.ACCOUNT, Entity.DEVICE)
"""What is suspended by its keyed name, whoever's it is."""
STANDING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "operation_held": "operation_suspended",
        "client_held": "client_suspended",
        "account_held": "account_suspended",
        "device_held": "device_suspended",
    }
)
"""What is held, and the code that says so in a decision.

It speaks whatever the rules in force say, and no release of another thing sets it
aside.
"""
STANDING_CODES: Final = frozenset(STANDING.values())
MAX_GROUND: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long suspensions last by the settings of an instant."""

    today: date
    working_days: int
    review_before: int
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        overrides = overrides_of(policy.texts("calendar.overrides", now))
        return cls(
            today=almaty_date(now),
            working_days=policy.integer("antifraud.suspend_working_days", now),
            review_before=policy.integer("antifraud.review_before_wd", now),
            calendar=WorkingCalendar(overrides),
        )

    def until(self, day: date | None = None) -> date:
        """The last day of a suspension that begins on a day, today by default."""
        return self.calendar.add_working_days(day or self.today, self.working_days)

    @property
    def looked_at_by(self) -> date:
        """What ends on this day or before has to be looked at by a person now."""
        return self.calendar.add_working_days(self.today, self.review_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """What does not move now, and until when a person has to decide on it."""

    hold_id: UUID
    held: str
    client_id: UUID | None
    held_at: datetime
    until_on: date | None
    """None for what an older release has suspended, until the beat has come by."""
    suspended_by: str | None = None
    """A member of the staff; None when rules did."""
    reason: str | None = None


def refuse_unfit_ground(ground: str) -> None:
    """Whoever holds, keeps or lets go says why.  Refused: ``ground_missing``."""
    if not 1 <= len(ground.strip()) <= MAX_GROUND:
        raise Refused(
            "ground_missing",
            "A ground must be given.",
            next_step="Say in a sentence why.",
        )


def is_name(held: str) -> bool:
    """Whether what is held is an account or a device."""
    return held.partition(":")[0] in NAMES


def not_suspended() -> Refused:
    return Refused(
        "not_suspended",
        "Nothing of that name is suspended.",
        next_step="Look up what is held: `kredit antifraud holds list`.",
    )


def already_suspended() -> Refused:
    return Refused(
        "already_suspended",
        "It is suspended already.",
        next_step="Look at it: `kredit antifraud holds list`.",
    )


def term_goes_on(until_on: date) -> Refused:
    return Refused(
        "term_goes_on",
        "The suspension is reviewed before its end, and not yet.",
        next_step="Release it, or wait until its end is near.",
        until_on=until_on.isoformat(),
    )
