"""What the photo of clause 4.1e needs: a judge apart, and a place for its verdicts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.onboarding.domain.portrait import Judgement, Measures, Verdict
from services.onboarding.domain.signature import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitSeen:
    """The clean picture the judge made of an upload (JPEG), and what it measured.

    `width` and `height` are pixels.
    """

    measures: Measures
    jpeg: bytes
    sha256: str
    width: int
    height: int


class PhotoJudge(Protocol):
    """The process that decodes, cleans and measures photos."""

    def look(self, raw: bytes) -> PortraitSeen:
        """Refused with a code of `photo.unfit`; Transient when it does not answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPhoto:
    """A photo with its verdict, its measures, and the record of limits it met."""

    photo_id: UUID
    registration_id: UUID
    judgement: Judgement
    upload_sha256: str
    seen: PortraitSeen
    limits_since: datetime
    judged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonProof:
    """What a provider signed about a photo; `code` None means it shows the person."""

    photo_id: UUID
    provider: str
    protocol_id: str
    code: str | None
    protocol: bytes
    evidence: Evidence
    judged_at: datetime


class Settled(StrEnum):
    """How a photo's waiting ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    """The client sent another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPhoto:
    """A photo that waits for a person."""

    photo_id: UUID
    registration_id: UUID
    verdict: Verdict
    faults: tuple[str, ...]
    sha256: str
    judged_at: datetime


class Photos(Protocol):
    """Judged photos: every verdict stays, a picture only while it is needed."""

    def spend_try(self, registration_id: UUID, *, most: int) -> bool:
        """Count one photo; False when all are spent."""
        ...

    def return_try(self, registration_id: UUID) -> None:
        """Take back a count: nobody looked."""
        ...

    def add(self, photo: JudgedPhoto) -> None:
        """Keep a verdict; the picture too unless it is refused."""
        ...

    def add_comparison(self, proof: ComparisonProof) -> None: ...

    def faults_of_last(
        self, registration_id: UUID, upload_sha256: str
    ) -> tuple[str, ...] | None:
        """What was found at the newest photo, if it was this upload and was kept."""
        ...

    def supersede(self, registration_id: UUID, *, at: datetime) -> None:
        """Another photo was sent: whatever waits of this registration waits no more."""
        ...

    def one_waiting(self, photo_id: UUID) -> WaitingPhoto | None:
        """A photo that waits, whose row is ours until the transaction ends."""
        ...

    def picture(self, photo_id: UUID) -> bytes | None:
        """The JPEG of a photo that waits."""
        ...

    def settle(
        self, photo_id: UUID, *, how: Settled, by: UUID, reason: str, at: datetime
    ) -> bool:
        """A person's decision; False when it was settled already.

        An accepted picture becomes the registration's photo, any other is forgotten.
        """
        ...
