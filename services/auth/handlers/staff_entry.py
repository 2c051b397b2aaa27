"""The staff's door: password and second factor, three attempts (clauses 1.4, 4.7).

An attempt is reserved before anything is looked at, and one count serves password,
code and security key: who guesses any of them has three tries in fifteen minutes.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from kernel.errors import Refused
from kernel.events.auth import (
    AccessUnlocked,
    StaffActivated,
    StaffLoggedIn,
    StaffLoginFailed,
    StaffPasskeyRemoved,
    StaffRulesAcknowledged,
    StaffSessionEnded,
)
from services.auth.domain.conduct import rules_not_acknowledged
from services.auth.domain.factors import PasskeyProof, Totp, recovery_letters
from services.auth.domain.passkeys import Passkey
from services.auth.domain.passwords import login_refused
from services.auth.domain.sessions import limits
from services.auth.domain.staff import (
    Held,
    Member,
    StaffAttempt,
    StaffProof,
    Stay,
    StayEnd,
    factor_code_wrong,
    invitation_invalid,
    is_totp_code,
    staff_session_required,
    unknown_staff_id,
)
from services.auth.handlers.logins import tell_lock
from services.auth.handlers.passkeys import Answer, judge_answer
from services.auth.handlers.staff_office import Office

Unproved = Literal["wrong_code", "passkey_due", "wrong_passkey", "cloned_passkey"]
Reason = Literal["wrong_password", "unknown", "suspended"] | Unproved


def reserve_attempt(
    login_token: str, login: str | None, *, at: Office
) -> StaffAttempt | Refused:
    """Take one of the attempts clause 4.7 allows, whoever has the login or nobody.

    It takes the challenge a security key was asked with it: none is answered twice.
    The refusal is returned: the event that records it must be committed.
    """
    member = None if login is None else at.staff.by_login(login)
    login_id = unknown_staff_id(login_token) if member is None else member.staff_id
    attempt = at.attempts.reserve(
        login_token, login_id=login_id, rules=at.rules, now=at.now
    )
    if attempt is None:
        at.publish(
            StaffLoginFailed(
                login_id=login_id,
                login_token=login_token,
                reason="locked",
                attempts=at.rules.attempts,
            )
        )
        until = at.attempts.locked_until(login_token) or at.now
        return login_refused(time_left=until - at.now)
    if attempt.reopened:
        at.publish(AccessUnlocked(login_id=login_id))
    return StaffAttempt(attempt, member, at.passkeys.take(login_id, now=at.now))


def conclude_attempt(
    tried: StaffAttempt, digest: bytes, proof: StaffProof, *, right: bool, at: Office
) -> Stay | Refused:
    """An open session, if password and second factor are right; or the one refusal.

    1. The password, as the verifier judged it.
    2. The member as they stand now: active, not suspended, not held by an incident.
    3. The code, which opens once (RFC 6238, section 5.2), or the security key.
    4. The run of attempts ends, the session opens.
    """
    member = None if tried.member is None else at.staff.by_id(tried.member.staff_id)
    if member is None:
        return _refused(tried, "unknown", at=at)
    if not right:  # step 1
        return _refused(tried, "wrong_password", at=at)
    if not is_in(member, at=at):  # step 2
        return _refused(tried, "suspended", at=at)
    unproved = _why_not(tried, member.staff_id, proof, at=at)  # step 3
    if unproved is not None:
        return _refused(tried, unproved, at=at)
    at.attempts.clear(tried.attempt)  # step 4
    stay = Stay(
        session_id=at.ids.new(),
        staff_id=member.staff_id,
        opened_at=at.now,
        active_at=at.now,
    )
    at.stays.add(stay, digest)
    at.staff.note_login(member.staff_id, now=at.now)
    at.publish(StaffLoggedIn(staff_id=member.staff_id, session_id=stay.session_id))
    return stay


def _refused(tried: StaffAttempt, reason: Reason, *, at: Office) -> Refused:
    attempt = tried.attempt
    at.publish(
        StaffLoginFailed(
            login_id=attempt.login_id,
            login_token=attempt.phone_token,
            reason=reason,
            attempts=attempt.number,
        )
    )
    if attempt.locked_until is None:
        return login_refused()
    tell_lock(attempt, attempts=at.attempts, publish=at.publish)
    return login_refused(time_left=attempt.locked_until - at.now)


def _why_not(
    tried: StaffAttempt, staff_id: UUID, proof: StaffProof, *, at: Office
) -> Unproved | None:
    """Why a second factor opens nothing; None when it is right, and now used up.

    Who has a security key comes in by it, or by their paper: a code that can be asked
    for in a false voice would make the key worth nothing.
    """
    if isinstance(proof, PasskeyProof):
        return _unanswered(Answer(staff_id, proof.credential, tried.challenge), at=at)
    if not is_totp_code(proof):
        token = at.codes.token(staff_id, recovery_letters(proof))
        used = at.recovery.use(staff_id, token, now=at.now)
        return None if used else "wrong_code"
    if any(key.suspended_at is None for key in at.passkeys.of_login(staff_id)):
        return "passkey_due"
    totp = at.totps.find(staff_id)
    if totp is None or totp.confirmed_at is None or not _used(totp, proof, at):
        return "wrong_code"
    return None


def _unanswered(answer: Answer, *, at: Office) -> Unproved | None:
    match judge_answer(
        answer, now=at.now, passkeys=at.passkeys, authenticators=at.authenticators
    ):
        case Passkey(passkey_id=copied):
            at.publish(
                StaffPasskeyRemoved(
                    staff_id=answer.login_id, passkey_id=copied, removed_by=None
                )
            )
            return "cloned_passkey"
        case "wrong":
            return "wrong_passkey"
        case None:
            return None


def _used(totp: Totp, code: str, at: Office) -> bool:
    step = totp.step_of(code, now=at.now)
    return step is not None and at.totps.use_step(totp.login_id, step)


def authenticate(digest: bytes, *, at: Office) -> tuple[Stay, Member]:
    """The living session of a token and whose it is.

    Refused ``staff_session_required``.
    """
    stay = at.stays.touch(digest, limits=limits(at.rules, now=at.now), now=at.now)
    member = None if stay is None else at.staff.by_id(stay.staff_id)
    if stay is None or member is None or not is_in(member, at=at):
        raise staff_session_required()
    return stay, member


def is_in(member: Member, *, at: Office) -> bool:
    """Whether a member may work: active, and no incident keeps them out."""
    held = at.blocks.stands(f"staff:{member.staff_id}")
    return member.state == "active" and not held


def roles_open(member: Member, conduct: str, *, at: Office) -> Sequence[Held]:
    """What a member holds, once the rules in force are acknowledged (clause 1.4).

    Refused ``rules_not_acknowledged``.
    """
    if not at.staff.has_acknowledged(member.staff_id, conduct):
        raise rules_not_acknowledged()
    return at.staff.held(member.staff_id)


def acknowledge(member: Member, version: str, *, at: Office) -> None:
    """Record that the rules were read; once per version."""
    if at.staff.acknowledge(member.staff_id, version, now=at.now):
        at.publish(StaffRulesAcknowledged(staff_id=member.staff_id, version=version))


def end_stay(stay: Stay, *, at: Office) -> None:
    """Log out; nothing if the session has ended meanwhile."""
    if at.stays.end(stay.session_id, "logout", now=at.now):
        at.publish(ended(stay, "logout"))


def end_stale_stays(*, at: Office) -> int:
    """End what has been silent or open for too long; how many (clause 4.8)."""
    stale = at.stays.end_stale(limits=limits(at.rules, now=at.now), now=at.now)
    for stay, reason in stale:
        at.publish(ended(stay, reason))
    return len(stale)


def ended(stay: Stay, reason: StayEnd) -> StaffSessionEnded:
    """The fact that a session ended."""
    return StaffSessionEnded(
        staff_id=stay.staff_id, session_id=stay.session_id, reason=reason
    )


def invited(invitation: bytes, *, at: Office) -> Member:
    """Whom an invitation lets in; Refused ``invitation_invalid``."""
    member = at.staff.by_invitation(invitation, now=at.now)
    if member is None:
        raise invitation_invalid()
    return member


def begin_activation(
    member: Member,
    password_hash: str,
    secret: bytes,
    recovery: Sequence[str],
    *,
    at: Office,
) -> Totp:
    """Keep what an invited person chose and was given; all of it may be begun anew."""
    totp = Totp(login_id=member.staff_id, secret=secret, begun_at=at.now)
    at.staff.set_password(member.staff_id, password_hash)
    at.totps.begin(totp)
    tokens = [
        at.codes.token(member.staff_id, recovery_letters(code)) for code in recovery
    ]
    at.recovery.replace(member.staff_id, tokens, now=at.now)
    return totp


def confirm_activation(member: Member, code: str, *, at: Office) -> None:
    """The first code of the authenticator makes an invited person a member.

    Refused ``code_wrong``, and ``invitation_invalid`` when nothing was begun.
    """
    totp = at.totps.find(member.staff_id)
    if totp is None:
        raise invitation_invalid()
    if not _used(totp, code, at):
        raise factor_code_wrong()
    at.totps.confirm(member.staff_id, now=at.now)
    if not at.staff.activate(member.staff_id, now=at.now):
        raise invitation_invalid()
    at.publish(StaffActivated(staff_id=member.staff_id))
