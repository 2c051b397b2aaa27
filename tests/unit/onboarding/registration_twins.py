"""Twins of what is kept of registrations and clients."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from kernel.pages import Page
from services.onboarding.domain.change import Change
from services.onboarding.domain.consent import ConsentRecord
from services.onboarding.domain.person import (
    DocumentStanding,
    EndingDocument,
    Person,
)
from services.onboarding.domain.reading import Reading
from services.onboarding.domain.refusal import RefusalRecord
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.ports import Client

_ENDED = {RegistrationState.ACTIVE, RegistrationState.REFUSED}


@dataclass
class FakeRegistrations:
    rows: dict[UUID, Registration] = field(default_factory=dict)
    tries: dict[UUID, int] = field(default_factory=dict)
    persons: dict[UUID, Person] = field(default_factory=dict)
    photos: dict[UUID, str] = field(default_factory=dict)
    """Digests of accepted photos."""
    refused: list[RefusalRecord] = field(default_factory=list)

    def add(self, registration: Registration) -> None:
        self.rows[registration.registration_id] = registration

    def get(self, registration_id: UUID) -> Registration | None:
        return self.rows.get(registration_id)

    def move(
        self,
        registration_id: UUID,
        *,
        source: RegistrationState,
        target: RegistrationState,
        at: datetime,
    ) -> bool:
        row = self.rows[registration_id]
        if row.state is not source:
            return False
        self.rows[registration_id] = replace(row, state=target)
        return True

    def set_term(self, registration_id: UUID, *, until: datetime) -> None:
        found = self.rows[registration_id]
        self.rows[registration_id] = replace(found, expires_at=until)

    def refuse(
        self,
        registration_id: UUID,
        *,
        code: str,
        at: datetime,
    ) -> bool:
        row = self.rows[registration_id]
        if row.state in _ENDED:
            return False
        refused = RegistrationState.REFUSED
        self.rows[registration_id] = replace(row, state=refused, refused_code=code)
        return True

    def add_refusal(self, record: RefusalRecord) -> None:
        self.refused.insert(0, record)

    def refusals(self, registration_id: UUID) -> tuple[RefusalRecord, ...]:
        return tuple(
            one for one in self.refused if one.registration_id == registration_id
        )

    def latest_refusals(self, *, limit: int) -> tuple[RefusalRecord, ...]:
        return tuple(self.refused[:limit])

    def change_identity(self, change: Change, *, at: datetime) -> bool:
        person = self.persons[change.client_id]
        if person.identity != change.old:
            return False
        self.persons[change.client_id] = replace(
            person, names=change.identity.names, document=change.identity.document
        )
        return True

    def spend_person_try(self, registration_id: UUID, *, most: int) -> bool:
        spent = self.tries.get(registration_id, 0)
        if spent >= most:
            return False
        self.tries[registration_id] = spent + 1
        return True

    def return_person_try(self, registration_id: UUID) -> None:
        self.tries[registration_id] -= 1

    def add_person(
        self,
        client_id: UUID,
        person: Person,
        *,
        iin_token: str,
        at: datetime,
    ) -> None:
        assert client_id not in self.persons
        self.persons[client_id] = person

    def person(self, client_id: UUID) -> Person | None:
        return self.persons.get(client_id)

    def photo_sha256(self, registration_id: UUID) -> str | None:
        return self.photos.get(registration_id)

    def identified(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        waiting = [
            row.registration_id
            for row in self.rows.values()
            if row.state is RegistrationState.IDENTIFIED
        ]
        return tuple(waiting[:limit])


@dataclass
class FakeClients:
    rows: dict[UUID, Client] = field(default_factory=dict)

    def add(
        self,
        client: Client,
        *,
        at: datetime,
    ) -> bool:
        for row in self.rows.values():
            if (
                row.client_id == client.client_id
                or row.iin_token == client.iin_token
                or row.phone_token == client.phone_token
            ):
                return False
        self.rows[client.client_id] = client
        return True

    def get(self, client_id: UUID) -> Client | None:
        return self.rows.get(client_id)

    def lock(self, client_id: UUID) -> Client | None:
        return self.rows.get(client_id)

    def has_phone(self, phone_token: str) -> bool:
        return any(row.phone_token == phone_token for row in self.rows.values())

    def find(
        self, *, iin_token: str | None = None, phone_token: str | None = None
    ) -> UUID | None:
        if iin_token is None and phone_token is None:
            return None
        return next(
            (
                client_id
                for client_id, row in self.rows.items()
                if iin_token in (None, row.iin_token)
                and phone_token in (None, row.phone_token)
            ),
            None,
        )

    def change_phone(self, change: Change) -> bool:
        row = self.rows[change.client_id]
        if row.phone_token != change.old_token:
            return False
        self.rows[change.client_id] = replace(
            row, phone=change.phone, phone_token=str(change.value_token)
        )
        return True


@dataclass
class FakeConsents:
    acts: dict[UUID, list[ConsentRecord]] = field(default_factory=dict)

    def add(self, client_id: UUID, record: ConsentRecord) -> None:
        self.acts.setdefault(client_id, []).append(record)

    def history(self, client_id: UUID) -> tuple[ConsentRecord, ...]:
        return tuple(self.acts.get(client_id, ()))


@dataclass
class FakeReadings:
    rows: list[Reading] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        self.rows.insert(0, reading)

    def of_client(self, client_id: UUID, page: Page) -> tuple[Reading, ...]:
        mine = [row for row in self.rows if row.client_id == client_id]
        ids = [row.reading_id for row in mine]
        first = 0 if page.before is None else ids.index(page.before) + 1
        return tuple(mine[first : first + page.rows])


@dataclass
class FakeObligations:
    """Knows what it was told; of ceremonies it knows nothing."""

    rows: dict[UUID, tuple[UUID, bool]] = field(default_factory=dict)

    def open(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.rows.setdefault(contract_id, (client_id, True))

    def close(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.rows[contract_id] = (client_id, False)

    def reopen(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.rows[contract_id] = (client_id, True)

    def are_open(self, client_id: UUID, *, at: datetime) -> bool:
        return (client_id, True) in self.rows.values()


@dataclass
class FakeDocuments:
    """Documents by client; what was told of them by document and standing."""

    rows: dict[UUID, EndingDocument] = field(default_factory=dict)
    told: set[tuple[UUID, date, DocumentStanding]] = field(default_factory=set)

    def ending(
        self, *, today: date, until: date, limit: int
    ) -> tuple[EndingDocument, ...]:
        found = [
            row
            for row in self.rows.values()
            if row.valid_until <= until
            and (row.client_id, row.valid_until, row.standing(today)) not in self.told
        ]
        return tuple(found[:limit])

    def note(
        self, document: EndingDocument, standing: DocumentStanding, *, at: datetime
    ) -> bool:
        key = (document.client_id, document.valid_until, standing)
        fresh = key not in self.told
        self.told.add(key)
        return fresh
