"""The first factor: number and password, three attempts (clauses 4.3 to 4.5, 4.7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from kernel.errors import Broken, Refused, Transient
from kernel.events.auth import (
    AccessLocked,
    AccessUnlocked,
    LoginFailed,
    PasswordChanged,
)
from kernel.events.onboarding import ClientActivated
from kernel.ids import Ids
from services.auth.domain.passwords import (
    Attempt,
    Login,
    login_refused,
    password_already_set,
    unknown_login_id,
)
from services.auth.domain.rules import Rules
from services.auth.ports import Attempts, Blocks, Challenges, Logins, Publish

VERIFIED_WITHIN: Final = timedelta(minutes=1)
"""No attempt is under way for longer; an older one will not be concluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """An accepted password's hash, for a client's login without one."""

    login: Login
    password_hash: str


def reserve_attempt(
    phone_token: str,
    *,
    now: datetime,
    rules: Rules,
    logins: Logins,
    attempts: Attempts,
    publish: Publish,
) -> Attempt | Refused:
    """Take one of the attempts clause 4.7 allows, before the password is looked at.

    A locked number is refused whatever the password; the refusal is returned,
    because the event that records it must be committed.
    """
    nearest = logins.nearest(phone_token)
    login = nearest if nearest and nearest.phone_token == phone_token else None
    login_id = login.login_id if login else unknown_login_id(phone_token)
    attempt = attempts.reserve(phone_token, login_id=login_id, rules=rules, now=now)
    if attempt is None:
        publish(
            LoginFailed(
                login_id=login_id,
                login_token=phone_token,
                reason="locked",
                attempts=rules.attempts,
            )
        )
        until = attempts.locked_until(phone_token) or now
        return login_refused(time_left=until - now)
    if attempt.reopened:
        publish(AccessUnlocked(login_id=login_id))
    return replace(
        attempt, login=login, like=nearest.password_hash if nearest else None
    )


def conclude_attempt(
    attempt: Attempt,
    *,
    right: bool,
    now: datetime,
    attempts: Attempts,
    blocks: Blocks,
    publish: Publish,
) -> Login | Refused:
    """What the verifier's answer means: the login, or the one refusal.

    A right password ends the run of attempts, unless others have been reserved since:
    those count, and so does a lock they have caused.  Whom an incident keeps out has no
    right password (clause 7.2).
    """
    login = attempt.login
    if right and login is not None and not blocks.stands(f"client:{login.client_id}"):
        attempts.clear(attempt)
        return login
    known: Literal["blocked", "wrong_password"]
    known = "blocked" if right else "wrong_password"
    publish(
        LoginFailed(
            login_id=attempt.login_id,
            login_token=attempt.phone_token,
            reason="unknown" if login is None else known,
            attempts=attempt.number,
        )
    )
    if attempt.locked_until is None:
        return login_refused()
    tell_lock(attempt, attempts=attempts, publish=publish)
    return login_refused(time_left=attempt.locked_until - now)


def tell_lock(attempt: Attempt, *, attempts: Attempts, publish: Publish) -> None:
    """Record the lock this attempt has caused, once."""
    if attempt.locked_until is not None and attempts.tell(attempt):
        publish(
            AccessLocked(
                login_id=attempt.login_id,
                login_token=attempt.phone_token,
                until=attempt.locked_until,
            )
        )


def tell_locks(*, now: datetime, attempts: Attempts, publish: Publish) -> None:
    """Record the locks whose gateway died between the attempt and its conclusion."""
    for attempt in attempts.untold(before=now - VERIFIED_WITHIN):
        tell_lock(attempt, attempts=attempts, publish=publish)


def reopen_access(*, now: datetime, attempts: Attempts, publish: Publish) -> int:
    """End the locks that have run out; how many (clause 4.7)."""
    reopened = attempts.reopen(now=now)
    for login_id in reopened:
        publish(AccessUnlocked(login_id=login_id))
    return len(reopened)


def when_client_activated(
    event: ClientActivated, *, ids: Ids, logins: Logins, challenges: Challenges
) -> None:
    """Give a registered client a login: the number proved by a code (clause 4.4).

    Broken when nobody proved that number, or when the number is another's login.
    """
    phone = challenges.confirmed_phone(
        "registration", event.registration_id, event.phone_token
    )
    if phone is None:
        raise Broken("a client was activated whose number no code has confirmed")
    added = logins.add(
        Login(
            login_id=ids.new(),
            client_id=event.client_id,
            phone=phone,
            phone_token=event.phone_token,
        )
    )
    if not added:
        raise Broken("the client or the number has a login already")


def login_without_password(login: Login | None) -> Login:
    """The login that waits for its first password.

    Transient while the activation is still on its way to us.
    """
    if login is None:
        raise Transient("The account is being prepared.")
    if login.password_hash is not None:
        raise password_already_set()
    return login


def set_first_password(
    new: NewPassword, *, now: datetime, logins: Logins, publish: Publish
) -> None:
    """Keep the first password, once."""
    if not logins.set_first_password(new.login, new.password_hash, now=now):
        raise password_already_set()
    publish(PasswordChanged(client_id=new.login.client_id))
