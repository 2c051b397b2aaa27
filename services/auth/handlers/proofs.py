"""Any second factor given for a challenge: a message, TOTP, paper, or a passkey.

A challenge says that what must come before was right (the password at login, the
session at a step-up); whichever factor is given confirms it, once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.auth import (
    SecondFactorLocked,
    SecondFactorRefused,
    SecondFactorUnlocked,
)
from services.auth.domain.codes import Challenge, Claim, code_wrong, why_not
from services.auth.domain.factors import (
    CodeProof,
    CountedMethod,
    Method,
    Proof,
    Totp,
    factor_locked,
    recovery_letters,
)
from services.auth.domain.passkeys import Passkey, passkey_wrong
from services.auth.domain.rules import Rules
from services.auth.handlers.passkeys import Answer, judge_answer
from services.auth.ports import (
    Authenticators,
    Challenges,
    Codes,
    FactorAttempts,
    Passkeys,
    Publish,
    RecoveryCodes,
    Totps,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What second factors are judged with, over one open transaction."""

    now: datetime
    rules: Rules
    codes: Codes
    challenges: Challenges
    totps: Totps
    recovery: RecoveryCodes
    attempts: FactorAttempts
    passkeys: Passkeys
    authenticators: Authenticators
    publish: Publish


@dataclass(frozen=True, slots=True)
class Copied:
    """A passkey of which there seems to be a copy; its client must be told."""

    client_id: UUID | None
    refused: Refused


def prove(
    claim: Claim, proof: Proof, *, login_id: UUID | None, at: Counter
) -> Challenge | Copied | Refused:
    """The challenge, confirmed by a second factor of its login; or why not.

    `login_id` is None at login, where the challenge's reference is the login.  What is
    refused is returned, not raised: what it has cost must be committed.
    """
    challenge = usable(claim, at=at)
    if isinstance(challenge, Refused):
        return challenge
    login_id = login_id or challenge.reference
    wrong: Copied | Refused | None
    if isinstance(proof, CodeProof):
        wrong = _judge(login_id, proof, claim, at=at)
    else:
        wrong = _judge_passkey(login_id, challenge, proof.credential, at=at)
    if wrong is not None:
        return wrong
    if not at.challenges.confirm(claim, now=at.now):
        return why_not(challenge, claim, now=at.now)
    return replace(challenge, state="confirmed", confirmed_at=at.now)


def usable(claim: Claim, *, at: Counter) -> Challenge | Refused:
    """The challenge of a claim while it waits for its second factor."""
    found = at.challenges.find(claim.challenge_id)
    if (
        found is None
        or not claim.fits(found)
        or found.state != "open"
        or found.expires_at <= at.now
    ):
        return why_not(found, claim, now=at.now)
    return found


def judge_first_code(login_id: UUID, code: str, *, at: Counter) -> Refused | None:
    """As `_judge`, for an authenticator that is being enrolled by this code.

    Counted with the codes of logins: a new secret is no place to guess at leisure.
    """

    def opens() -> bool:
        totp = at.totps.find(login_id)
        return totp is not None and _uses_step(totp, code, at=at)

    return _counted(login_id, "totp", opens, at=at)


def judge_recovery_code(
    claim: Claim, challenge: Challenge, code: str, *, at: Counter
) -> Refused | None:
    """As `_judge`, for the code of a forgotten password.

    Counted by itself: who guesses here locks nobody's way in.  The code of a number
    that is nobody's login is never right, whatever was guessed.
    """

    def opens() -> bool:
        right = _is_sent_code(claim, code, at=at)
        return right and challenge.client_id is not None

    return _counted(challenge.reference, "recovery_sms", opens, at=at)


def _judge(
    login_id: UUID, proof: CodeProof, claim: Claim, *, at: Counter
) -> Refused | None:
    """Why a code opens nothing; None when it is right, and now used up."""

    def opens() -> bool:
        match proof.method:
            case "sms":
                return _is_sent_code(claim, proof.code, at=at)
            case "totp":
                totp = at.totps.find(login_id)
                if totp is None or totp.confirmed_at is None:
                    return False
                return _uses_step(totp, proof.code, at=at)
            case "recovery_code":
                token = at.codes.token(login_id, recovery_letters(proof.code))
                return at.recovery.use(login_id, token, now=at.now)

    return _counted(login_id, proof.method, opens, at=at)


def _counted(
    login_id: UUID, method: CountedMethod, opens: Callable[[], bool], *, at: Counter
) -> Refused | None:
    """1. Reserve an attempt, before anything is compared (A02, P04, P05).
    2. Compare, and use up what was right: it opens nothing twice.
    3. A right one ends the run of attempts; the last wrong one locks.
    """  # noqa: D205 - the steps are the summary
    attempt = at.attempts.reserve(login_id, method, rules=at.rules, now=at.now)  # 1
    if attempt is None:
        _say_refused(login_id, method, "locked", at.rules.attempts, at=at)
        until = at.attempts.locked_until(login_id, method) or at.now
        return factor_locked(time_left=until - at.now)
    if attempt.reopened:
        at.publish(SecondFactorUnlocked(login_id=login_id, method=method))
    if opens():  # 2
        at.attempts.clear(attempt)  # 3
        return None
    _say_refused(login_id, method, "wrong", attempt.number, at=at)
    if attempt.locked_until is None:
        return code_wrong(tries_left=at.rules.attempts - attempt.number)
    at.publish(
        SecondFactorLocked(login_id=login_id, method=method, until=attempt.locked_until)
    )
    return factor_locked(time_left=attempt.locked_until - at.now)


def _is_sent_code(claim: Claim, code: str, *, at: Counter) -> bool:
    """Whether it is the code of the message, which bears a few tries of its own."""
    challenge = at.challenges.reserve_try(claim, now=at.now, tries=at.rules.code_tries)
    token = at.codes.token(claim.challenge_id, code)
    return challenge is not None and challenge.opened_by(token)


def _uses_step(totp: Totp, code: str, *, at: Counter) -> bool:
    step = totp.step_of(code, now=at.now)
    return step is not None and at.totps.use_step(totp.login_id, step)


def reopen_factors(*, now: datetime, attempts: FactorAttempts, publish: Publish) -> int:
    """End the locks of second factors that have run out; how many."""
    reopened = attempts.reopen(now=now)
    for login_id, method in reopened:
        publish(SecondFactorUnlocked(login_id=login_id, method=method))
    return len(reopened)


def _judge_passkey(
    login_id: UUID, asked: Challenge, credential: Mapping[str, Json], *, at: Counter
) -> Copied | Refused | None:
    """Why an authenticator's answer opens nothing; the challenge is used up."""
    challenge = at.passkeys.take(asked.challenge_id, now=at.now)
    answer = Answer(login_id, credential, challenge)
    match judge_answer(
        answer, now=at.now, passkeys=at.passkeys, authenticators=at.authenticators
    ):
        case None:
            return None
        case Passkey():
            _say_refused(login_id, "passkey", "cloned", 1, at=at)
            return Copied(asked.client_id, passkey_wrong())
        case "wrong":
            _say_refused(login_id, "passkey", "wrong", 1, at=at)
            return passkey_wrong()


def _say_refused(
    login_id: UUID,
    method: Method | CountedMethod,
    reason: Literal["wrong", "locked", "cloned"],
    attempts: int,
    *,
    at: Counter,
) -> None:
    at.publish(
        SecondFactorRefused(
            login_id=login_id, method=method, reason=reason, attempts=attempts
        )
    )
