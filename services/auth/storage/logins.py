"""Logins: numbers by their keyed token, password hashes sealed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from kernel.clock import Clock
from kernel.crypto import FieldKeys
from kernel.errors import Broken
from kernel.values import Phone
from services.auth.domain.passwords import Former, Login
from services.auth.storage.tables import logins

_COLUMNS = (
    logins.c.login_id,
    logins.c.client_id,
    logins.c.phone_token,
    logins.c.phone_sealed,
    logins.c.password_sealed,
)


class SqlLogins:
    """The port `Logins` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys, clock: Clock) -> None:
        self._connection = connection
        self._fields = fields
        self._clock = clock

    def add(self, login: Login) -> bool:
        values = {
            "login_id": login.login_id,
            "client_id": login.client_id,
            "phone_token": login.phone_token,
            "phone_sealed": self._seal("phone", login, login.phone.reveal()),
            "created_at": self._clock.now(),
        }
        statement = insert(logins).values(values).on_conflict_do_nothing()
        return self._connection.execute(statement).rowcount == 1

    def by_phone(self, phone_token: str) -> Login | None:
        return self._one(logins.c.phone_token == phone_token)

    def by_client(self, client_id: UUID) -> Login | None:
        return self._one(logins.c.client_id == client_id)

    def by_id(self, login_id: UUID) -> Login | None:
        return self._one(logins.c.login_id == login_id)

    def lock(self, client_id: UUID) -> Login | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(logins.c.client_id == client_id).with_for_update()
        ).first()
        return None if row is None else self._login(row)

    def move(
        self, login: Login, phone: Phone, phone_token: str, *, now: datetime
    ) -> bool:
        """The index on numbers decides, whoever asks at the same time."""
        statement = (
            logins.update()
            .where(logins.c.login_id == login.login_id)
            .where(logins.c.phone_token == login.phone_token)
            .values(
                phone_token=phone_token,
                phone_sealed=self._seal("phone", login, phone.reveal()),
                former_token=logins.c.phone_token,
                former_sealed=logins.c.phone_sealed,
                moved_at=now,
            )
        )
        try:
            return self._connection.execute(statement).rowcount == 1
        except IntegrityError:
            raise Broken("the number is another client's login") from None

    def former_number(self, client_id: UUID, *, since: datetime) -> Former | None:
        row = self._connection.execute(
            select(logins.c.login_id, logins.c.former_token, logins.c.former_sealed)
            .where(logins.c.client_id == client_id)
            .where(logins.c.former_sealed.is_not(None))
            .where(logins.c.moved_at > since)
        ).first()
        if row is None:
            return None
        phone = Phone(self._unseal("phone", row.login_id, row.former_sealed))
        return Former(phone=phone, phone_token=row.former_token)

    def forget_former(self, *, before: datetime) -> None:
        self._connection.execute(
            logins.update()
            .where(logins.c.moved_at <= before)
            .where(logins.c.former_sealed.is_not(None))
            .values(former_token=None, former_sealed=None)
        )

    def reset_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> None:
        self._connection.execute(
            logins.update()
            .where(logins.c.login_id == login.login_id)
            .values(
                password_sealed=self._seal("password", login, password_hash),
                password_set_at=now,
            )
        )

    def nearest(self, phone_token: str) -> Login | None:
        """One step down the index, whether it ends at the number or behind it."""
        row = self._connection.execute(
            select(*_COLUMNS)
            .where(logins.c.phone_token >= phone_token)
            .order_by(logins.c.phone_token)
            .limit(1)
        ).first()
        return None if row is None else self._login(row)

    def replace_hash(self, login: Login, password_hash: str) -> bool:
        """Under the row's lock: of two who race, or a new password, one wins."""
        mine = logins.c.login_id == login.login_id
        row = self._connection.execute(
            select(*_COLUMNS).where(mine).with_for_update()
        ).first()
        if row is None or self._login(row).password_hash != login.password_hash:
            return False
        sealed = self._seal("password", login, password_hash)
        self._connection.execute(
            logins.update().where(mine).values(password_sealed=sealed)
        )
        return True

    def set_first_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> bool:
        statement = (
            logins.update()
            .where(logins.c.login_id == login.login_id)
            .where(logins.c.password_sealed.is_(None))
            .values(
                password_sealed=self._seal("password", login, password_hash),
                password_set_at=now,
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def _one(self, condition: ColumnElement[bool]) -> Login | None:
        row = self._connection.execute(select(*_COLUMNS).where(condition)).first()
        return None if row is None else self._login(row)

    def _login(self, row: Row[*tuple[Any, ...]]) -> Login:
        sealed = row.password_sealed
        return Login(
            login_id=row.login_id,
            client_id=row.client_id,
            phone=Phone(self._unseal("phone", row.login_id, row.phone_sealed)),
            phone_token=row.phone_token,
            password_hash=(
                None
                if sealed is None
                else self._unseal("password", row.login_id, sealed)
            ),
        )

    def _seal(self, column: str, login: Login, text: str) -> bytes:
        return self._fields.seal(
            text.encode(), table="logins", column=column, row=login.login_id
        )

    def _unseal(self, column: str, login_id: UUID, sealed: bytes) -> str:
        return self._fields.unseal(
            bytes(sealed), table="logins", column=column, row=login_id
        ).decode()
