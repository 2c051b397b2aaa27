"""A forgotten password, a lost number: one factor is gone, ЦОИД stands in for it.

Never a message alone (it is the weakest factor and the first one stolen), never a
password alone.  Nothing here touches the count of passwords: a lock lasts its time,
whatever is recovered meanwhile (clause 4.7).
"""

from datetime import datetime
from uuid import UUID

from kernel.errors import Refused
from kernel.events.auth import PasswordChanged, RecoveryRequested
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, code_not_found, why_not
from services.auth.domain.passwords import Login, unknown_login_id
from services.auth.handlers.codes import CodeOrder
from services.auth.handlers.proofs import Counter, judge_recovery_code, usable
from services.auth.handlers.sessions import end_all_sessions
from services.auth.ports import Challenges, Devices, Logins, Publish, Sessions


def request_code(
    phone: Phone, phone_token: str, *, logins: Logins, publish: Publish
) -> CodeOrder:
    """The code for a forgotten password: the same order for a number of nobody.

    Only that nobody is told it differs; the event, the counts and the work do not.
    """
    nearest = logins.nearest(phone_token)
    login = nearest if nearest and nearest.phone_token == phone_token else None
    login_id = login.login_id if login else unknown_login_id(phone_token)
    publish(RecoveryRequested(login_id=login_id, login_token=phone_token))
    return CodeOrder(
        purpose="recovery",
        reference=login_id,
        phone=phone,
        phone_token=phone_token,
        client_id=login.client_id if login else None,
        told=login is not None,
    )


def prove_code(challenge_id: UUID, code: str, *, at: Counter) -> Challenge | Refused:
    """The challenge of a recovery, confirmed by its code; or why not.

    A refusal is returned, not raised: what it has cost must be committed.
    """
    claim = Claim(challenge_id=challenge_id, purpose="recovery")
    challenge = usable(claim, at=at)
    if isinstance(challenge, Refused):
        return challenge
    wrong = judge_recovery_code(claim, challenge, code, at=at)
    if wrong is not None:
        return wrong
    if not at.challenges.confirm(claim, now=at.now):
        return why_not(challenge, claim, now=at.now)
    return challenge


def login_of(challenge: Challenge, *, logins: Logins) -> Login | Refused:
    """The login a confirmed code is of, unless it has moved to another number."""
    login = None if challenge.client_id is None else logins.lock(challenge.client_id)
    if login is None or login.phone_token != challenge.phone_token:
        return code_not_found()
    return login


def replace_password(
    login: Login,
    password_hash: str,
    *,
    now: datetime,
    logins: Logins,
    challenges: Challenges,
    devices: Devices,
    sessions: Sessions,
    publish: Publish,
) -> None:
    """Set the new password; whatever the old one had opened is over."""
    logins.reset_password(login, password_hash, now=now)
    challenges.void(login.client_id, login.phone_token, now=now)
    devices.void_checks(login.client_id, now=now)
    end_all_sessions(
        login.client_id,
        "password_recovered",
        now=now,
        sessions=sessions,
        publish=publish,
    )
    publish(PasswordChanged(client_id=login.client_id))
