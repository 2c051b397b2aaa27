"""The second factor, and the session it opens (clauses 4.3, 4.8)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kernel.events.auth import LoginFailed, LoginSucceeded, SessionEnded
from kernel.ids import Ids
from services.auth.domain.codes import Claim
from services.auth.domain.passwords import Login, login_refused
from services.auth.domain.rules import Rules
from services.auth.domain.sessions import (
    EndReason,
    Knock,
    Session,
    limits,
    session_not_found,
    session_required,
)
from services.auth.ports import Blocks, Challenges, Publish, Sessions


def open_session(
    login: Login,
    *,
    digest: bytes,
    browser: str | None,
    now: datetime,
    rules: Rules,
    ids: Ids,
    sessions: Sessions,
    blocks: Blocks,
    publish: Publish,
) -> Session:
    """Let in who has proved both factors; too many sessions of one client are ended.

    Whoever comes in by whatever way passes here.  Refused ``login_refused`` while an
    incident keeps the client out (clause 7.2).
    """
    if blocks.stands(f"client:{login.client_id}"):
        raise login_refused()
    session = Session(
        session_id=ids.new(),
        login_id=login.login_id,
        client_id=login.client_id,
        opened_at=now,
        active_at=now,
        browser=browser,
    )
    sessions.add(session, digest)
    for old in sessions.end_beyond(session, most=rules.parallel_sessions, now=now):
        publish(_ended(old, "replaced"))
    publish(LoginSucceeded(client_id=session.client_id, session_id=session.session_id))
    return session


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


def living(
    knocks: Collection[Knock],
    *,
    now: datetime,
    rules: Rules,
    sessions: Sessions,
    wait: bool = False,
) -> Mapping[Knock, Session]:
    """The living sessions of many tokens at once.

    Activity restarts the count of clause 4.8; a page that only asks in the background
    does not keep a session alive (case A08).  Without `wait` a session that somebody
    changes at this very moment is left out, so that nobody waits for another client:
    who is not among them must be asked for alone.
    """
    bounds = limits(rules, now=now)
    active = [knock.digest for knock in knocks if knock.activity]
    quiet = [knock.digest for knock in knocks if not knock.activity]
    found: dict[Knock, Session] = {}
    if active:
        touched = sessions.touch(active, limits=bounds, now=now, wait=wait)
        found |= {Knock(digest, activity=True): one for digest, one in touched.items()}
    if quiet:
        seen = sessions.look(quiet, limits=bounds)
        found |= {Knock(digest, activity=False): one for digest, one in seen.items()}
    return found


def authenticate(
    knock: Knock, *, now: datetime, rules: Rules, sessions: Sessions
) -> Session:
    """The living session of one token; Refused ``session_required``."""
    found = living([knock], now=now, rules=rules, sessions=sessions, wait=True)
    if knock not in found:
        raise session_required()
    return found[knock]


def end_session(
    session: Session, *, now: datetime, sessions: Sessions, publish: Publish
) -> None:
    """End a session because its client asks; nothing if it has ended meanwhile."""
    if sessions.end(session.session_id, "logout", now=now):
        publish(_ended(session, "logout"))


def list_sessions(
    session: Session, *, now: datetime, rules: Rules, sessions: Sessions
) -> Sequence[Session]:
    """Where the client is logged in, this session among them (ASVS 7.5.2)."""
    return sessions.of_client(session.client_id, limits=limits(rules, now=now))


def revoke_session(
    session_id: UUID,
    *,
    by: Session,
    now: datetime,
    rules: Rules,
    sessions: Sessions,
    publish: Publish,
) -> None:
    """End one of the client's own sessions; Refused ``session_not_found``."""
    own = sessions.of_client(by.client_id, limits=limits(rules, now=now))
    found = next((one for one in own if one.session_id == session_id), None)
    if found is None:
        raise session_not_found()
    if sessions.end(session_id, "revoked", now=now):
        publish(_ended(found, "revoked"))


def end_for_client(
    client_id: UUID,
    session_id: UUID,
    *,
    ground: str,
    by: UUID,
    now: datetime,
    rules: Rules,
    sessions: Sessions,
    publish: Publish,
) -> None:
    """End a client's session as a member of the staff (`by`), for a reason.

    Refused ``session_not_found``.
    """
    open_ones = sessions.of_client(client_id, limits=limits(rules, now=now))
    if all(one.session_id != session_id for one in open_ones):
        raise session_not_found()
    if sessions.end(session_id, "revoked", now=now):
        publish(
            SessionEnded(
                client_id=client_id,
                session_id=session_id,
                reason="revoked",
                ended_by=by,
                ground=ground,
            )
        )


def end_other_sessions(
    session: Session,
    reason: EndReason,
    *,
    now: datetime,
    sessions: Sessions,
    publish: Publish,
) -> int:
    """End all sessions of the client but this one; how many."""
    ended = sessions.end_others(session, reason, now=now)
    for one in ended:
        publish(_ended(one, reason))
    return len(ended)


def end_all_sessions(
    client_id: UUID,
    reason: EndReason,
    *,
    now: datetime,
    sessions: Sessions,
    publish: Publish,
) -> int:
    """End every session of a client, wherever it was opened; how many."""
    ended = sessions.end_all(client_id, reason, now=now)
    for one in ended:
        publish(_ended(one, reason))
    return len(ended)


def end_stale_sessions(
    *, now: datetime, rules: Rules, sessions: Sessions, publish: Publish
) -> int:
    """End what has been silent or open for too long; how many (clause 4.8)."""
    ended = sessions.end_stale(limits=limits(rules, now=now), now=now)
    for session, reason in ended:
        publish(_ended(session, reason))
    return len(ended)


def _ended(session: Session, reason: EndReason) -> SessionEnded:
    return SessionEnded(
        client_id=session.client_id, session_id=session.session_id, reason=reason
    )
