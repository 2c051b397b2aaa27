"""What an export takes beside the person, from PostgreSQL."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from services.onboarding.domain.ceremony import CeremonyState
from services.onboarding.ports import Identified, PhotoOnFile
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import ceremonies, clients, photos


@dataclass(frozen=True, slots=True)
class SqlDossiers:
    """`ports.Dossiers` on one connection."""

    connection: Connection
    keys: KeyRing

    def photo(self, client_id: UUID) -> PhotoOnFile | None:
        row = self.connection.execute(
            select(
                photos.c.photo_id,
                photos.c.photo_sealed,
                photos.c.photo_sha256,
                photos.c.media_type,
            )
            .join(clients, clients.c.registration_id == photos.c.registration_id)
            .where(clients.c.client_id == client_id)
        ).one_or_none()
        if row is None:
            return None
        seal = self.keys.seal("photos", row.photo_id, of=client_id)
        return PhotoOnFile(
            media_type=row.media_type,
            sha256=row.photo_sha256,
            raw=seal.open("photo_sealed", row.photo_sealed),
        )

    def identifications(self, client_id: UUID) -> tuple[Identified, ...]:
        rows = self.connection.execute(
            select(
                ceremonies.c.ceremony_id,
                ceremonies.c.operation,
                ceremonies.c.state,
                ceremonies.c.document_sha256,
                ceremonies.c.opened_at,
            )
            .where(ceremonies.c.client_id == client_id)
            .order_by(ceremonies.c.opened_at)
        )
        return tuple(
            Identified(
                ceremony_id=row.ceremony_id,
                operation=row.operation,
                state=CeremonyState(row.state),
                document_sha256=row.document_sha256,
                opened_at=row.opened_at,
            )
            for row in rows
        )
