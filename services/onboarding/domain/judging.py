"""A question to antifraud before something takes effect, and how it waits (6.1g).

There is one for each ``activation:<registration>``, ``phone_change:<change>`` and
``account_change:<change>``.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kernel.judged import Decision, Going, Rounds

REVIEW = "review"
"""The one word of antifraud's that a person of ours may settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Where a question stands; it is asked again and again until it is settled."""

    operation: str
    client_id: UUID
    tries: int = 0
    """Rounds without a yes or a no."""
    next_ask_at: datetime | None = None
    for_person_since: datetime | None = None
    agreed_at: datetime | None = None
    """When a person said that what antifraud wants looked at may go on."""
    decision_id: UUID | None = None
    outcome: str | None = None
    """The last answer; None for silence."""

    @property
    def subject_id(self) -> UUID:
        """The registration, or the change."""
        return UUID(self.operation.partition(":")[2])

    def is_due(self, at: datetime) -> bool:
        """Whether its turn has come."""
        return self.next_ask_at is None or self.next_ask_at <= at

    def answered(
        self, decision: Decision | None, *, rounds: Rounds, at: datetime
    ) -> "Ruling":
        """What an answer, or none, makes of it.

        A person's word counts for `REVIEW` alone: what is suspended, refused or not
        answered, nobody here lets through.
        """
        going = Going.WAITS if decision is None else decision.going
        if decision is not None and decision.outcome == REVIEW and self.agreed_at:
            going = Going.ON
        waits = going is Going.WAITS
        tries = self.tries + 1
        called = waits and tries >= rounds.tries and self.for_person_since is None
        return Ruling(
            question=replace(
                self,
                tries=tries,
                next_ask_at=at + rounds.pause_after(tries) if waits else None,
                for_person_since=at if called else self.for_person_since,
                decision_id=None if decision is None else decision.decision_id,
                outcome=None if decision is None else decision.outcome,
            ),
            going=going,
            calls_person=called,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A question after an answer, and what follows."""

    question: Question
    going: Going
    calls_person: bool
    """Whether with this round a person has to look."""


def activation_of(registration_id: UUID) -> str:
    """The name antifraud knows the end of a registration by."""
    return f"activation:{registration_id}"
