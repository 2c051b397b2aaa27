"""Use cases of second factors: stepping up, enrolling, removing.

Each change uses up a step-up, is told to the client, gives the session a new token and
ends the client's other sessions (ASVS 6.3.7, 7.2.4, 7.4.3), all in one commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json, b32, random_bytes
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.events.auth import SteppedUp
from services.auth.domain.codes import Challenge, Claim
from services.auth.domain.factors import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    TOTP_SECRET_BYTES,
    CodeProof,
    Proof,
    Standing,
    recovery_text,
)
from services.auth.domain.passkeys import CHALLENGE_BYTES, Passkey
from services.auth.domain.sessions import Session, session_required
from services.auth.handlers import factors, proofs, sessions
from services.auth.handlers.codes import CodeOrder
from services.auth.handlers.factors import NewPasskey
from services.auth.wiring.desk import Desk, Stores, Waiting, granted
from services.auth.wiring.entry import asked_passkey, told_of_copy


@dataclass(frozen=True, slots=True)
class Begun:
    """A secret to be shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Factors:
    """What a client sees of their second factors."""

    standing: Standing
    passkeys: Sequence[Passkey]


class FactorUseCases:
    """What a logged-in client does about second factors."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, context: Context, *, session: Session) -> Factors:
        """Which second factors there are, and how many recovery codes are left."""
        with self._desk.begin(context) as (_, stores):
            return Factors(
                stores.standings.of(session.login_id),
                stores.passkeys.of_login(session.login_id),
            )

    def begin_step_up(self, context: Context, *, session: Session) -> Waiting:
        """Ask for a second factor again; good in this session only."""
        with self._desk.begin(context) as (_, stores):
            login = stores.logins.by_client(session.client_id)
            if login is None:
                raise Broken("a session without a login")
            order = CodeOrder(
                purpose="step_up",
                reference=session.session_id,
                phone=login.phone,
                phone_token=login.phone_token,
                client_id=session.client_id,
            )
            waiting = self._desk.ask_second_factor(
                session.login_id, order, stores, now=self._desk.now()
            )
        return granted(waiting)

    def send_message(
        self, context: Context, *, session: Session, challenge_id: UUID
    ) -> Challenge:
        """Send a code for a step-up that waits; it prolongs nothing."""
        claim = _claim(session, challenge_id)
        with self._desk.begin(context) as (tx, stores):
            sent = self._desk.send_again(claim, tx, stores, now=self._desk.now())
        return granted(sent)

    def ask_passkey(
        self, context: Context, *, session: Session, challenge_id: UUID
    ) -> Mapping[str, Json]:
        """What the browser asks an authenticator for a step-up."""
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            granted(proofs.usable(_claim(session, challenge_id), at=at))
            return asked_passkey(challenge_id, session.login_id, at=at)

    def step_up(
        self, context: Context, *, session: Session, challenge_id: UUID, proof: Proof
    ) -> str:
        """Take a second factor for one change of factors; the session's new token."""
        token = self._desk.tokens.new()
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            judged = proofs.prove(
                _claim(session, challenge_id),
                proof,
                login_id=session.login_id,
                at=self._desk.counter(tx, stores, now=now),
            )
            refused: Refused | None = None
            if not isinstance(judged, Challenge):
                refused = told_of_copy(self._desk, stores, judged, now=now)
            elif not stores.sessions.step_up(
                session.session_id, self._desk.tokens.digest(token), now=now
            ):
                refused = session_required()
            else:
                tx.publish(
                    SteppedUp(
                        client_id=session.client_id,
                        session_id=session.session_id,
                        method=(
                            proof.method if isinstance(proof, CodeProof) else "passkey"
                        ),
                    )
                )
        if refused is not None:
            raise refused
        return token

    def use_step_up(self, context: Context, *, session: Session) -> None:
        """Use up a step-up for one act of another service.

        Refused ``step_up_required``.
        """
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            factors.require_step_up(session, sessions=stores.sessions, at=at)

    def begin_totp(self, context: Context, *, session: Session) -> Begun:
        """A new secret for an authenticator, shown this once."""
        secret = random_bytes(TOTP_SECRET_BYTES)
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            factors.require_step_up(session, sessions=stores.sessions, at=at)
            totp = factors.begin_totp(session, secret, at=at)
        return Begun(b32(secret), totp.uri(site=self._desk.site))

    def confirm_totp(self, context: Context, *, session: Session, code: str) -> str:
        """Enrol the authenticator by its first code; the session's new token."""
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            refused = factors.confirm_totp(session, code, at=at)
            token = "" if refused else self._changed(tx, stores, session, now=now)
        if refused is not None:
            raise refused
        return token

    def remove_totp(self, context: Context, *, session: Session) -> str:
        """Forget the authenticator; the session's new token."""
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            factors.require_step_up(session, sessions=stores.sessions, at=at)
            factors.remove_totp(session, at=at)
            return self._changed(tx, stores, session, now=now)

    def replace_recovery_codes(
        self, context: Context, *, session: Session
    ) -> tuple[list[str], str]:
        """A new set of recovery codes, shown this once; the session's new token."""
        codes = [
            recovery_text(random_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)
        ]
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            factors.require_step_up(session, sessions=stores.sessions, at=at)
            factors.replace_recovery_codes(session, codes, at=at)
            token = self._changed(tx, stores, session, now=now)
        return codes, token

    def begin_passkey(
        self, context: Context, *, session: Session
    ) -> Mapping[str, Json]:
        """What the browser asks an authenticator in order to add a passkey."""
        challenge = random_bytes(CHALLENGE_BYTES)
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            factors.require_step_up(session, sessions=stores.sessions, at=at)
            return factors.begin_passkey(session, challenge, at=at)

    def add_passkey(
        self,
        context: Context,
        *,
        session: Session,
        name: str,
        credential: Mapping[str, Json],
    ) -> tuple[Passkey, str]:
        """Keep a passkey; with it, the session's new token."""
        new = NewPasskey(
            passkey_id=self._desk.platform.ids.new(), name=name, credential=credential
        )
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            added = factors.add_passkey(session, new, at=at)
            token = ""
            if isinstance(added, Passkey):
                token = self._changed(tx, stores, session, now=now)
        return granted(added), token

    def rename_passkey(
        self, context: Context, *, session: Session, passkey_id: UUID, name: str
    ) -> Passkey:
        """Call a passkey something else."""
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            return factors.rename_passkey(session, passkey_id, name, at=at)

    def remove_passkey(
        self, context: Context, *, session: Session, passkey_id: UUID
    ) -> str:
        """Forget a passkey; the session's new token."""
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            factors.require_step_up(session, sessions=stores.sessions, at=at)
            factors.remove_passkey(session, passkey_id, at=at)
            return self._changed(tx, stores, session, now=now)

    def _changed(
        self, tx: Transaction, stores: Stores, session: Session, *, now: datetime
    ) -> str:
        """What every change of factors brings with it; the session's new token."""
        token = self._desk.tokens.new()
        digest = self._desk.tokens.digest(token)
        login = stores.logins.by_client(session.client_id)
        if login is None or not stores.sessions.rotate(session.session_id, digest):
            raise session_required()
        sessions.end_other_sessions(
            session,
            "factor_changed",
            now=now,
            sessions=stores.sessions,
            publish=tx.publish,
        )
        self._desk.notify(
            "factor_notice",
            phone=login.phone,
            client_id=login.client_id,
            stores=stores,
            now=now,
        )
        return token


def _claim(session: Session, challenge_id: UUID) -> Claim:
    return Claim(
        challenge_id=challenge_id,
        purpose="step_up",
        reference=session.session_id,
        client_id=session.client_id,
    )
