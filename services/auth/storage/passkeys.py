"""Passkeys, their names sealed, and challenges that are taken once.

Clients and staff have tables of their own; whose passkeys they are is said at the door.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from services.auth.domain.passkeys import Passkey
from services.auth.storage.tables import passkey_ceremonies, passkeys


class SqlPasskeys:
    """The port `Passkeys` over one open transaction."""

    def __init__(
        self,
        connection: Connection,
        fields: FieldKeys,
        keys: Table = passkeys,
        asked: Table = passkey_ceremonies,
    ) -> None:
        self._connection = connection
        self._fields = fields
        self._keys = keys
        self._asked = asked

    def add(self, passkey: Passkey) -> bool:
        statement = (
            insert(self._keys)
            .values(
                passkey_id=passkey.passkey_id,
                login_id=passkey.login_id,
                credential_id=passkey.credential_id,
                public_key=passkey.public_key,
                sign_count=passkey.sign_count,
                name_sealed=self._seal(passkey.passkey_id, passkey.name),
                added_at=passkey.added_at,
            )
            .on_conflict_do_nothing()
        )
        return self._connection.execute(statement).rowcount == 1

    def of_login(self, login_id: UUID) -> Sequence[Passkey]:
        statement = (
            select(self._keys)
            .where(self._keys.c.login_id == login_id)
            .order_by(self._keys.c.added_at, self._keys.c.passkey_id)
        )
        return [self._passkey(row) for row in self._connection.execute(statement)]

    def note_use(self, passkey: Passkey, sign_count: int, *, now: datetime) -> bool:
        statement = (
            self._keys.update()
            .where(self._keys.c.passkey_id == passkey.passkey_id)
            .where(self._keys.c.sign_count == passkey.sign_count)
            .where(self._keys.c.suspended_at.is_(None))
            .values(sign_count=sign_count, used_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def suspend(self, passkey_id: UUID, *, now: datetime) -> None:
        self._connection.execute(
            self._keys.update()
            .where(self._keys.c.passkey_id == passkey_id)
            .values(suspended_at=now)
        )

    def rename(self, passkey: Passkey, name: str) -> None:
        self._connection.execute(
            self._keys.update()
            .where(self._keys.c.passkey_id == passkey.passkey_id)
            .values(name_sealed=self._seal(passkey.passkey_id, name))
        )

    def remove(self, passkey: Passkey) -> bool:
        statement = self._keys.delete().where(
            self._keys.c.passkey_id == passkey.passkey_id
        )
        return self._connection.execute(statement).rowcount == 1

    def ask(self, reference: UUID, challenge: bytes, *, until: datetime) -> None:
        values = {"challenge": challenge, "expires_at": until}
        self._connection.execute(
            insert(self._asked)
            .values(reference=reference, **values)
            .on_conflict_do_update(
                index_elements=[self._asked.c.reference], set_=values
            )
        )

    def take(self, reference: UUID, *, now: datetime) -> bytes | None:
        """Deleted as it is read: of two answers to it, one is judged."""
        statement = (
            self._asked.delete()
            .where(self._asked.c.reference == reference)
            .where(self._asked.c.expires_at > now)
            .returning(self._asked.c.challenge)
        )
        found = self._connection.execute(statement).scalar()
        return None if found is None else bytes(found)

    def forget(self, *, before: datetime) -> int:
        statement = self._asked.delete().where(self._asked.c.expires_at < before)
        return self._connection.execute(statement).rowcount

    def _passkey(self, row: Row[*tuple[Any, ...]]) -> Passkey:
        name = self._fields.unseal(
            bytes(row.name_sealed),
            table=self._keys.name,
            column="name",
            row=row.passkey_id,
        )
        return Passkey(
            passkey_id=row.passkey_id,
            login_id=row.login_id,
            credential_id=bytes(row.credential_id),
            public_key=bytes(row.public_key),
            sign_count=row.sign_count,
            name=name.decode(),
            added_at=row.added_at,
            used_at=row.used_at,
            suspended_at=row.suspended_at,
        )

    def _seal(self, passkey_id: UUID, name: str) -> bytes:
        return self._fields.seal(
            name.encode(), table=self._keys.name, column="name", row=passkey_id
        )
