"""The keys of persons: what is sealed of somebody opens by that person's key alone.

A person's key is wrapped by the service's key and stands in one row; erasing the person
is the end of that key.  Who has none yet (a person of before there were such keys) is
sealed by the service's key still, until `PersonKeys.take_further` has come by.  Each
service that seals anything of persons has a table of its own, made by a migration with
`kernel.migrations.create_person_keys`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FIELD_KEY_BYTES, FieldKeys, UnsealError, random_bytes
from kernel.database import Fixed
from kernel.given import among

PERSON: Final = "person"
"""The id under which sealed bytes name the key of their person."""

_MARK: Final = b"\x01" + bytes([len(PERSON)]) + PERSON.encode()
"""How everything begins that a person's key has sealed."""

IN_FLIGHT: Final = timedelta(minutes=1)
"""Longer than any transaction: after it nobody writes who did not see a new key."""


@cache
def _read_of(table: Table) -> Fixed:
    return Fixed.of(
        select(table.c.client_id, table.c.key_sealed, table.c.destroyed_at).where(
            among(table.c.client_id, "persons")
        )
    )


def person_keys_table(metadata: MetaData) -> Table:
    """The table of keys, apart from all they seal.

    A backup of the other tables without this one holds nothing that can be opened.
    `wrapped_by`: the service's key that seals this one. `whole_at`: since when nothing
    of the person is sealed by anything else. `look_at`: when the person may be due.
    """
    instant = DateTime(timezone=True)
    table = Table(
        "person_keys",
        metadata,
        Column("client_id", Uuid, primary_key=True),
        Column("key_sealed", LargeBinary),
        Column("wrapped_by", Text),
        Column("made_at", instant),
        Column("whole_at", instant),
        Column("look_at", instant),
        Column("destroyed_at", instant),
        CheckConstraint(
            "(key_sealed IS NULL) = (wrapped_by IS NULL)", name="person_keys_wrapped"
        ),
        CheckConstraint(
            "destroyed_at IS NULL OR key_sealed IS NULL", name="person_keys_destroyed"
        ),
    )
    Index(
        "person_keys_partial",
        table.c.made_at,
        postgresql_where=text("whole_at IS NULL"),
    )
    Index("person_keys_wrapping", table.c.wrapped_by)
    Index("person_keys_looked", table.c.look_at)
    return table


def is_erased(keys: Table, client_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the person a column names was erased: no row of theirs can be opened."""
    return exists().where(
        keys.c.client_id == client_id, keys.c.destroyed_at.is_not(None)
    )


class ErasedError(UnsealError):
    """The key of this person was destroyed: nobody opens anything of them any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A sealed column and how its rows are named, to seal them anew.

    `key` finds the row, `row` is its name in the seal, `own` says which are the
    person's.
    """

    column: Column[Any]
    key: Column[Any]
    row: ColumnElement[Any]
    own: ColumnElement[bool]


class PersonKeys:
    """The keys of the persons one transaction deals with, each read once."""

    def __init__(
        self,
        connection: Connection,
        service: FieldKeys,
        table: Table,
        sealed_of: Callable[[UUID], Sequence[SealedColumn]],
    ) -> None:
        """`sealed_of` names every column in which something of a person is sealed."""
        self.connection = connection
        self.service = service
        self._table = table
        self._sealed_of = sealed_of
        self._rows: dict[UUID, Row[*tuple[Any, ...]] | None] = {}
        self._held: dict[UUID, FieldKeys | None] = {}

    def of(self, client_id: UUID) -> FieldKeys:
        """The keys that seal and open what is the person's.  ErasedError after all."""
        keys = self._keys(client_id)
        if keys is None:
            raise ErasedError("the key of this person was destroyed")
        return keys

    def salt_of(self, client_id: UUID, purpose: str) -> bytes | None:
        """The secret of a commitment, made of the person's key: it ends with that.

        None for who has no key of their own.  ErasedError after all.
        """
        keys = self.of(client_id)
        return keys.salt(purpose, row=client_id) if keys.active == PERSON else None

    def is_erased(self, client_id: UUID) -> bool:
        """Whether nothing of the person can be opened any more."""
        return self._keys(client_id) is None

    def read(self, client_ids: Collection[UUID]) -> None:
        """Read the keys of many persons at once, for `of` to find them."""
        rows = _read_of(self._table).on(self.connection, persons=list(client_ids))
        found = {row.client_id: row for row in rows}
        self._rows |= {client_id: found.get(client_id) for client_id in client_ids}

    def make(
        self, client_id: UUID, *, at: datetime, look_at: datetime | None = None
    ) -> None:
        """A key for somebody new, where older releases are gone; else nothing."""
        key = random_bytes(FIELD_KEY_BYTES)
        made = self.connection.execute(
            insert(self._table)
            .values(
                client_id=client_id,
                made_at=at,
                whole_at=at,
                look_at=look_at,
                **self._wrapped(client_id, key),
            )
            .on_conflict_do_nothing()
        )
        if made.rowcount:
            self._rows.pop(client_id, None)
            self._held.pop(client_id, None)

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons without a key, or not sealed by it alone, or wrapped by an old one.

        A key that was just made rests a while first: see `IN_FLIGHT`.
        """
        active, keys = self.service.active, self._table.c
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
            select(self._table)
            .where(self._table.c.client_id == client_id)
            .with_for_update()
        ).one()
        if row.key_sealed is None:
            key = random_bytes(FIELD_KEY_BYTES)
            self._save(client_id, made_at=at, **self._wrapped(client_id, key))
            return
        if row.whole_at is None and row.made_at <= at - IN_FLIGHT:
            for sealed in self._sealed_of(client_id):
                self._reseal(client_id, sealed)
            self._save(client_id, whole_at=at)
        if row.wrapped_by != self.service.active:
            self._save(
                client_id, **self._wrapped(client_id, self._unwrapped(client_id, row))
            )

    def _keys(self, client_id: UUID) -> FieldKeys | None:
        """The keys that open what is the person's; None after an erasure."""
        if client_id not in self._held:
            if client_id not in self._rows:
                self.read([client_id])
            self._held[client_id] = self._ring(client_id, self._rows[client_id])
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

    def _wrapped(self, client_id: UUID, key: bytes) -> dict[str, bytes | str]:
        sealed = self.service.seal(
            key, table=self._table.name, column="key_sealed", row=client_id
        )
        return {"key_sealed": sealed, "wrapped_by": self.service.active}

    def _unwrapped(self, client_id: UUID, row: Row[*tuple[Any, ...]]) -> bytes:
        return self.service.unseal(
            bytes(row.key_sealed),
            table=self._table.name,
            column="key_sealed",
            row=client_id,
        )

    def _save(self, client_id: UUID, **values: object) -> None:
        self.connection.execute(
            update(self._table)
            .where(self._table.c.client_id == client_id)
            .values(**values)
        )

    def _reseal(self, client_id: UUID, sealed: SealedColumn) -> None:
        """Seal one column anew in all rows of a person that another key has sealed."""
        column, key = sealed.column, sealed.key
        table, name, keys = column.table.name, column.name, self.of(client_id)
        other = func.substring(column, 1, len(_MARK)) != _MARK
        found = self.connection.execute(
            select(
                key.label("key"), sealed.row.label("row"), column.label("was")
            ).where(sealed.own, other)
        )
        for row in found:
            was = bytes(row.was)
            plain = keys.unseal(was, table=table, column=name, row=row.row)
            becomes = keys.seal(plain, table=table, column=name, row=row.row)
            self.connection.execute(
                select(func.reseal(table, name, key.name, str(row.key), was, becomes))
            )


class KeyEnds:
    """When persons' keys are looked at to be destroyed, and their end."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.connection = connection
        self._table = table

    def due(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons to be looked at by an instant, the longest due first."""
        keys = self._table.c
        found = self.connection.execute(
            select(keys.client_id)
            .where(keys.look_at <= at, keys.whole_at.is_not(None))
            .order_by(keys.look_at)
            .limit(limit)
        )
        return tuple(found.scalars())

    def take(self, client_id: UUID) -> bool:
        """Hold the person's key until commit; False if it is held, or destroyed."""
        taken = self.connection.execute(
            select(self._table.c.client_id)
            .where(self._living(client_id))
            .with_for_update(skip_locked=True)
        )
        return taken.first() is not None

    def look_again(self, client_id: UUID, *, at: datetime | None) -> None:
        """When the person may be due; None: not before something happens."""
        self.connection.execute(
            update(self._table).where(self._living(client_id)).values(look_at=at)
        )

    def erase(self, client_id: UUID, *, at: datetime) -> bool:
        """Destroy the key, remove the tokens; False unless the key seals everything."""
        erased = self.connection.execute(select(func.erase_person(client_id, at)))
        return bool(erased.scalar_one())

    def _living(self, client_id: UUID) -> ColumnElement[bool]:
        return (self._table.c.client_id == client_id) & (
            self._table.c.destroyed_at.is_(None)
        )
