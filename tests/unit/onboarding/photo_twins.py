"""Twins of the ports of photos, and measures of a photo nothing is wrong with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.errors import Refused, Transient
from kernel.starting_policy import STARTING_POLICY
from services.onboarding.domain.photo import unfit
from services.onboarding.domain.portrait import PhotoLimits, Verdict
from services.onboarding.ports.photos import (
    ComparisonProof,
    JudgedPhoto,
    PortraitSeen,
    Settled,
    WaitingPhoto,
)
from tests.unit.onboarding.builders import NOW

if TYPE_CHECKING:
    from tests.unit.onboarding.registration_twins import FakeRegistrations
    from tests.unit.onboarding.unit_twins import FakeUnit

_KEY: Final = "onboarding.photo_limits"
LIMITS: Final = PhotoLimits.parse(
    STARTING_POLICY.texts(_KEY, NOW),
    since=STARTING_POLICY.setting_at(_KEY, NOW).effective_at.astimezone(UTC),
)
_GOOD: Final = {
    "detected": "1",
    "meshed": "1",
    "yaw": "0.4",
    "pitch": "2.1",
    "roll": "-0.7",
    "smile": "0.006",
    "mouth_gap": "0.015",
    "background_light": "93",
    "background_dark": "92",
    "background_spread": "0.3",
    "background_edges": "0.001",
    "background_chroma": "0",
    "face_height": "0.5",
    "face_width": "277",
    "off_centre": "0.003",
    "eyes": "0.31",
    "sharpness": "190",
    "bytes_per_pixel": "0.12",
    "brightness": "158",
    "clipped": "0",
    "side_light": "0.05",
}


def measured(**changed: str | None) -> dict[str, Decimal]:
    """Measures of a good photo, some of them changed, or left out with None."""
    given = _GOOD | changed
    return {name: Decimal(value) for name, value in given.items() if value is not None}


@dataclass
class FakePhotos:
    registrations: FakeRegistrations
    tries: dict[UUID, int] = field(default_factory=dict)
    judged: list[JudgedPhoto] = field(default_factory=list)
    comparisons: list[ComparisonProof] = field(default_factory=list)
    pictures: dict[UUID, bytes] = field(default_factory=dict)
    """Of photos that wait."""
    settled: dict[UUID, tuple[Settled, UUID | None]] = field(default_factory=dict)

    def spend_try(self, registration_id: UUID, *, most: int) -> bool:
        spent = self.tries.get(registration_id, 0)
        if spent >= most:
            return False
        self.tries[registration_id] = spent + 1
        return True

    def return_try(self, registration_id: UUID) -> None:
        self.tries[registration_id] -= 1

    def add(self, photo: JudgedPhoto) -> None:
        self.judged.append(photo)
        match photo.judgement.verdict:
            case Verdict.ACCEPTED:
                self._keep(photo)
            case Verdict.REVIEW | Verdict.HELD:
                self.pictures[photo.photo_id] = photo.seen.jpeg
            case Verdict.REFUSED:
                pass

    def add_comparison(self, proof: ComparisonProof) -> None:
        assert any(photo.photo_id == proof.photo_id for photo in self.judged)
        self.comparisons.append(proof)

    def faults_of_last(
        self, registration_id: UUID, upload_sha256: str
    ) -> tuple[str, ...] | None:
        sent = [one for one in self.judged if one.registration_id == registration_id]
        if not sent or sent[-1].upload_sha256 != upload_sha256:
            return None
        judgement = sent[-1].judgement
        if judgement.verdict is Verdict.REFUSED:
            return None
        return tuple(fault.value for fault in judgement.faults)

    def supersede(self, registration_id: UUID, *, at: datetime) -> None:
        for photo in self.judged:
            if (
                photo.registration_id == registration_id
                and photo.photo_id in self.pictures
            ):
                del self.pictures[photo.photo_id]
                self.settled[photo.photo_id] = (Settled.SUPERSEDED, None)

    def one_waiting(self, photo_id: UUID) -> WaitingPhoto | None:
        if photo_id not in self.pictures:
            return None
        return _waiting(self._judged(photo_id))

    def picture(self, photo_id: UUID) -> bytes | None:
        return self.pictures.get(photo_id)

    def settle(
        self, photo_id: UUID, *, how: Settled, by: UUID, reason: str, at: datetime
    ) -> bool:
        if photo_id not in self.pictures:
            return False
        del self.pictures[photo_id]
        self.settled[photo_id] = (how, by)
        if how is Settled.ACCEPTED:
            self._keep(self._judged(photo_id))
        return True

    def _judged(self, photo_id: UUID) -> JudgedPhoto:
        return next(photo for photo in self.judged if photo.photo_id == photo_id)

    def _keep(self, photo: JudgedPhoto) -> None:
        self.registrations.photos[photo.registration_id] = photo.seen.sha256


def _waiting(photo: JudgedPhoto) -> WaitingPhoto:
    return WaitingPhoto(
        photo_id=photo.photo_id,
        registration_id=photo.registration_id,
        verdict=photo.judgement.verdict,
        faults=tuple(fault.value for fault in photo.judgement.faults),
        sha256=photo.seen.sha256,
        judged_at=photo.judged_at,
    )


def seen(**changed: str | None) -> PortraitSeen:
    jpeg = b"clean picture"
    return PortraitSeen(
        measures=measured(**changed),
        jpeg=jpeg,
        sha256=sha256_hex(jpeg),
        width=480,
        height=640,
    )


@dataclass
class FakeJudge:
    """Sees what it is told to see."""

    unit: FakeUnit
    sees: PortraitSeen | str | None = field(default_factory=seen)
    """A refusal's code; None when it does not answer."""
    asked: int = 0

    def look(self, raw: bytes) -> PortraitSeen:
        assert not self.unit.open, "a call to the outside inside a transaction"
        self.asked += 1
        if self.sees is None:
            raise Transient("the photo judge does not answer")
        if isinstance(self.sees, str):
            raise unfit(self.sees)
        return self.sees

    def measures(self, **changed: str | None) -> None:
        """What it will see from now on."""
        self.sees = replace(seen(), measures=measured(**changed))


def refusal_of(error: Refused) -> tuple[str, list[str]]:
    return error.code, str(error.details.get("faults", "")).split()
