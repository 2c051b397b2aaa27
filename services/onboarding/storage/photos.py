"""Judged photos in PostgreSQL: verdicts for ever, pictures while they are needed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, insert, select, update

from kernel.crypto import canonical
from services.onboarding.domain.portrait import Verdict
from services.onboarding.ports.photos import (
    ComparisonProof,
    JudgedPhoto,
    Settled,
    WaitingPhoto,
)
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import (
    photo_comparisons,
    photo_judgements,
    photos,
    registrations,
)

_JPEG = "image/jpeg"
_WAITS = (Verdict.REVIEW, Verdict.HELD)


@dataclass(frozen=True, slots=True)
class SqlPhotos:
    """`ports.photos.Photos` on one connection."""

    connection: Connection
    keys: KeyRing

    def spend_try(self, registration_id: UUID, *, most: int) -> bool:
        changed = self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.photo_tries < most,
            )
            .values(photo_tries=registrations.c.photo_tries + 1)
        )
        return changed.rowcount == 1

    def return_try(self, registration_id: UUID) -> None:
        self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.photo_tries > 0,
            )
            .values(photo_tries=registrations.c.photo_tries - 1)
        )

    def add(self, photo: JudgedPhoto) -> None:
        verdict, seen = photo.judgement.verdict, photo.seen
        seal = self.keys.seal_of_registration(
            "photo_judgements", photo.photo_id, photo.registration_id
        )
        measures = {name: str(value) for name, value in seen.measures.items()}
        self.connection.execute(
            insert(photo_judgements).values(
                photo_id=photo.photo_id,
                registration_id=photo.registration_id,
                verdict=verdict.value,
                faults=" ".join(photo.judgement.faults),
                measures=canonical(measures).decode(),
                limits_since=photo.limits_since,
                upload_sha256=photo.upload_sha256,
                photo_sha256=seen.sha256,
                width=seen.width,
                height=seen.height,
                photo_sealed=(
                    seal.seal("photo_sealed", seen.jpeg) if verdict in _WAITS else None
                ),
                judged_at=photo.judged_at,
            )
        )
        if verdict is Verdict.ACCEPTED:
            self._keep(photo.photo_id, seen.jpeg, at=photo.judged_at)

    def add_comparison(self, proof: ComparisonProof) -> None:
        seal = self.keys.seal_of_photo("photo_comparisons", proof.photo_id)
        evidence = proof.evidence
        self.connection.execute(
            insert(photo_comparisons).values(
                photo_id=proof.photo_id,
                provider=proof.provider,
                protocol_id=proof.protocol_id,
                code=proof.code,
                protocol_sealed=seal.seal("protocol_sealed", proof.protocol),
                **seal.seal_evidence(evidence),
                judged_at=proof.judged_at,
            )
        )

    def faults_of_last(
        self, registration_id: UUID, upload_sha256: str
    ) -> tuple[str, ...] | None:
        last = self.connection.execute(
            select(photo_judgements)
            .where(photo_judgements.c.registration_id == registration_id)
            .order_by(
                photo_judgements.c.judged_at.desc(), photo_judgements.c.photo_id.desc()
            )
            .limit(1)
        ).one_or_none()
        if last is None or last.upload_sha256 != upload_sha256:
            return None
        if last.verdict == Verdict.REFUSED.value:
            return None
        return tuple(last.faults.split())

    def supersede(self, registration_id: UUID, *, at: datetime) -> None:
        self.connection.execute(
            update(photo_judgements)
            .where(
                photo_judgements.c.registration_id == registration_id,
                photo_judgements.c.photo_sealed.is_not(None),
            )
            .values(
                photo_sealed=None,
                settled_as=Settled.SUPERSEDED.value,
                settled_at=at,
            )
        )

    def one_waiting(self, photo_id: UUID) -> WaitingPhoto | None:
        row = self.connection.execute(
            _waiting().where(photo_judgements.c.photo_id == photo_id).with_for_update()
        ).one_or_none()
        return None if row is None else _read(row)

    def picture(self, photo_id: UUID) -> bytes | None:
        sealed = self.connection.execute(
            select(photo_judgements.c.photo_sealed).where(
                photo_judgements.c.photo_id == photo_id
            )
        ).scalar_one_or_none()
        if sealed is None:
            return None
        seal = self.keys.seal_of_photo("photo_judgements", photo_id)
        return seal.open("photo_sealed", sealed)

    def settle(
        self, photo_id: UUID, *, how: Settled, by: UUID, reason: str, at: datetime
    ) -> bool:
        jpeg = self.picture(photo_id)
        if jpeg is None:
            return False
        self.connection.execute(
            update(photo_judgements)
            .where(photo_judgements.c.photo_id == photo_id)
            .values(
                photo_sealed=None,
                settled_as=how.value,
                settled_by=by,
                settled_reason=reason,
                settled_at=at,
            )
        )
        if how is Settled.ACCEPTED:
            self._keep(photo_id, jpeg, at=at)
        return True

    def _keep(self, photo_id: UUID, jpeg: bytes, *, at: datetime) -> None:
        """Make a judged photo the registration's."""
        seal = self.keys.seal_of_photo("photos", photo_id)
        judged = photo_judgements.c
        row = self.connection.execute(
            select(
                judged.registration_id, judged.photo_sha256, judged.width, judged.height
            ).where(judged.photo_id == photo_id)
        ).one()
        self.connection.execute(
            insert(photos).values(
                photo_id=photo_id,
                registration_id=row.registration_id,
                photo_sealed=seal.seal("photo_sealed", jpeg),
                photo_sha256=row.photo_sha256,
                media_type=_JPEG,
                width=row.width,
                height=row.height,
                judged_at=at,
            )
        )


def _waiting() -> Select[Any]:
    judged = photo_judgements.c
    return select(
        judged.photo_id,
        judged.registration_id,
        judged.verdict,
        judged.faults,
        judged.photo_sha256,
        judged.judged_at,
    ).where(judged.photo_sealed.is_not(None))


def _read(row: Row[Any]) -> WaitingPhoto:
    return WaitingPhoto(
        photo_id=row.photo_id,
        registration_id=row.registration_id,
        verdict=Verdict(row.verdict),
        faults=tuple(row.faults.split()),
        sha256=row.photo_sha256,
        judged_at=row.judged_at,
    )
