"""The login moves to the client's new number (clauses 4.4, 4.10).

Onboarding has changed the number by both proofs and says so; all that follows here is
one commit with the inbox's own, so that a crash leaves either the old login or the new.
"""

from dataclasses import dataclass
from datetime import datetime

from kernel.errors import Broken, Transient
from kernel.events.auth import LoginPhoneChanged
from kernel.events.onboarding import PhoneChanged
from kernel.ids import Ids
from kernel.values import Phone
from services.auth.domain.passwords import Login
from services.auth.domain.templates import Template
from services.auth.handlers.messages import Addressee, notify
from services.auth.handlers.sessions import end_all_sessions
from services.auth.ports import (
    Attempts,
    Challenges,
    Devices,
    Languages,
    Logins,
    Messages,
    Publish,
    Sessions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """What a login is moved with, over one open transaction."""

    now: datetime
    site: str
    ids: Ids
    logins: Logins
    attempts: Attempts
    challenges: Challenges
    devices: Devices
    sessions: Sessions
    languages: Languages
    messages: Messages
    publish: Publish


def when_phone_changed(
    event: PhoneChanged, *, happened_at: datetime, by: Moving
) -> None:
    """Let the number that was proved be the login from now on.

    1. The number is the one a code of this change was confirmed for.
    2. Counts and locks of both numbers hold for the login: a change unlocks nothing.
    3. Codes on their way to the old number, and what they have opened so far, are over.
    4. The login moves, its sessions end, both numbers are told.

    The rows are locked in the order of a login (count, code, login, session), or the
    two would wait for one another.  Transient while the client's activation has not
    reached us; Broken when the login is at neither number, or nobody proved the new.
    """
    login = by.logins.by_client(event.client_id)
    if login is None:
        raise Transient("the client's login is not here yet")
    if login.phone_token == event.phone_token:
        return
    phone = by.challenges.confirmed_phone(  # step 1
        "phone_change", event.change_id, event.phone_token
    )
    if phone is None:
        raise Broken("a number was changed to one that no code has confirmed")
    by.attempts.carry(login, event.phone_token, now=by.now)  # step 2
    by.challenges.void(login.client_id, login.phone_token, now=by.now)  # step 3
    by.devices.void_checks(login.client_id, now=by.now)
    if login.phone_token != event.old_phone_token or not by.logins.move(
        login, phone, event.phone_token, now=by.now
    ):
        raise Broken("a login is not at the number it is to leave")
    end_all_sessions(  # step 4
        login.client_id,
        "phone_changed",
        now=by.now,
        sessions=by.sessions,
        publish=by.publish,
    )
    language = by.languages.of(login.phone_token)
    by.languages.choose(event.phone_token, language, now=by.now)
    _tell(
        login, login.phone, login.phone_token, "phone_given_up_notice", happened_at, by
    )
    _tell(login, phone, event.phone_token, "phone_taken_notice", happened_at, by)
    by.publish(
        LoginPhoneChanged(
            client_id=login.client_id,
            login_id=login.login_id,
            change_id=event.change_id,
            old_login_token=login.phone_token,
            login_token=event.phone_token,
        )
    )


def _tell(
    login: Login,
    phone: Phone,
    phone_token: str,
    template: Template,
    happened_at: datetime,
    by: Moving,
) -> None:
    notify(
        template,
        to=Addressee(client_id=login.client_id, phone=phone, phone_token=phone_token),
        site=by.site,
        at=happened_at,
        now=by.now,
        ids=by.ids,
        languages=by.languages,
        messages=by.messages,
    )
