"""Nothing is left of an erased person's login, over the real database."""

from typing import Final
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.onboarding import PersonalDataErased
from services.auth.domain.factors import CodeProof
from services.auth.storage.tables import metadata
from services.auth.wiring.desk import Desk
from tests.integration.auth.changing import change_phone
from tests.integration.auth.factors import Member, enter
from tests.integration.auth.stand import OTHER_PHONE, PHONE, Stand
from tests.unit.auth.authenticator import Authenticator

IDS_ALONE: Final = {"sessions", "outbox", "outbox_subject"}
"""Where the login's id may stand for ever: it names nobody."""


def erase(stand: Stand, client_id: UUID) -> None:
    """As the inbox hands the event over: one transaction."""
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_personal_data_erased(
            tx, PersonalDataErased(client_id=client_id)
        )


def tables_with(stand: Stand, *values: str) -> set[str]:
    """The tables of which some row holds one of the values."""
    found = set()
    for table in metadata.sorted_tables:
        rows = stand.rows(f'SELECT "{table.name}"::text AS row FROM "{table.name}"')  # noqa: S608 - our own names
        if any(value in row.row for row in rows for value in values):
            found.add(table.name)
    return found


@pytest.mark.seeded("auth_erasure_keeps_the_login")
@pytest.mark.seeded("auth_erasure_keeps_sessions_open")
def test_an_erasure_leaves_nothing_to_come_in_by(stand: Stand) -> None:
    """Neither of both numbers, nor a factor, a browser or a code."""
    member = Member.of(stand)
    secret = member.enrol_totp()
    member.recovery_codes()
    member.add_passkey(Authenticator())
    client_id, login_id = member.session.client_id, member.session.login_id
    change_phone(stand, client_id)
    waiting = stand.first_factor(OTHER_PHONE)
    totp = CodeProof("totp", member.totp(secret))
    enter(stand, totp, challenge_id=waiting.challenge_id)
    token = Desk.of(stand.auth_platform).phone_token
    numbers = (token(PHONE), token(OTHER_PHONE))
    assert tables_with(stand, str(login_id)) >= {"logins", "totp_factors", "passkeys"}
    assert tables_with(stand, *numbers) >= {"challenges", "languages"}

    erase(stand, client_id)
    assert tables_with(stand, str(login_id)) <= IDS_ALONE
    assert tables_with(stand, *numbers) <= {"outbox"}
    (left,) = stand.rows(
        "SELECT count(*) AS of_sessions, count(ended_at) AS ended,"
        " count(browser) AS browsers FROM sessions"
    )
    assert (left.ended, left.browsers) == (left.of_sessions, 0)
    written = stand.rows(
        "SELECT FROM messages WHERE coalesce(phone_sealed, text_sealed) IS NOT NULL"
    )
    assert written == []
    assert stand.events("login_erased") == [
        {"client_id": str(client_id), "login_id": str(login_id)}
    ]


def test_the_number_is_nobody_s_and_may_be_a_login_again(stand: Stand) -> None:
    erase(stand, stand.client())
    with pytest.raises(Refused, match="login_refused"):
        stand.first_factor()
    stand.client()
    stand.session()


def test_nobody_else_is_erased_with_them(stand: Stand) -> None:
    client_id = stand.client()
    stand.client(OTHER_PHONE)
    _, token = stand.session(OTHER_PHONE)
    erase(stand, client_id)
    assert stand.authenticate(token).client_id != client_id
    stand.session(OTHER_PHONE)


def test_who_never_became_a_client_has_nothing_here(stand: Stand) -> None:
    """Told once or twice, it is the same."""
    erase(stand, stand.auth_platform.ids.new())
    client_id = stand.client()
    for _ in range(2):
        erase(stand, client_id)
    assert len(stand.events("login_erased")) == 1
