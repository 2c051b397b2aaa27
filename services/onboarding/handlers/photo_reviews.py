"""Photos that wait for a person: seen, and decided on, by a member of the staff."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.onboarding import PhotoJudged
from kernel.ids import Ids
from kernel.pages import Page
from services.onboarding.domain import registration as rules_of
from services.onboarding.domain.portrait import Verdict
from services.onboarding.domain.reading import reader_of
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.registration import RegistrationState
from services.onboarding.handlers.readings import record_reading
from services.onboarding.handlers.refusals import deny
from services.onboarding.ports import Begin, Unit
from services.onboarding.ports.photos import Settled, WaitingPhoto

PURPOSE = "photo_review"

_WAITS_IN = {
    Verdict.REVIEW: RegistrationState.PHOTO_IN_REVIEW,
    Verdict.HELD: RegistrationState.PHOTO_HELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a member of the staff says of a photo, and why."""

    photo_id: UUID
    accepts: bool
    reason: str
    by: UUID


def list_waiting(*, begin: Begin, page: Page) -> Mapping[str, Json]:
    """What waits, the newest first; no picture and no name."""
    with begin() as unit:
        found = unit.photos.waiting(page)
    shown, following = page.cut(found, id_of=lambda photo: photo.photo_id)
    return {
        "photos": tuple(_shown(photo) for photo in shown),
        "next": None if following is None else str(following),
    }


def show_waiting(
    *, begin: Begin, clock: Clock, photo_id: UUID, reader: UUID
) -> Mapping[str, Json]:
    """A photo that waits, with the picture; that it was looked at is on record.

    Refused: ``photo_unknown``.
    """
    with begin() as unit:
        photo = _load(unit, photo_id)
        jpeg = unit.photos.picture(photo_id)
        registration = unit.registrations.get(photo.registration_id)
        if jpeg is None or registration is None:
            raise _unknown()
        record_reading(
            unit,
            registration.client_id,
            reader=reader_of(reader),
            purpose=PURPOSE,
            at=clock.now(),
        )
    return {**_shown(photo), "jpeg_b64": base64.b64encode(jpeg).decode()}


def decide(
    *, begin: Begin, clock: Clock, ids: Ids, decision: Decision
) -> Mapping[str, Json]:
    """Accept a photo that waits, or refuse it.

    A refused photo in review lets the client send another; a refused one that was held
    for being somebody else's ends the registration. Refused: ``photo_unknown``, and
    what the registration's own step says when it has gone on meanwhile.
    """
    now = clock.now()
    with begin() as unit:
        photo = _load(unit, decision.photo_id)
        ends = photo.verdict is Verdict.HELD and not decision.accepts
        target = (
            RegistrationState.PHOTO_ACCEPTED
            if decision.accepts
            else RegistrationState.DATA_COMPLETE
        )
        moved = (
            deny(
                unit,
                photo.registration_id,
                Reason.PHOTO_OF_ANOTHER,
                ids=ids,
                at=now,
            )
            if ends
            else unit.registrations.move(
                photo.registration_id,
                source=_WAITS_IN[photo.verdict],
                target=target,
                at=now,
            )
        )
        if not moved:
            raise rules_of.wrong_step(target)
        unit.photos.settle(
            photo.photo_id,
            how=Settled.ACCEPTED if decision.accepts else Settled.REFUSED,
            by=decision.by,
            reason=decision.reason,
            at=now,
        )
        unit.publish(
            PhotoJudged(
                registration_id=photo.registration_id,
                photo_id=photo.photo_id,
                verdict="accepted" if decision.accepts else "refused",
                photo_sha256=photo.sha256,
                faults=photo.faults,
                decided_by=decision.by,
            )
        )
    return {"photo_id": str(photo.photo_id), "accepted": decision.accepts}


def _load(unit: Unit, photo_id: UUID) -> WaitingPhoto:
    photo = unit.photos.one_waiting(photo_id)
    if photo is None:
        raise _unknown()
    return photo


def _unknown() -> Refused:
    return Refused(
        "photo_unknown",
        "No such photo waits for anybody.",
        next_step="Look at the list again: it may have been decided.",
    )


def _shown(photo: WaitingPhoto) -> Mapping[str, Json]:
    return {
        "photo_id": str(photo.photo_id),
        "registration_id": str(photo.registration_id),
        "verdict": photo.verdict.value,
        "faults": photo.faults,
        "judged_at": rfc3339(photo.judged_at),
    }
