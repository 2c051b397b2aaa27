"""Twins of the queues of what waits for a person, and for antifraud."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from kernel.judged import Rounds
from kernel.pages import Page
from services.onboarding.domain.judging import Question
from services.onboarding.domain.review import (
    Decision,
    Review,
    ReviewRules,
    Settlement,
)

ROUNDS = Rounds(tries=3, most_pause=timedelta(minutes=5))
REVIEWS = ReviewRules(most=timedelta(hours=72), warning=timedelta(hours=24))


@dataclass
class FakeReviews:
    rows: dict[UUID, Review] = field(default_factory=dict)
    settled: dict[UUID, tuple[Settlement, Decision | None]] = field(
        default_factory=dict
    )
    warned: set[UUID] = field(default_factory=set)

    @property
    def open(self) -> list[Review]:
        return [one for key, one in self.rows.items() if key not in self.settled]

    def add(self, review: Review) -> bool:
        if any(one.subject_id == review.subject_id for one in self.open):
            return False
        self.rows[review.review_id] = review
        return True

    def waiting(self, page: Page) -> Sequence[Review]:
        return sorted(self.open, key=lambda one: one.review_id, reverse=True)

    def take(self, review_id: UUID) -> Review | None:
        return next((one for one in self.open if one.review_id == review_id), None)

    def take_of(self, registration_id: UUID) -> Review | None:
        mine = (one for one in self.open if one.registration_id == registration_id)
        return next(mine, None)

    def settle(
        self,
        review_id: UUID,
        how: Settlement,
        *,
        at: datetime,
        decision: Decision | None = None,
    ) -> bool:
        if review_id in self.settled:
            return False
        self.settled[review_id] = (how, decision)
        return True

    def settle_subject(
        self, subject_id: UUID, how: Settlement, *, at: datetime
    ) -> None:
        for one in self.open:
            if one.subject_id == subject_id:
                self.settled[one.review_id] = (how, None)

    def overdue(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        return [one.review_id for one in self.open if one.until and one.until <= at]

    def warn(self, *, before: datetime, at: datetime) -> Sequence[Review]:
        fresh = [
            one
            for one in self.open
            if one.until and one.until <= before and one.review_id not in self.warned
        ]
        self.warned |= {one.review_id for one in fresh}
        return fresh


@dataclass
class FakeQuestions:
    """Implements `ports.judging.Questions`."""

    rows: dict[str, Question] = field(default_factory=dict)

    def get(self, operation: str) -> Question | None:
        return self.rows.get(operation)

    def save(self, question: Question, *, at: datetime) -> None:
        before = self.rows.get(question.operation)
        agreed_at = None if before is None else before.agreed_at
        self.rows[question.operation] = replace(question, agreed_at=agreed_at)

    def agree(self, operation: str, *, at: datetime) -> None:
        self.rows[operation] = replace(
            self.rows[operation],
            agreed_at=at,
            tries=0,
            next_ask_at=at,
            for_person_since=None,
        )

    def ask_now(
        self,
        *,
        at: datetime,
        operation: str | None = None,
        client_id: UUID | None = None,
    ) -> None:
        for row in list(self.rows.values()):
            if (
                row.operation == operation or row.client_id == client_id
            ) and row.next_ask_at is not None:
                self.rows[row.operation] = replace(row, tries=0, next_ask_at=at)
