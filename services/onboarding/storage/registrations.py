"""Registrations, persons and consents in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from kernel.crypto import FieldKeys
from kernel.values import Iin, Phone
from services.onboarding.domain.consent import Consent, ConsentKind
from services.onboarding.domain.person import (
    DocumentKind,
    IdentityDocument,
    Names,
    Person,
)
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import (
    consents,
    persons,
    photos,
    registrations,
)

_FINISHED = (RegistrationState.ACTIVE.value, RegistrationState.REFUSED.value)


@dataclass(frozen=True, slots=True)
class SqlRegistrations:
    """`ports.Registrations` on one connection."""

    connection: Connection
    keys: FieldKeys

    def add(self, registration: Registration) -> None:
        seal = self._seal("registrations", registration.registration_id)
        self.connection.execute(
            insert(registrations).values(
                registration_id=registration.registration_id,
                client_id=registration.client_id,
                state=registration.state.value,
                token_sha256=registration.token_sha256,
                phone_sealed=seal.seal_text(
                    "phone_sealed", registration.phone.reveal()
                ),
                challenge_id=registration.challenge_id,
                started_at=registration.started_at,
                expires_at=registration.expires_at,
                moved_at=registration.started_at,
            )
        )

    def get(self, registration_id: UUID) -> Registration | None:
        row = self.connection.execute(
            select(
                registrations.c.client_id,
                registrations.c.state,
                registrations.c.token_sha256,
                registrations.c.phone_sealed,
                registrations.c.challenge_id,
                registrations.c.started_at,
                registrations.c.expires_at,
                registrations.c.refused_code,
            ).where(registrations.c.registration_id == registration_id)
        ).one_or_none()
        if row is None:
            return None
        seal = self._seal("registrations", registration_id)
        return Registration(
            registration_id=registration_id,
            client_id=row.client_id,
            state=RegistrationState(row.state),
            token_sha256=bytes(row.token_sha256),
            phone=Phone(seal.open_text("phone_sealed", row.phone_sealed)),
            challenge_id=row.challenge_id,
            started_at=row.started_at,
            expires_at=row.expires_at,
            refused_code=row.refused_code,
        )

    def move(
        self,
        registration_id: UUID,
        *,
        source: RegistrationState,
        target: RegistrationState,
        at: datetime,
    ) -> bool:
        changed = self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.state == source.value,
            )
            .values(state=target.value, moved_at=at)
        )
        return changed.rowcount == 1

    def refuse(self, registration_id: UUID, *, code: str, at: datetime) -> bool:
        changed = self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.state.not_in(_FINISHED),
            )
            .values(
                state=RegistrationState.REFUSED.value, refused_code=code, moved_at=at
            )
        )
        return changed.rowcount == 1

    def spend_person_try(self, registration_id: UUID, *, most: int) -> bool:
        changed = self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.person_tries < most,
            )
            .values(person_tries=registrations.c.person_tries + 1)
        )
        return changed.rowcount == 1

    def return_person_try(self, registration_id: UUID) -> None:
        self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.person_tries > 0,
            )
            .values(person_tries=registrations.c.person_tries - 1)
        )

    def add_person(
        self, client_id: UUID, person: Person, *, iin_token: str, at: datetime
    ) -> None:
        seal, names = self._seal("persons", client_id), person.names
        self.connection.execute(
            insert(persons).values(
                client_id=client_id,
                iin_token=iin_token,
                iin_sealed=seal.seal_text("iin_sealed", person.iin.reveal()),
                surname_sealed=seal.seal_text("surname_sealed", names.surname),
                given_name_sealed=seal.seal_text("given_name_sealed", names.given_name),
                patronymic_sealed=(
                    None
                    if names.patronymic is None
                    else seal.seal_text("patronymic_sealed", names.patronymic)
                ),
                document_kind=person.document.kind.value,
                document_number_sealed=seal.seal_text(
                    "document_number_sealed", person.document.number
                ),
                document_valid_until=person.document.valid_until,
                given_at=at,
            )
        )

    def person(self, client_id: UUID) -> Person | None:
        row = self.connection.execute(
            select(
                persons.c.iin_sealed,
                persons.c.surname_sealed,
                persons.c.given_name_sealed,
                persons.c.patronymic_sealed,
                persons.c.document_kind,
                persons.c.document_number_sealed,
                persons.c.document_valid_until,
            ).where(persons.c.client_id == client_id)
        ).one_or_none()
        if row is None:
            return None
        seal = self._seal("persons", client_id)
        return Person(
            names=Names(
                surname=seal.open_text("surname_sealed", row.surname_sealed),
                given_name=seal.open_text("given_name_sealed", row.given_name_sealed),
                patronymic=(
                    None
                    if row.patronymic_sealed is None
                    else seal.open_text("patronymic_sealed", row.patronymic_sealed)
                ),
            ),
            iin=Iin(seal.open_text("iin_sealed", row.iin_sealed)),
            document=IdentityDocument(
                kind=DocumentKind(row.document_kind),
                number=seal.open_text(
                    "document_number_sealed", row.document_number_sealed
                ),
                valid_until=row.document_valid_until,
            ),
        )

    def add_consents(
        self, client_id: UUID, given: tuple[Consent, ...], *, at: datetime
    ) -> None:
        self.connection.execute(
            insert(consents),
            [
                {
                    "client_id": client_id,
                    "kind": consent.kind.value,
                    "text_sha256": consent.text_sha256,
                    "given_at": at,
                }
                for consent in given
            ],
        )

    def consents(self, client_id: UUID) -> tuple[Consent, ...]:
        rows = self.connection.execute(
            select(consents.c.kind, consents.c.text_sha256)
            .where(consents.c.client_id == client_id)
            .order_by(consents.c.kind)
        )
        return tuple(
            Consent(kind=ConsentKind(row.kind), text_sha256=row.text_sha256)
            for row in rows
        )

    def photo_sha256(self, registration_id: UUID) -> str | None:
        found: str | None = self.connection.execute(
            select(photos.c.photo_sha256).where(
                photos.c.registration_id == registration_id
            )
        ).scalar_one_or_none()
        return found

    def identified(self, *, limit: int) -> tuple[UUID, ...]:
        rows = self.connection.execute(
            select(registrations.c.registration_id)
            .where(registrations.c.state == RegistrationState.IDENTIFIED.value)
            .order_by(registrations.c.moved_at)
            .limit(limit)
        )
        return tuple(rows.scalars())

    def _seal(self, table: str, row: UUID) -> RowSeal:
        return RowSeal(self.keys, table, row)
