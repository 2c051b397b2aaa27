"""What antifraud answers about an operation, and what the asker does then (6.1g)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from kernel.money import Money

_FIRST_PAUSE: Final = timedelta(seconds=15)
_MOST_DOUBLINGS: Final = 16


class Going(StrEnum):
    """What becomes of an operation that was asked about."""

    ON = "on"
    NEVER = "never"
    WAITS = "waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What antifraud answered about an operation."""

    decision_id: UUID
    outcome: str
    score: int

    @property
    def going(self) -> Going:
        """Only the words themselves decide; with any other a person has to look."""
        match self.outcome:
            case "allow":
                return Going.ON
            case "refuse":
                return Going.NEVER
            case _:
                return Going.WAITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How an operation without an answer is asked about again."""

    tries: int
    """After so many rounds without an answer a person looks at it."""
    most_pause: timedelta
    """Between two rounds; shorter between the first ones."""

    def pause_after(self, tries: int) -> timedelta:
        """Doubling: who was away for a moment is asked at once, others are let be."""
        doublings = min(tries - 1, _MOST_DOUBLINGS)
        return min(_FIRST_PAUSE * (1 << doublings), self.most_pause)


class Origins(Protocol):
    """From where operations were asked for, kept until antifraud is asked of them."""

    def note(self, operation: str) -> None:
        """Keep where the request at hand comes from, if that was told.

        The last one who moved the operation on counts.
        """
        ...

    def facts(self, operation: str) -> Mapping[str, str]:
        """As antifraud takes them; none when nothing was told."""
        ...

    def forget_ended(self, *, before: datetime) -> int:
        """Forget those of operations that have ended, and those noted before.

        A share of them; how many it was.
        """
        ...


class Antifraud(Protocol):
    """Judge of operations before they go on (clause 6.1g)."""

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        """The decision.  Raises Transient when there is none: the operation waits."""
        ...
