"""The queue as the staff work on it: seen, decided, by two persons where two must."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken
from kernel.events.onboarding import PhotoJudged
from kernel.ids import Ids
from kernel.pages import Page
from kernel.values import Phone
from services.onboarding.domain import registration as rules_of
from services.onboarding.domain.account import (
    Destination,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.change import DECLINED, EXPIRED, Change
from services.onboarding.domain.judging import activation_of
from services.onboarding.domain.reading import reader_of
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.registration import RegistrationState
from services.onboarding.domain.review import (
    Decision,
    Review,
    ReviewKind,
    Settlement,
    unknown_review,
)
from services.onboarding.handlers.accounts import record_ownership
from services.onboarding.handlers.readings import record_reading
from services.onboarding.handlers.refusals import deny
from services.onboarding.handlers.waiting import end_waiting
from services.onboarding.ports import Begin, Rules, Unit
from services.onboarding.ports.photos import Settled

OVERRIDE: Final = "override_review"
"""What two persons agree on: the name it has among the approvals."""
AT_ONCE: Final = 20
"""Overdue reviews ended per beat."""

PURPOSES: Final[Mapping[ReviewKind, str]] = {
    ReviewKind.PHOTO_IN_DOUBT: "photo_review",
    ReviewKind.PHOTO_HELD: "photo_review",
    ReviewKind.PHONE_OWNER: "phone_review",
    ReviewKind.ACCOUNT_OWNER: "account_review",
    ReviewKind.ANTIFRAUD: "antifraud_review",
}
_WAITS_IN: Final[Mapping[ReviewKind, RegistrationState]] = {
    ReviewKind.PHOTO_IN_DOUBT: RegistrationState.PHOTO_IN_REVIEW,
    ReviewKind.PHOTO_HELD: RegistrationState.PHOTO_HELD,
    ReviewKind.PHONE_OWNER: RegistrationState.DATA_IN_REVIEW,
}
_APPROVED: Final[Mapping[ReviewKind, RegistrationState]] = {
    ReviewKind.PHOTO_IN_DOUBT: RegistrationState.PHOTO_ACCEPTED,
    ReviewKind.PHOTO_HELD: RegistrationState.PHOTO_ACCEPTED,
    ReviewKind.PHONE_OWNER: RegistrationState.DATA_COMPLETE,
}
_ENDS: Final[Mapping[ReviewKind, Reason]] = {
    ReviewKind.PHOTO_HELD: Reason.PHOTO_OF_ANOTHER,
    ReviewKind.PHONE_OWNER: Reason.PHONE_NOT_SHOWN,
}
"""Why a registration ends when a person says no."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """What one look at the queue came to."""

    warned: tuple[Review, ...]
    ended: int


def list_waiting(*, begin: Begin, page: Page) -> Mapping[str, Json]:
    """What waits, the newest first; ids and words alone."""
    with begin() as unit:
        found = unit.reviews.waiting(page)
    shown, following = page.cut(found, id_of=lambda review: review.review_id)
    return {
        "reviews": tuple(_line(review) for review in shown),
        "next": None if following is None else str(following),
    }


def show_waiting(
    *, begin: Begin, clock: Clock, review_id: UUID, reader: UUID
) -> Mapping[str, Json]:
    """What a person has to see to decide; that it was looked at is on record.

    Refused ``review_unknown``.
    """
    with begin() as unit:
        review = _take(unit, review_id)
        seen = _seen(unit, review)
        record_reading(
            unit,
            review.client_id,
            reader=reader_of(reader),
            purpose=PURPOSES[review.kind],
            at=clock.now(),
        )
    return {**_line(review), **seen}


def effect_of(*, begin: Begin, review_id: UUID, approves: bool) -> str | None:
    """What a second person would agree to; None where one person suffices.

    Refused ``review_unknown``.
    """
    with begin() as unit:
        review = _take(unit, review_id)
    if not review.needs_two(approves=approves):
        return None
    return f"{review.kind.value} of client {review.client_id} is let through"


def decide(
    *, begin: Begin, clock: Clock, ids: Ids, review_id: UUID, decision: Decision
) -> Mapping[str, Json]:
    """Let through what waits, or not, in a transaction of its own; see `settle`."""
    with begin() as unit:
        settle(unit, review_id, decision, ids=ids, at=clock.now())
    return {"review_id": str(review_id), "approved": decision.approves}


def settle(
    unit: Unit, review_id: UUID, decision: Decision, *, ids: Ids, at: datetime
) -> None:
    """Carry a decision out.

    A rejected photo in doubt lets the client send another; what else is rejected ends
    the registration, an account just stays unproved.  An approved account is proved by
    two persons' word, kept like the bank's.  What antifraud wanted looked at is asked
    about once more, and goes on unless it is suspended or refused by then.

    Refused: ``review_unknown``, and what the registration's own step says when it has
    gone on meanwhile.  Broken for one person's word where two are needed.
    """
    review = _take(unit, review_id)
    if review.needs_two(approves=decision.approves) and decision.agreed_by is None:
        raise Broken("one person cannot let this through")
    end_waiting(unit, review, decision.settles_as, at=at, decision=decision)
    if review.kind is ReviewKind.ACCOUNT_OWNER:
        if decision.approves:
            _prove(unit, review, ids=ids, at=at)
        return
    if review.kind is ReviewKind.ANTIFRAUD:
        _settle_judged(unit, review, decision, ids=ids, at=at)
        return
    _move(unit, review, decision, ids=ids, at=at)
    if review.kind is not ReviewKind.PHONE_OWNER:
        _settle_photo(unit, review, decision, at=at)


def end_overdue(*, begin: Begin, clock: Clock, ids: Ids, rules: Rules) -> Overdue:
    """Tell, once, of what nobody has decided yet, and end what waited too long.

    What ends so was not refused for anything the person did.
    """
    now = clock.now()
    with begin() as unit:
        warned = unit.reviews.warn(before=now + rules.reviews(now).warning, at=now)
        overdue = unit.reviews.overdue(at=now, limit=AT_ONCE)
    ended = 0
    for review_id in overdue:
        with begin() as unit:
            review = unit.reviews.take(review_id)
            if review is None:
                continue
            end_waiting(unit, review, Settlement.RUN_OUT, at=now)
            _run_out(unit, review, ids=ids, at=now)
            ended += 1
    return Overdue(warned=tuple(warned), ended=ended)


def _run_out(unit: Unit, review: Review, *, ids: Ids, at: datetime) -> None:
    reason = Reason.REVIEW_RAN_OUT
    if review.registration_id is None:
        unit.changes.refuse(review.subject_id, code=EXPIRED, reason=reason, at=at)
        return
    unit.photos.supersede(review.registration_id, at=at)
    deny(unit, review.registration_id, reason, ids=ids, at=at)


def _settle_judged(
    unit: Unit, review: Review, decision: Decision, *, ids: Ids, at: datetime
) -> None:
    """A yes is no leave by itself: antifraud is asked once more, and at once."""
    if decision.approves:
        unit.questions.agree(_operation_of(unit, review), at=at)
    elif review.registration_id is None:
        reason = Reason.ANTIFRAUD_DOUBT
        unit.changes.refuse(review.subject_id, code=DECLINED, reason=reason, at=at)
    else:
        deny(unit, review.registration_id, Reason.ANTIFRAUD_DOUBT, ids=ids, at=at)


def _operation_of(unit: Unit, review: Review) -> str:
    """What antifraud knows by its name."""
    if review.registration_id is not None:
        return activation_of(review.registration_id)
    return _change_of(unit, review).operation


def _change_of(unit: Unit, review: Review) -> Change:
    change = unit.changes.get(review.subject_id)
    if change is None:
        raise Broken("a change waits that is not there")
    return change


def _take(unit: Unit, review_id: UUID) -> Review:
    review = unit.reviews.take(review_id)
    if review is None:
        raise unknown_review()
    return review


def _move(
    unit: Unit, review: Review, decision: Decision, *, ids: Ids, at: datetime
) -> None:
    """The step of the registration; Refused when it has gone on meanwhile."""
    if review.registration_id is None:
        raise Broken("a review of a registration names none")
    target = (
        _APPROVED[review.kind] if decision.approves else RegistrationState.DATA_COMPLETE
    )
    reason = _ENDS.get(review.kind)
    moved = (
        deny(unit, review.registration_id, reason, ids=ids, at=at)
        if reason is not None and not decision.approves
        else unit.registrations.move(
            review.registration_id,
            source=_WAITS_IN[review.kind],
            target=target,
            at=at,
        )
    )
    if not moved:
        raise rules_of.wrong_step(target)


def _settle_photo(
    unit: Unit, review: Review, decision: Decision, *, at: datetime
) -> None:
    photo = unit.photos.one_waiting(review.subject_id)
    if photo is None:
        raise Broken("a photo waits that is not kept")
    unit.photos.settle(
        photo.photo_id,
        how=Settled.ACCEPTED if decision.approves else Settled.REFUSED,
        by=decision.by,
        reason=decision.reason,
        at=at,
    )
    unit.publish(
        PhotoJudged(
            registration_id=photo.registration_id,
            photo_id=photo.photo_id,
            verdict="accepted" if decision.approves else "refused",
            photo_sha256=photo.sha256,
            faults=photo.faults,
            decided_by=decision.by,
        )
    )


def _prove(unit: Unit, review: Review, *, ids: Ids, at: datetime) -> None:
    """Keep the two persons' word as an answer about the account's owner."""
    account = unit.accounts.get(review.subject_id)
    if account is None:
        raise unknown_review()
    answer = Ownership(
        verdict=OwnershipVerdict.MATCH,
        evidence_id=f"review:{review.review_id}",
        checked_at=at,
    )
    record_ownership(unit, account, answer, ids=ids)


def _seen(unit: Unit, review: Review) -> Mapping[str, Json]:
    """What the decision is about, in clear."""
    person = unit.registrations.person(review.client_id)
    if person is None:
        raise Broken("somebody waits who gave no data")
    names = person.names.full()
    match review.kind:
        case ReviewKind.PHOTO_IN_DOUBT | ReviewKind.PHOTO_HELD:
            photo = unit.photos.one_waiting(review.subject_id)
            jpeg = unit.photos.picture(review.subject_id)
            if photo is None or jpeg is None:
                raise Broken("a photo waits that is not kept")
            return {
                "faults": photo.faults,
                "jpeg_b64": base64.b64encode(jpeg).decode(),
            }
        case ReviewKind.PHONE_OWNER:
            found = unit.registrations.get(review.subject_id)
            phone = None if found is None else found.phone.reveal()
            return {"names": names, "iin": person.iin.reveal(), "phone": phone}
        case ReviewKind.ACCOUNT_OWNER:
            account = unit.accounts.get(review.subject_id)
            if account is None:
                raise unknown_review()
            return {"names": names, "account": account.destination.reveal()}
        case ReviewKind.ANTIFRAUD:
            seen = {"names": names, "iin": person.iin.reveal()}
            return {**seen, **_seen_by_antifraud(unit, review)}


def _seen_by_antifraud(unit: Unit, review: Review) -> Mapping[str, Json]:
    """What it was asked, its last answer, and what would come, in clear."""
    question = unit.questions.get(_operation_of(unit, review))
    coming = None
    if review.registration_id is None:
        coming = _change_of(unit, review).value
    return {
        "operation": _operation_of(unit, review),
        "outcome": None if question is None else question.outcome,
        "decision_id": jsonable(None if question is None else question.decision_id),
        "value": coming.reveal() if isinstance(coming, Phone | Destination) else None,
    }


def _line(review: Review) -> Mapping[str, Json]:
    return {
        "review_id": str(review.review_id),
        "kind": review.kind.value,
        "client_id": str(review.client_id),
        "registration_id": jsonable(review.registration_id),
        "opened_at": rfc3339(review.opened_at),
        "until": jsonable(review.until),
    }
