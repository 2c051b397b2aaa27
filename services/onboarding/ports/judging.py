"""Questions to antifraud that wait for an answer."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.onboarding.domain.judging import Question


class Questions(Protocol):
    """One question for each operation, kept with its last answer."""

    def get(self, operation: str) -> Question | None: ...

    def save(self, question: Question, *, at: datetime) -> None:
        """Keep how it stands; a person's word given meanwhile stays."""
        ...

    def agree(self, operation: str, *, at: datetime) -> None:
        """A person lets go on what antifraud wants looked at: the rounds begin anew."""
        ...

    def ask_now(
        self,
        *,
        at: datetime,
        operation: str | None = None,
        client_id: UUID | None = None,
    ) -> None:
        """Begin the rounds of what waits anew, at once: of one of the two named."""
        ...
