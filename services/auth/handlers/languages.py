"""Choosing the language one is written to in."""

from datetime import datetime
from uuid import UUID

from kernel.errors import Broken
from services.auth.domain.languages import Language
from services.auth.ports import Languages, Logins


def suggest_language(
    phone_token: str,
    language: Language,
    *,
    now: datetime,
    logins: Logins,
    languages: Languages,
) -> None:
    """Keep the language of a registration; whoever has a login chooses in the cabinet.

    Else a stranger who types a client's number would change the client's language.
    """
    if logins.by_phone(phone_token) is None:
        languages.choose(phone_token, language, now=now)


def choose_language(
    client_id: UUID,
    language: Language,
    *,
    now: datetime,
    logins: Logins,
    languages: Languages,
) -> None:
    """Keep the language a client has chosen in the cabinet."""
    languages.choose(_token_of(client_id, logins), language, now=now)


def language_of(client_id: UUID, *, logins: Logins, languages: Languages) -> Language:
    """The language a client is written to in."""
    return languages.of(_token_of(client_id, logins))


def _token_of(client_id: UUID, logins: Logins) -> str:
    login = logins.by_client(client_id)
    if login is None:
        raise Broken("a session without a login")
    return login.phone_token
