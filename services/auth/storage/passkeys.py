"""Passkeys, their names sealed, and challenges that are taken once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from services.auth.domain.passkeys import Passkey
from services.auth.storage.tables import passkey_ceremonies as ceremonies
from services.auth.storage.tables import passkeys

_COLUMNS = (
    passkeys.c.passkey_id,
    passkeys.c.login_id,
    passkeys.c.credential_id,
    passkeys.c.public_key,
    passkeys.c.sign_count,
    passkeys.c.name_sealed,
    passkeys.c.added_at,
    passkeys.c.used_at,
    passkeys.c.suspended_at,
)


class SqlPasskeys:
    """The port `Passkeys` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def add(self, passkey: Passkey) -> bool:
        statement = (
            insert(passkeys)
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
            select(*_COLUMNS)
            .where(passkeys.c.login_id == login_id)
            .order_by(passkeys.c.added_at, passkeys.c.passkey_id)
        )
        return [self._passkey(row) for row in self._connection.execute(statement)]

    def note_use(self, passkey: Passkey, sign_count: int, *, now: datetime) -> bool:
        statement = (
            passkeys.update()
            .where(passkeys.c.passkey_id == passkey.passkey_id)
            .where(passkeys.c.sign_count == passkey.sign_count)
            .where(passkeys.c.suspended_at.is_(None))
            .values(sign_count=sign_count, used_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def suspend(self, passkey_id: UUID, *, now: datetime) -> None:
        self._connection.execute(
            passkeys.update()
            .where(passkeys.c.passkey_id == passkey_id)
            .values(suspended_at=now)
        )

    def rename(self, passkey: Passkey, name: str) -> None:
        self._connection.execute(
            passkeys.update()
            .where(passkeys.c.passkey_id == passkey.passkey_id)
            .values(name_sealed=self._seal(passkey.passkey_id, name))
        )

    def remove(self, passkey: Passkey) -> bool:
        statement = passkeys.delete().where(passkeys.c.passkey_id == passkey.passkey_id)
        return self._connection.execute(statement).rowcount == 1

    def ask(self, reference: UUID, challenge: bytes, *, until: datetime) -> None:
        values = {"challenge": challenge, "expires_at": until}
        self._connection.execute(
            insert(ceremonies)
            .values(reference=reference, **values)
            .on_conflict_do_update(index_elements=[ceremonies.c.reference], set_=values)
        )

    def take(self, reference: UUID, *, now: datetime) -> bytes | None:
        """Deleted as it is read: of two answers to it, one is judged."""
        statement = (
            ceremonies.delete()
            .where(ceremonies.c.reference == reference)
            .where(ceremonies.c.expires_at > now)
            .returning(ceremonies.c.challenge)
        )
        found = self._connection.execute(statement).scalar()
        return None if found is None else bytes(found)

    def forget(self, *, before: datetime) -> int:
        statement = ceremonies.delete().where(ceremonies.c.expires_at < before)
        return self._connection.execute(statement).rowcount

    def _passkey(self, row: Row[*tuple[Any, ...]]) -> Passkey:
        name = self._fields.unseal(
            bytes(row.name_sealed), table="passkeys", column="name", row=row.passkey_id
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
            name.encode(), table="passkeys", column="name", row=passkey_id
        )
