"""The queue of what waits for a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.pages import Page
from services.onboarding.domain.review import Decision, Review, Settlement


class Reviews(Protocol):
    """What waits; how a waiting ended is kept for ever."""

    def add(self, review: Review) -> bool:
        """False when its subject waits already."""
        ...

    def waiting(self, page: Page) -> Sequence[Review]:
        """What waits, the newest first; one more than the page shows, if there is."""
        ...

    def take(self, review_id: UUID) -> Review | None:
        """One that waits, whose row is ours until the transaction ends."""
        ...

    def take_of(self, registration_id: UUID) -> Review | None:
        """The same, of a registration."""
        ...

    def settle(
        self,
        review_id: UUID,
        how: Settlement,
        *,
        at: datetime,
        decision: Decision | None = None,
    ) -> bool:
        """End the waiting; False when it ended before."""
        ...

    def settle_subject(
        self, subject_id: UUID, how: Settlement, *, at: datetime
    ) -> None:
        """End the waiting about a subject, if there is one."""
        ...

    def overdue(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """What has waited until its end."""
        ...

    def warn(self, *, before: datetime, at: datetime) -> Sequence[Review]:
        """What ends before an instant, each told once."""
        ...
