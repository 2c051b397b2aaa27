"""The queue of what waits for a person, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.pages import Page
from services.onboarding.domain.review import (
    Decision,
    Review,
    ReviewKind,
    Settlement,
)
from services.onboarding.storage.review_tables import reviews

_WAITS: Final = reviews.c.settled_as.is_(None)


@dataclass(frozen=True, slots=True)
class SqlReviews:
    """`ports.reviews.Reviews` on one connection."""

    connection: Connection

    def add(self, review: Review) -> bool:
        left = review.term_left
        added = self.connection.execute(
            insert(reviews)
            .values(
                review_id=review.review_id,
                kind=review.kind.value,
                client_id=review.client_id,
                registration_id=review.registration_id,
                subject_id=review.subject_id,
                opened_at=review.opened_at,
                until=review.until,
                term_left_s=None if left is None else int(left.total_seconds()),
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def waiting(self, page: Page) -> Sequence[Review]:
        chosen = select(reviews).where(_WAITS).order_by(reviews.c.review_id.desc())
        if page.before is not None:
            chosen = chosen.where(reviews.c.review_id < page.before)
        rows = self.connection.execute(chosen.limit(page.rows))
        return tuple(_review(row) for row in rows)

    def take(self, review_id: UUID) -> Review | None:
        return self._take(reviews.c.review_id == review_id)

    def take_of(self, registration_id: UUID) -> Review | None:
        return self._take(reviews.c.registration_id == registration_id)

    def settle(
        self,
        review_id: UUID,
        how: Settlement,
        *,
        at: datetime,
        decision: Decision | None = None,
    ) -> bool:
        said = {} if decision is None else _said(decision)
        changed = self.connection.execute(
            update(reviews)
            .where(reviews.c.review_id == review_id, _WAITS)
            .values(settled_as=how.value, settled_at=at, **said)
        )
        return changed.rowcount == 1

    def settle_subject(
        self, subject_id: UUID, how: Settlement, *, at: datetime
    ) -> None:
        self.connection.execute(
            update(reviews)
            .where(reviews.c.subject_id == subject_id, _WAITS)
            .values(settled_as=how.value, settled_at=at)
        )

    def overdue(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        found = self.connection.execute(
            select(reviews.c.review_id)
            .where(reviews.c.until <= at, _WAITS)
            .order_by(reviews.c.until)
            .limit(limit)
        )
        return tuple(found.scalars())

    def warn(self, *, before: datetime, at: datetime) -> Sequence[Review]:
        rows = self.connection.execute(
            update(reviews)
            .where(reviews.c.until <= before, reviews.c.warned_at.is_(None), _WAITS)
            .values(warned_at=at)
            .returning(reviews)
        )
        return tuple(_review(row) for row in rows)

    def _take(self, which: ColumnElement[bool]) -> Review | None:
        row = self.connection.execute(
            select(reviews).where(which, _WAITS).with_for_update()
        ).one_or_none()
        return None if row is None else _review(row)


def _said(decision: Decision) -> dict[str, object]:
    return {
        "settled_by": decision.by,
        "agreed_by": decision.agreed_by,
        "settled_reason": decision.reason,
    }


def _review(row: Row[*tuple[Any, ...]]) -> Review:
    left = row.term_left_s
    return Review(
        review_id=row.review_id,
        kind=ReviewKind(row.kind),
        client_id=row.client_id,
        registration_id=row.registration_id,
        subject_id=row.subject_id,
        opened_at=row.opened_at,
        until=row.until,
        term_left=None if left is None else timedelta(seconds=left),
    )
