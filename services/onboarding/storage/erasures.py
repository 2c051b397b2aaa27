"""Who is to be erased, what must be kept until when, and the end of a person's key."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.person_keys import KeyEnds
from services.onboarding.domain.erasure import ErasureRequest, Kept
from services.onboarding.storage.key_tables import erasure_requests, person_keys
from services.onboarding.storage.tables import (
    ceremonies,
    clients,
    obligations,
    photo_comparisons,
    photo_judgements,
    protocols,
    registrations,
    signatures,
)

_STANDING: Final = erasure_requests.c.withdrawn_at.is_(None)


class SqlErasures(KeyEnds):
    """`ports.Erasures` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """The ends of keys are those of the persons kept here."""
        super().__init__(connection, person_keys)

    def ask(self, request: ErasureRequest) -> bool:
        asked = self.connection.execute(
            insert(erasure_requests)
            .values(
                request_id=request.request_id,
                client_id=request.client_id,
                asked_at=request.asked_at,
            )
            .on_conflict_do_nothing()
        )
        return asked.rowcount == 1

    def withdraw(self, client_id: UUID, *, at: datetime) -> bool:
        changed = self.connection.execute(
            update(erasure_requests)
            .where(erasure_requests.c.client_id == client_id, _STANDING)
            .values(withdrawn_at=at)
        )
        return changed.rowcount == 1

    def asked(self, client_id: UUID) -> ErasureRequest | None:
        row = self.connection.execute(
            select(erasure_requests).where(
                erasure_requests.c.client_id == client_id, _STANDING
            )
        ).one_or_none()
        if row is None:
            return None
        return ErasureRequest(
            request_id=row.request_id, client_id=client_id, asked_at=row.asked_at
        )

    def kept(self, client_id: UUID, *, obliged: bool) -> Kept:
        looked_at = (
            select(func.max(photo_comparisons.c.judged_at))
            .join(
                photo_judgements,
                photo_judgements.c.photo_id == photo_comparisons.c.photo_id,
            )
            .join(
                registrations,
                registrations.c.registration_id == photo_judgements.c.registration_id,
            )
            .where(registrations.c.client_id == client_id)
        )
        identified_at = (
            select(func.max(protocols.c.judged_at))
            .join(ceremonies, ceremonies.c.ceremony_id == protocols.c.ceremony_id)
            .where(ceremonies.c.client_id == client_id)
        )
        signed_at = (
            select(func.max(signatures.c.accepted_at))
            .join(ceremonies, ceremonies.c.ceremony_id == signatures.c.ceremony_id)
            .where(ceremonies.c.client_id == client_id)
        )
        closed_at = select(func.max(obligations.c.closed_at)).where(
            obligations.c.client_id == client_id
        )
        is_client = select(clients.c.client_id).where(clients.c.client_id == client_id)
        row = self.connection.execute(
            select(
                registrations.c.expires_at,
                is_client.exists().label("is_client"),
                # greatest() of PostgreSQL passes over what is NULL
                func.greatest(
                    looked_at.scalar_subquery(), identified_at.scalar_subquery()
                ).label("biometrics_at"),
                func.greatest(
                    signed_at.scalar_subquery(), closed_at.scalar_subquery()
                ).label("documents_at"),
            ).where(registrations.c.client_id == client_id)
        ).one()
        return Kept(
            is_client=row.is_client,
            obliged=obliged,
            registered_until=row.expires_at,
            biometrics_at=row.biometrics_at,
            documents_at=row.documents_at,
        )
