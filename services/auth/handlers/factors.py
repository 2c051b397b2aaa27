"""Enrolling, listing and removing second factors; each change needs a fresh one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.auth import FactorAdded, FactorRemoved
from services.auth.domain.factors import (
    ENROLMENT_LASTS,
    Totp,
    factor_exists,
    factor_not_found,
    recovery_letters,
    step_up_required,
)
from services.auth.domain.passkeys import (
    CEREMONY_LASTS,
    LONGEST_CREDENTIAL_ID,
    MOST_PASSKEYS,
    Passkey,
    passkey_wrong,
    passkeys_too_many,
)
from services.auth.domain.rules import STEP_UP_FRESH
from services.auth.domain.sessions import Session
from services.auth.handlers.proofs import Counter, judge_first_code
from services.auth.ports import Sessions


def require_step_up(session: Session, *, sessions: Sessions, at: Counter) -> None:
    """Use up the fresh second factor of a session; Refused ``step_up_required``."""
    if not sessions.use_step_up(session.session_id, since=at.now - STEP_UP_FRESH):
        raise step_up_required()


def begin_totp(session: Session, secret: bytes, *, at: Counter) -> Totp:
    """A secret to be shown once; it counts only when a code of it has come back."""
    totp = Totp(login_id=session.login_id, secret=secret, begun_at=at.now)
    if not at.totps.begin(totp):
        raise factor_exists()
    return totp


def confirm_totp(session: Session, code: str, *, at: Counter) -> Refused | None:
    """Enrol the authenticator by its first code; a refusal must be committed."""
    totp = at.totps.find(session.login_id)
    if totp is None or totp.begun_at + ENROLMENT_LASTS <= at.now:
        raise factor_not_found()
    if totp.confirmed_at is not None:
        raise factor_exists()
    wrong = judge_first_code(session.login_id, code, at=at)
    if wrong is None:
        at.totps.confirm(session.login_id, now=at.now)
        at.publish(FactorAdded(client_id=session.client_id, factor="totp"))
    return wrong


def remove_totp(session: Session, *, at: Counter) -> None:
    """Forget the authenticator; Refused ``factor_not_found``."""
    if not at.totps.remove(session.login_id):
        raise factor_not_found()
    at.publish(FactorRemoved(client_id=session.client_id, factor="totp"))


def replace_recovery_codes(
    session: Session, codes: Sequence[str], *, at: Counter
) -> None:
    """Give the client a new set of recovery codes; all earlier ones are worth nothing.

    Kept are keyed hashes, bound to the login.
    """
    tokens = [
        at.codes.token(session.login_id, recovery_letters(code)) for code in codes
    ]
    at.recovery.replace(session.login_id, tokens, now=at.now)
    at.publish(FactorAdded(client_id=session.client_id, factor="recovery_codes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """The answer to a registration, under the name the client gives it."""

    passkey_id: UUID
    name: str
    credential: Mapping[str, Json]


def begin_passkey(
    session: Session, challenge: bytes, *, at: Counter
) -> Mapping[str, Json]:
    """What the browser asks an authenticator in order to add a passkey."""
    known = at.passkeys.of_login(session.login_id)
    if len(known) >= MOST_PASSKEYS:
        raise passkeys_too_many()
    at.passkeys.ask(session.session_id, challenge, until=at.now + CEREMONY_LASTS)
    return at.authenticators.registration(session.login_id, challenge, known)


def add_passkey(session: Session, new: NewPasskey, *, at: Counter) -> Passkey | Refused:
    """Keep a passkey whose holder was verified; a refusal must be committed.

    The challenge is this session's own, and gone whatever the answer is worth.
    """
    challenge = at.passkeys.take(session.session_id, now=at.now)
    if challenge is None:
        return passkey_wrong()
    proved = at.authenticators.registered(new.credential, challenge)
    if proved is None or len(proved.credential_id) > LONGEST_CREDENTIAL_ID:
        return passkey_wrong()
    passkey = Passkey(
        passkey_id=new.passkey_id,
        login_id=session.login_id,
        credential_id=proved.credential_id,
        public_key=proved.public_key,
        sign_count=proved.sign_count,
        name=new.name,
        added_at=at.now,
    )
    if not at.passkeys.add(passkey):
        return passkey_wrong()
    at.publish(FactorAdded(client_id=session.client_id, factor="passkey"))
    return passkey


def rename_passkey(
    session: Session, passkey_id: UUID, name: str, *, at: Counter
) -> Passkey:
    """Call a passkey something else; Refused ``factor_not_found``."""
    found = _own(session, passkey_id, at=at)
    at.passkeys.rename(found, name)
    return replace(found, name=name)


def remove_passkey(session: Session, passkey_id: UUID, *, at: Counter) -> None:
    """Forget a passkey; Refused ``factor_not_found``."""
    if not at.passkeys.remove(_own(session, passkey_id, at=at)):
        raise factor_not_found()
    at.publish(FactorRemoved(client_id=session.client_id, factor="passkey"))


def _own(session: Session, passkey_id: UUID, *, at: Counter) -> Passkey:
    for passkey in at.passkeys.of_login(session.login_id):
        if passkey.passkey_id == passkey_id:
            return passkey
    raise factor_not_found()
