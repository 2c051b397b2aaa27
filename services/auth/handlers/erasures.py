"""A person was erased: nobody can come in as them, and nothing here names them."""

from datetime import datetime

from kernel.events.auth import LoginErased
from kernel.events.onboarding import PersonalDataErased
from services.auth.handlers.sessions import end_all_sessions
from services.auth.ports import Erasures, Logins, Publish, Sessions


def when_personal_data_erased(
    event: PersonalDataErased,
    *,
    now: datetime,
    logins: Logins,
    sessions: Sessions,
    erasures: Erasures,
    publish: Publish,
) -> None:
    """Remove the login with all that is kept by it, and end its sessions.

    In the order of a login (count, code, login, session), or the two would wait for one
    another.  Somebody without a login never became a client; their codes have long been
    forgotten by themselves.
    """
    login = logins.by_client(event.client_id)
    if login is None:
        return
    erasures.erase(login)
    end_all_sessions(
        login.client_id, "revoked", now=now, sessions=sessions, publish=publish
    )
    publish(LoginErased(client_id=login.client_id, login_id=login.login_id))
