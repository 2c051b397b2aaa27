"""Which row is sealed by whose key: `kernel.person_keys` for the tables kept here."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, select

from kernel.crypto import FieldKeys
from kernel.person_keys import PersonKeys, SealedColumn
from services.onboarding.storage.key_tables import person_keys
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import (
    ceremonies,
    metadata,
    photo_judgements,
    registrations,
)


class KeyRing(PersonKeys):
    """The keys of the persons one transaction deals with, each read once."""

    def __init__(self, connection: Connection, service: FieldKeys) -> None:
        """`service` holds the keys that wrap those of persons."""
        super().__init__(connection, service, person_keys, _sealed_of)

    def seal(self, table: str, row: UUID, *, of: UUID) -> RowSeal:
        """Seals and opens one row of a person's.  ErasedError if that one is erased."""
        return RowSeal(self.of(of), table, row)

    def seal_of_registration(self, table: str, row: UUID, of: UUID) -> RowSeal:
        """The same, the person named by the registration."""
        return self.seal(
            table, row, of=self._person(registrations.c.registration_id == of)
        )

    def seal_of_ceremony(self, table: str, row: UUID, of: UUID) -> RowSeal:
        """The same, the person named by the ceremony."""
        found: UUID = self.connection.execute(
            select(ceremonies.c.client_id).where(ceremonies.c.ceremony_id == of)
        ).scalar_one()
        return self.seal(table, row, of=found)

    def seal_of_photo(self, table: str, photo_id: UUID) -> RowSeal:
        """The same, for a photo whose judgement is on record."""
        registration = select(photo_judgements.c.registration_id).where(
            photo_judgements.c.photo_id == photo_id
        )
        person = self._person(
            registrations.c.registration_id == registration.scalar_subquery()
        )
        return self.seal(table, photo_id, of=person)

    def _person(self, which: ColumnElement[bool]) -> UUID:
        found: UUID = self.connection.execute(
            select(registrations.c.client_id).where(which)
        ).scalar_one()
        return found


def _sealed_of(client_id: UUID) -> list[SealedColumn]:
    """Every sealed column; a row is named in its seal by its one key."""
    found: list[SealedColumn] = []
    for table in metadata.sorted_tables:
        if table is person_keys:
            continue
        for column in table.columns:
            if column.name.endswith("_sealed"):
                (key,) = table.primary_key.columns
                own = _own(table, client_id)
                found.append(SealedColumn(column=column, key=key, row=key, own=own))
    return found


def _own(table: Table, client_id: UUID) -> ColumnElement[bool]:
    """Which rows of a table are a person's."""
    own_registrations = select(registrations.c.registration_id).where(
        registrations.c.client_id == client_id
    )
    own_ceremonies = select(ceremonies.c.ceremony_id).where(
        ceremonies.c.client_id == client_id
    )
    own_photos = select(photo_judgements.c.photo_id).where(
        photo_judgements.c.registration_id.in_(own_registrations)
    )
    own: ColumnElement[Any]
    if "client_id" in table.c:
        own = table.c.client_id == client_id
    elif "ceremony_id" in table.c:
        own = table.c.ceremony_id.in_(own_ceremonies)
    elif "registration_id" in table.c:
        own = table.c.registration_id.in_(own_registrations)
    else:
        own = table.c.photo_id.in_(own_photos)
    return own
