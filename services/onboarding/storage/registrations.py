"""Registrations and persons in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, insert, select, update

from kernel.values import Iin, Phone
from services.onboarding.domain.change import Change
from services.onboarding.domain.person import (
    DocumentKind,
    Identity,
    IdentityDocument,
    Names,
    Person,
)
from services.onboarding.domain.refusal import Outcome, Reason, RefusalRecord
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.questions import is_due
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import (
    persons,
    photos,
    registration_refusals,
    registrations,
)

# Ids grow with time: the newest first.
_REFUSALS: Final = select(registration_refusals).order_by(
    registration_refusals.c.refusal_id.desc()
)
FINISHED: Final = (RegistrationState.ACTIVE.value, RegistrationState.REFUSED.value)


@dataclass(frozen=True, slots=True)
class SqlRegistrations:
    """`ports.Registrations` on one connection."""

    connection: Connection
    keys: KeyRing

    def add(self, registration: Registration) -> None:
        self.keys.make(
            registration.client_id,
            at=registration.started_at,
            look_at=registration.expires_at,
        )
        seal = self.keys.seal(
            "registrations", registration.registration_id, of=registration.client_id
        )
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
        if row is None or self.keys.is_erased(row.client_id):
            return None
        seal = self.keys.seal("registrations", registration_id, of=row.client_id)
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

    def set_term(self, registration_id: UUID, *, until: datetime) -> None:
        self.connection.execute(
            update(registrations)
            .where(registrations.c.registration_id == registration_id)
            .values(expires_at=until)
        )

    def refuse(self, registration_id: UUID, *, code: str, at: datetime) -> bool:
        changed = self.connection.execute(
            update(registrations)
            .where(
                registrations.c.registration_id == registration_id,
                registrations.c.state.not_in(FINISHED),
            )
            .values(
                state=RegistrationState.REFUSED.value, refused_code=code, moved_at=at
            )
        )
        return changed.rowcount == 1

    def add_refusal(self, record: RefusalRecord) -> None:
        self.connection.execute(
            insert(registration_refusals).values(
                refusal_id=record.refusal_id,
                registration_id=record.registration_id,
                code=record.code,
                reason=record.reason.value,
                outcome=record.outcome.value,
                refused_at=record.at,
            )
        )

    def refusals(self, registration_id: UUID) -> tuple[RefusalRecord, ...]:
        return self._refusals(
            _REFUSALS.where(registration_refusals.c.registration_id == registration_id)
        )

    def latest_refusals(self, *, limit: int) -> tuple[RefusalRecord, ...]:
        return self._refusals(_REFUSALS.limit(limit))

    def _refusals(self, chosen: Select[*tuple[Any, ...]]) -> tuple[RefusalRecord, ...]:
        return tuple(
            RefusalRecord(
                refusal_id=row.refusal_id,
                registration_id=row.registration_id,
                code=row.code,
                reason=Reason(row.reason),
                outcome=Outcome(row.outcome),
                at=row.refused_at,
            )
            for row in self.connection.execute(chosen)
        )

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
        seal = self.keys.seal("persons", client_id, of=client_id)
        self.connection.execute(
            insert(persons).values(
                client_id=client_id,
                iin_token=iin_token,
                iin_sealed=seal.seal_text("iin_sealed", person.iin.reveal()),
                **_sealed_identity(seal, person.identity),
                given_at=at,
            )
        )

    def change_identity(self, change: Change, *, at: datetime) -> bool:
        """One conditional update; the database looks for the proof as well."""
        mine = persons.c.client_id == change.client_id
        self.connection.execute(
            select(persons.c.client_id).where(mine).with_for_update()
        )
        person = self.person(change.client_id)
        if person is None or person.identity != change.old:
            return False
        seal = self.keys.seal("persons", change.client_id, of=change.client_id)
        self.connection.execute(
            update(persons)
            .where(mine)
            .values(**_sealed_identity(seal, change.identity), given_at=at)
        )
        return True

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
        if row is None or self.keys.is_erased(client_id):
            return None
        seal = self.keys.seal("persons", client_id, of=client_id)
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

    def photo_sha256(self, registration_id: UUID) -> str | None:
        found: str | None = self.connection.execute(
            select(photos.c.photo_sha256).where(
                photos.c.registration_id == registration_id
            )
        ).scalar_one_or_none()
        return found

    def identified(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        rows = self.connection.execute(
            select(registrations.c.registration_id)
            .where(
                registrations.c.state == RegistrationState.IDENTIFIED.value,
                is_due(registrations.c.registration_id, at=at),
            )
            .order_by(registrations.c.moved_at)
            .limit(limit)
        )
        return tuple(rows.scalars())


def _sealed_identity(seal: RowSeal, identity: Identity) -> dict[str, object]:
    """The columns of names and document."""
    names, document = identity.names, identity.document
    return {
        "surname_sealed": seal.seal_text("surname_sealed", names.surname),
        "given_name_sealed": seal.seal_text("given_name_sealed", names.given_name),
        "patronymic_sealed": (
            None
            if names.patronymic is None
            else seal.seal_text("patronymic_sealed", names.patronymic)
        ),
        "document_kind": document.kind.value,
        "document_number_sealed": seal.seal_text(
            "document_number_sealed", document.number
        ),
        "document_valid_until": document.valid_until,
    }
