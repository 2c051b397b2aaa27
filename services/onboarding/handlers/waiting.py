"""Beginning and ending a waiting; the time of a registration rests meanwhile."""

from datetime import datetime
from uuid import UUID

from kernel.events.onboarding import ReviewOpened, ReviewSettled
from kernel.ids import Ids
from services.onboarding.domain.change import Change
from services.onboarding.domain.registration import Registration, unknown
from services.onboarding.domain.review import (
    Decision,
    Review,
    ReviewKind,
    ReviewRules,
    Settlement,
)
from services.onboarding.ports import Unit


def let_wait(
    unit: Unit,
    kind: ReviewKind,
    registration_id: UUID,
    *,
    subject_id: UUID,
    rules: ReviewRules,
    ids: Ids,
    at: datetime,
) -> None:
    """Put a registration into the queue: it may wait as long as the rules say."""
    found = _registration(unit, registration_id)
    review = Review(
        review_id=ids.new(),
        kind=kind,
        client_id=found.client_id,
        registration_id=registration_id,
        subject_id=subject_id,
        opened_at=at,
        until=at + rules.most,
        term_left=found.expires_at - at,
    )
    if review.until is not None:
        unit.registrations.set_term(registration_id, until=review.until)
    _open(unit, review)


def let_account_wait(
    unit: Unit, client_id: UUID, account_id: UUID, *, ids: Ids, at: datetime
) -> None:
    """Put an account nobody can tell the owner of into the queue, once."""
    _open(
        unit,
        Review(
            review_id=ids.new(),
            kind=ReviewKind.ACCOUNT_OWNER,
            client_id=client_id,
            registration_id=None,
            subject_id=account_id,
            opened_at=at,
        ),
    )


def let_change_wait(
    unit: Unit, change: Change, *, rules: ReviewRules, ids: Ids, at: datetime
) -> None:
    """Put a proved change into the queue: it may wait as long as the rules say."""
    _open(
        unit,
        Review(
            review_id=ids.new(),
            kind=ReviewKind.ANTIFRAUD,
            client_id=change.client_id,
            registration_id=None,
            subject_id=change.change_id,
            opened_at=at,
            until=at + rules.most,
        ),
    )


def end_waiting(
    unit: Unit,
    review: Review,
    how: Settlement,
    *,
    at: datetime,
    decision: Decision | None = None,
) -> bool:
    """Settle it, once; a registration has the time again that it had left."""
    if not unit.reviews.settle(review.review_id, how, at=at, decision=decision):
        return False
    if review.registration_id is not None and review.term_left is not None:
        unit.registrations.set_term(review.registration_id, until=at + review.term_left)
    unit.publish(
        ReviewSettled(
            client_id=review.client_id,
            review_id=review.review_id,
            kind=review.kind.value,
            settled_as=how.value,
            decided_by=None if decision is None else decision.by,
            agreed_by=None if decision is None else decision.agreed_by,
        )
    )
    return True


def _open(unit: Unit, review: Review) -> None:
    if unit.reviews.add(review):
        unit.publish(
            ReviewOpened(
                client_id=review.client_id,
                review_id=review.review_id,
                kind=review.kind.value,
                until=review.until,
            )
        )


def _registration(unit: Unit, registration_id: UUID) -> Registration:
    found = unit.registrations.get(registration_id)
    if found is None:
        raise unknown()
    return found
