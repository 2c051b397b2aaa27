"""Removing a login with everything that is kept by its id, client or number."""

from sqlalchemy import Connection, select

from services.auth.domain.passwords import Login
from services.auth.storage.tables import (
    challenges,
    code_sends,
    device_checks,
    devices,
    factor_attempts,
    languages,
    logins,
    messages,
    passkeys,
    password_attempts,
    recovery_codes,
    sessions,
    totp_factors,
)

_BY_LOGIN = (
    totp_factors,
    recovery_codes,
    passkeys,
    factor_attempts,
    devices,
    device_checks,
)
_BY_NUMBER = (password_attempts, code_sends, challenges, languages)


class SqlErasures:
    """The port `Erasures` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def erase(self, login: Login) -> None:
        """By the number it has, and one it left lately; in the order of a login."""
        mine = logins.c.login_id == login.login_id
        former = self._connection.execute(
            select(logins.c.former_token).where(mine)
        ).scalar_one()
        tokens = [login.phone_token, *([] if former is None else [former])]
        for table in _BY_NUMBER:
            self._connection.execute(
                table.delete().where(table.c.phone_token.in_(tokens))
            )
        self._connection.execute(logins.delete().where(mine))
        for table in _BY_LOGIN:
            self._connection.execute(
                table.delete().where(table.c.login_id == login.login_id)
            )
        self._connection.execute(
            sessions.update()
            .where(sessions.c.client_id == login.client_id)
            .values(browser=None)
        )
        told = messages.c.client_id == login.client_id
        self._connection.execute(
            messages.update()
            .where(told, messages.c.state == "waiting")
            .values(state="dropped")
        )
        self._connection.execute(
            messages.update()
            .where(told)
            .values(phone_sealed=None, text_sealed=None, ask_at=None)
        )
