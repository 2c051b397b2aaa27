"""The second factor, and the session it opens (clauses 4.3, 4.8)."""

from dataclasses import dataclass
from datetime import datetime

from kernel.errors import Refused
from kernel.events.auth import LoginFailed, LoginSucceeded, SessionEnded
from kernel.ids import Ids
from services.auth.domain.codes import Challenge, Claim, code_not_found
from services.auth.domain.rules import Rules
from services.auth.domain.sessions import Session, limits, session_required
from services.auth.ports import Challenges, Publish, Sessions


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has just begun, and the number of the one who began it."""

    session: Session
    challenge: Challenge


def open_session(
    challenge: Challenge,
    *,
    digest: bytes,
    now: datetime,
    ids: Ids,
    sessions: Sessions,
    publish: Publish,
) -> Opened | Refused:
    """Let in who has proved both factors; earlier sessions of the client end.

    `challenge` is a confirmed one of purpose ``login``.
    """
    if challenge.client_id is None:
        return code_not_found()
    session = Session(
        session_id=ids.new(),
        login_id=challenge.reference,
        client_id=challenge.client_id,
        opened_at=now,
        active_at=now,
    )
    sessions.add(session, digest)
    for old in sessions.end_others(session, now=now):
        publish(
            SessionEnded(
                client_id=old.client_id, session_id=old.session_id, reason="replaced"
            )
        )
    publish(LoginSucceeded(client_id=session.client_id, session_id=session.session_id))
    return Opened(session, challenge)


def record_wrong_code(
    claim: Claim, *, challenges: Challenges, publish: Publish
) -> None:
    """Record that a second factor was not given (clauses 4.3, 6.1e)."""
    challenge = challenges.find(claim.challenge_id)
    if challenge is None or not claim.fits(challenge):
        return
    publish(
        LoginFailed(
            login_id=challenge.reference,
            login_token=challenge.phone_token,
            reason="wrong_code",
            attempts=challenge.tries,
        )
    )


def authenticate(
    digest: bytes,
    *,
    activity: bool,
    now: datetime,
    rules: Rules,
    sessions: Sessions,
) -> Session:
    """The living session of a token; Refused ``session_required``.

    `activity` restarts the count of clause 4.8; a page that only asks in the
    background does not keep a session alive (case A08).
    """
    bounds = limits(rules, now=now)
    if activity:
        session = sessions.touch(digest, limits=bounds, now=now)
    else:
        session = sessions.look(digest, limits=bounds)
    if session is None:
        raise session_required()
    return session


def end_session(
    session: Session, *, now: datetime, sessions: Sessions, publish: Publish
) -> None:
    """End a session because its client asks; nothing if it has ended meanwhile."""
    if sessions.end(session.session_id, "logout", now=now):
        publish(
            SessionEnded(
                client_id=session.client_id,
                session_id=session.session_id,
                reason="logout",
            )
        )


def end_stale_sessions(
    *, now: datetime, rules: Rules, sessions: Sessions, publish: Publish
) -> int:
    """End what has been silent or open for too long; how many (clause 4.8)."""
    ended = sessions.end_stale(limits=limits(rules, now=now), now=now)
    for session, reason in ended:
        publish(
            SessionEnded(
                client_id=session.client_id,
                session_id=session.session_id,
                reason=reason,
            )
        )
    return len(ended)
