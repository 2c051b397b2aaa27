"""Versions of the Procedure (Порядок), and when it and its measures are reviewed.

8.4: a version has the number and date of the minutes that approved it, or it is none.
8.3: the one in force is on the site, byte for byte. 8.2: it is reviewed at least once a
year, and when law or technology change. 8.1: so are the measures, on their own dates.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json
from kernel.errors import Refused

MOST_BYTES: Final = 512 * 1024
"""Of a version's text."""
_MINUTES: Final = re.compile(r"[0-9][0-9A-Za-zА-Яа-я/_-]{0,31}")
FOUNDING_MINUTES: Final = "31-03-2026"
FOUNDING_ON: Final = date(2026, 3, 31)
FOUNDING_SHA256: Final = (
    "b36ece40bcb377c4842013693a22ffdcd4682a7975c536313d14d899ca986979"
)
"""The version the platform was built for; its text ships with the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One approved text; nothing of it ever changes.

    In force from ``effective_on`` as it begins in Almaty until a later one is.
    """

    version_id: UUID
    sha256: bytes
    minutes: str
    """Number of the minutes (протокол) of the participants' general meeting."""
    approved_on: date
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A version as somebody proposes it; the text itself is kept by its digest."""

    sha256: bytes
    minutes: str
    approved_on: date
    effective_on: date

    def arguments(self) -> dict[str, Json]:
        """What two persons agree on."""
        return {
            "sha256": self.sha256.hex(),
            "minutes": self.minutes,
            "approved_on": self.approved_on.isoformat(),
            "effective_on": self.effective_on.isoformat(),
        }

    @classmethod
    def of(cls, arguments: Mapping[str, Json]) -> "Proposal":
        return cls(
            sha256=bytes.fromhex(str(arguments["sha256"])),
            minutes=str(arguments["minutes"]),
            approved_on=date.fromisoformat(str(arguments["approved_on"])),
            effective_on=date.fromisoformat(str(arguments["effective_on"])),
        )

    def version(self, version_id: UUID) -> Version:
        return Version(
            version_id=version_id,
            sha256=self.sha256,
            minutes=self.minutes,
            approved_on=self.approved_on,
            effective_on=self.effective_on,
        )


def current_at(versions: Iterable[Version], at: datetime) -> Version | None:
    """The version in force; None before the first is."""
    today = almaty_date(at)
    begun = [each for each in versions if each.effective_on <= today]
    return max(
        begun, key=lambda each: (each.effective_on, each.approved_on), default=None
    )


def refuse_unfit(
    proposal: Proposal, *, known: Iterable[Version], text: bytes, at: datetime
) -> None:
    """Refuse what cannot become a version.

    Refused: ``minutes_missing`` (8.4), ``procedure_unreadable``,
    ``procedure_dates_unfit`` (approved in the future, in force before it was approved
    or in the past beside an earlier version), ``procedure_known``.
    """
    today = almaty_date(at)
    if not _MINUTES.fullmatch(proposal.minutes):
        raise Refused(
            "minutes_missing",
            "A version comes into force by numbered minutes alone (clause 8.4).",
            next_step="Name the number and the date of the minutes.",
        )
    if not 0 < len(text) <= MOST_BYTES or not _is_text(text):
        raise Refused(
            "procedure_unreadable",
            "The text is empty, too long or not UTF-8.",
            next_step="Give the approved text as a plain file of UTF-8.",
            most_bytes=MOST_BYTES,
        )
    if (
        proposal.approved_on > today
        or proposal.effective_on < proposal.approved_on
        or proposal.effective_on < today
    ):
        raise Refused(
            "procedure_dates_unfit",
            "A version is approved first and comes into force today or later.",
            next_step="Compare the dates with the minutes.",
        )
    if any(
        each.sha256 == proposal.sha256 or each.minutes == proposal.minutes
        for each in known
    ):
        raise Refused(
            "procedure_known",
            "A version of this text or of these minutes is on record.",
            next_step="List the versions; records are never edited.",
        )


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Cause(StrEnum):
    """Why there is a review, and of what."""

    YEARLY = "yearly"
    LAW = "law"
    TECHNOLOGY = "technology"
    MEASURES = "measures"

    @property
    def returns(self) -> bool:
        """Whether another follows when one was held."""
        return self in {Cause.YEARLY, Cause.MEASURES}


class Outcome(StrEnum):
    """What a review led to."""

    KEPT = "kept"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review: due on a day of Almaty, held or not yet."""

    review_id: UUID
    cause: Cause
    subject: str
    opened_on: date
    due_on: date
    held_on: date | None = None
    outcome: Outcome | None = None
    result: str | None = None
    held_by: UUID | None = None
    warned: bool = False
    overdue_told_on: date | None = None

    def state(self, today: date) -> str:
        """``held``, ``overdue`` (from the day after it was due) or ``open``."""
        if self.held_on is not None:
            return "held"
        return "overdue" if today > self.due_on else "open"


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
