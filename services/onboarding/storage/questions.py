"""Questions to antifraud, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.onboarding.domain.judging import Question
from services.onboarding.storage.review_tables import questions


@dataclass(frozen=True, slots=True)
class SqlQuestions:
    """`ports.judging.Questions` on one connection."""

    connection: Connection

    def get(self, operation: str) -> Question | None:
        row = self.connection.execute(
            select(questions).where(questions.c.operation == operation)
        ).one_or_none()
        if row is None:
            return None
        return Question(
            operation=row.operation,
            client_id=row.client_id,
            tries=row.tries,
            next_ask_at=row.next_ask_at,
            for_person_since=row.for_person_since,
            agreed_at=row.agreed_at,
            decision_id=row.decision_id,
            outcome=row.outcome,
        )

    def save(self, question: Question, *, at: datetime) -> None:
        stands = {
            "tries": question.tries,
            "next_ask_at": question.next_ask_at,
            "for_person_since": question.for_person_since,
            "decision_id": question.decision_id,
            "outcome": question.outcome,
            "asked_at": at,
        }
        self.connection.execute(
            insert(questions)
            .values(
                operation=question.operation,
                subject_id=question.subject_id,
                client_id=question.client_id,
                **stands,
            )
            .on_conflict_do_update(index_elements=["operation"], set_=stands)
        )

    def agree(self, operation: str, *, at: datetime) -> None:
        self.connection.execute(
            update(questions)
            .where(questions.c.operation == operation)
            .values(agreed_at=at, tries=0, next_ask_at=at, for_person_since=None)
        )

    def ask_now(
        self,
        *,
        at: datetime,
        operation: str | None = None,
        client_id: UUID | None = None,
    ) -> None:
        self.connection.execute(
            update(questions)
            .where(
                or_(
                    questions.c.operation == operation,
                    questions.c.client_id == client_id,
                ),
                questions.c.next_ask_at.is_not(None),
            )
            .values(tries=0, next_ask_at=at)
        )


def is_due(subject_id: ColumnElement[UUID], *, at: datetime) -> ColumnElement[bool]:
    """Whether what a subject is asked about is not waiting for its next round."""
    waits = select(questions.c.operation).where(
        questions.c.subject_id == subject_id, questions.c.next_ask_at > at
    )
    return ~waits.exists()
