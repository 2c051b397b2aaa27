"""Risks of fraud: what may happen, how bad it is, what holds it, who answers for it.

::

    open ⇄ accepted → closed

A risk is a chain of revisions that are only added.  To accept it takes two persons, for
what was assessed then and until a day, after which it is open again (6.1h i–iii).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from kernel.errors import Refused
from services.antifraud.domain.assessing import Assessment, Treatment
from services.antifraud.domain.duties import Duty, Owed


class Step(StrEnum):
    """What a revision did."""

    OPENED = "opened"
    REVISED = "revised"
    REVIEWED = "reviewed"
    CLOSED = "closed"


class State(StrEnum):
    """How a risk stands on a day."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One link of the chain; ``assessed`` is the number of whose assessment it has."""

    number: int
    assessed: int
    at: datetime
    by: UUID
    step: Step
    words: str
    says: Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Two persons bear what was assessed in a revision, until a day."""

    revision: int
    accepted_at: datetime
    asked_by: UUID
    approved_by: UUID
    reason: str
    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A risk as it stands: its last revision and its last acceptance."""

    risk_id: UUID
    number: int
    opened_at: datetime
    revision: Revision
    acceptance: Acceptance | None

    @property
    def is_closed(self) -> bool:
        return self.revision.step is Step.CLOSED

    def state(self, today: date) -> State:
        """Accepted while the day lasts and nothing was assessed anew."""
        if self.is_closed:
            return State.CLOSED
        accepted = self._accepted
        holds = accepted is not None and accepted.until_on >= today
        return State.ACCEPTED if holds else State.OPEN

    def overdue(self, today: date) -> Sequence[Owed]:
        """What is owed since which day."""
        if self.is_closed:
            return []
        said, accepted = self.revision.says, self._accepted
        planned = said.due_on if said.treatment is not Treatment.ACCEPT else None
        days = {
            Duty.REVIEW: said.review_on,
            Duty.TREATMENT: planned,
            Duty.ACCEPTANCE: None if accepted is None else accepted.until_on,
        }
        return [
            Owed(f"risk:{self.risk_id}", duty, day)
            for duty, day in days.items()
            if day is not None and day < today
        ]

    @property
    def _accepted(self) -> Acceptance | None:
        """The acceptance of what is assessed now; a new assessment ends it."""
        found = self.acceptance
        return found if found and found.revision == self.revision.assessed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A risk with every revision and acceptance, the oldest first."""

    risk: Risk
    revisions: Sequence[Revision]
    acceptances: Sequence[Acceptance]


def number_of(number: int) -> str:
    """As persons name it: ``R-7``."""
    return f"R-{number}"


def risk_not_found() -> Refused:
    return Refused(
        "risk_not_found",
        "There is no such risk.",
        next_step="List them: `kredit antifraud risks list`.",
    )


def risk_closed() -> Refused:
    return Refused(
        "risk_closed",
        "The risk is closed and stays as it is.",
        next_step="What may happen again is a risk of its own: open it.",
    )


def risk_changed() -> Refused:
    return Refused(
        "risk_changed",
        "The risk was assessed anew since this was asked.",
        next_step="Look at it again; who wants it accepted asks anew.",
    )


def risk_is_yours() -> Refused:
    return Refused(
        "risk_is_yours",
        "Whoever answers for a risk does not decide to bear it.",
        next_step="Let another person who may decide look at it.",
    )
