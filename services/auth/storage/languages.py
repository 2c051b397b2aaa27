"""In which language a number is written to; kept by the number's keyed token."""

from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, exists, select
from sqlalchemy.dialects.postgresql import insert

from kernel.errors import Broken
from services.auth.domain.languages import DEFAULT, Language
from services.auth.storage.tables import languages, logins


class SqlLanguages:
    """The port `Languages` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def choose(self, phone_token: str, language: Language, *, now: datetime) -> None:
        chosen = {"language": language, "chosen_at": now}
        self._connection.execute(
            insert(languages)
            .values(phone_token=phone_token, **chosen)
            .on_conflict_do_update(
                index_elements=[languages.c.phone_token], set_=chosen
            )
        )

    def of(self, phone_token: str) -> Language:
        found = self._connection.execute(
            select(languages.c.language).where(languages.c.phone_token == phone_token)
        ).scalar()
        for language in get_args(Language):
            if language == (found or DEFAULT):
                known: Language = language
                return known
        raise Broken("a language nobody speaks here")

    def forget(self, *, before: datetime) -> int:
        of_login = exists().where(logins.c.phone_token == languages.c.phone_token)
        statement = languages.delete().where(languages.c.chosen_at < before, ~of_login)
        return self._connection.execute(statement).rowcount
