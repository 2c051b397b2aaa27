"""The keys of persons: what is sealed of somebody opens by that person's key alone.

A person's key is wrapped by the service's key and stands in one row.  Who has none yet
(a person of before there were such keys) is sealed by the service's key still, until
`KeyRing.take_further` has come by.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FIELD_KEY_BYTES, FieldKeys, UnsealError, random_bytes
from services.onboarding.storage.key_tables import person_keys
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import (
    ceremonies,
    metadata,
    photo_judgements,
    registrations,
)

PERSON: Final = "person"
"""The id under which sealed bytes name the key of their person."""

_MARK: Final = b"\x01" + bytes([len(PERSON)]) + PERSON.encode()
"""How everything begins that a person's key has sealed."""

IN_FLIGHT: Final = timedelta(minutes=1)
"""Longer than any transaction: after it nobody writes who did not see a new key."""


@dataclass(slots=True)
class KeyRing:
    """The keys of the persons one transaction deals with, each read once."""

    connection: Connection
    service: FieldKeys
    _held: dict[UUID, FieldKeys | None] = field(default_factory=dict)

    def seal(self, table: str, row: UUID, *, of: UUID) -> RowSeal:
        """Seals and opens one row of a person's.  UnsealError if that one is erased."""
        keys = self._keys(of)
        if keys is None:
            raise UnsealError("the key of this person was destroyed")
        return RowSeal(keys, table, row)

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

    def is_erased(self, client_id: UUID) -> bool:
        """Whether nothing of the person can be opened any more."""
        return self._keys(client_id) is None

    def make(self, client_id: UUID, *, at: datetime, look_at: datetime) -> None:
        """A key for somebody new, where older releases are gone (migration 0012)."""
        key = random_bytes(FIELD_KEY_BYTES)
        self.connection.execute(
            insert(person_keys)
            .values(
                client_id=client_id,
                made_at=at,
                whole_at=at,
                look_at=look_at,
                **self._wrapped(client_id, key),
            )
            .on_conflict_do_nothing()
        )

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons without a key, or not sealed by it alone, or wrapped by an old one.

        A key that was just made rests a while first: see `IN_FLIGHT`.
        """
        active, keys = self.service.active, person_keys.c
        partial = keys.whole_at.is_(None) & or_(
            keys.made_at.is_(None), keys.made_at <= at - IN_FLIGHT
        )
        other_wrapping = or_(keys.wrapped_by < active, keys.wrapped_by > active)
        found = self.connection.execute(
            select(keys.client_id)
            .where(keys.destroyed_at.is_(None), or_(partial, other_wrapping))
            .limit(limit)
        )
        return tuple(found.scalars())

    def take_further(self, client_id: UUID, *, at: datetime) -> None:
        """One step: make the key, or seal everything by it, or wrap it anew.

        Again after a crash it does what is left.  UnsealError when a field is broken.
        """
        row = self.connection.execute(
            select(person_keys)
            .where(person_keys.c.client_id == client_id)
            .with_for_update()
        ).one()
        if row.key_sealed is None:
            key = random_bytes(FIELD_KEY_BYTES)
            self._save(client_id, made_at=at, **self._wrapped(client_id, key))
            return
        if row.whole_at is None and row.made_at <= at - IN_FLIGHT:
            for column, rows in _fields_of(client_id):
                self._reseal(client_id, column, rows)
            self._save(client_id, whole_at=at)
        if row.wrapped_by != self.service.active:
            self._save(
                client_id, **self._wrapped(client_id, self._unwrapped(client_id, row))
            )

    def _keys(self, client_id: UUID) -> FieldKeys | None:
        """The keys that open what is the person's; None after an erasure."""
        if client_id not in self._held:
            row = self.connection.execute(
                select(person_keys.c.key_sealed, person_keys.c.destroyed_at).where(
                    person_keys.c.client_id == client_id
                )
            ).one_or_none()
            self._held[client_id] = self._ring(client_id, row)
        return self._held[client_id]

    def _ring(
        self, client_id: UUID, row: Row[*tuple[Any, ...]] | None
    ) -> FieldKeys | None:
        if row is None:
            return self.service
        if row.destroyed_at is not None:
            return None
        if row.key_sealed is None:
            return self.service
        own = {PERSON: self._unwrapped(client_id, row)}
        return FieldKeys(PERSON, {**self.service.keys, **own})

    def _person(self, which: ColumnElement[bool]) -> UUID:
        found: UUID = self.connection.execute(
            select(registrations.c.client_id).where(which)
        ).scalar_one()
        return found

    def _wrapping(self, client_id: UUID) -> RowSeal:
        return RowSeal(self.service, "person_keys", client_id)

    def _wrapped(self, client_id: UUID, key: bytes) -> dict[str, bytes | str]:
        return {
            "key_sealed": self._wrapping(client_id).seal("key_sealed", key),
            "wrapped_by": self.service.active,
        }

    def _unwrapped(self, client_id: UUID, row: Row[*tuple[Any, ...]]) -> bytes:
        return self._wrapping(client_id).open("key_sealed", row.key_sealed)

    def _save(self, client_id: UUID, **values: object) -> None:
        self.connection.execute(
            update(person_keys)
            .where(person_keys.c.client_id == client_id)
            .values(**values)
        )

    def _reseal(
        self, client_id: UUID, column: ColumnElement[bytes], rows: Select[Any]
    ) -> None:
        """Seal one column anew in all rows of a person."""
        table, name = column.table, column.name
        (key,) = table.primary_key.columns
        for row, was in self.connection.execute(rows):
            seal = self.seal(table.name, row, of=client_id)
            becomes = seal.seal(name, seal.open(name, was))
            self.connection.execute(
                select(
                    func.reseal(table.name, name, key.name, row, bytes(was), becomes)
                )
            )


def _fields_of(client_id: UUID) -> list[tuple[Any, Select[Any]]]:
    """Every sealed column, and the rows of a person in it that another key sealed."""
    own_registrations = select(registrations.c.registration_id).where(
        registrations.c.client_id == client_id
    )
    own_ceremonies = select(ceremonies.c.ceremony_id).where(
        ceremonies.c.client_id == client_id
    )
    own_photos = select(photo_judgements.c.photo_id).where(
        photo_judgements.c.registration_id.in_(own_registrations)
    )
    found: list[tuple[Any, Select[Any]]] = []
    for table in metadata.sorted_tables:
        if table is person_keys:
            continue
        for column in table.columns:
            if not column.name.endswith("_sealed"):
                continue
            if "client_id" in table.c:
                own = table.c.client_id == client_id
            elif "ceremony_id" in table.c:
                own = table.c.ceremony_id.in_(own_ceremonies)
            elif "registration_id" in table.c:
                own = table.c.registration_id.in_(own_registrations)
            else:
                own = table.c.photo_id.in_(own_photos)
            (key,) = table.primary_key.columns
            other = func.substring(column, 1, len(_MARK)) != _MARK
            found.append((column, select(key, column).where(own, other)))
    return found
