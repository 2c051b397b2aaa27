"""A client who steps up and enrols second factors, over the real database."""

import base64
from dataclasses import dataclass
from uuid import UUID

import pytest

from kernel.crypto import hotp
from kernel.errors import Refused
from services.auth.domain.factors import CodeProof, PasskeyProof, Proof
from services.auth.domain.passkeys import Passkey
from services.auth.domain.sessions import Session
from services.auth.wiring import CheckDue, Entered
from tests.integration.auth.stand import BROWSER, PHONE, Stand
from tests.unit.auth.authenticator import Authenticator


@dataclass
class Member:
    """A client who is logged in: the session, and the token it has at the moment."""

    stand: Stand
    session: Session
    token: str

    @classmethod
    def of(cls, stand: Stand) -> "Member":
        """A new client, just logged in by a code."""
        stand.client()
        return cls(stand, *stand.session())

    def step_up(self) -> None:
        """Give a code again; the session's token changes."""
        challenge, methods = self.stand.gateway.factors.begin_step_up(
            self.stand.context(), session=self.session
        )
        challenge_id = challenge.challenge_id
        if methods[0] != "sms":
            challenge_id = self.stand.gateway.factors.send_message(
                self.stand.context(), session=self.session, challenge_id=challenge_id
            ).challenge_id
        self.token = self.stand.gateway.factors.step_up(
            self.stand.context(),
            session=self.session,
            challenge_id=challenge_id,
            proof=CodeProof("sms", self.stand.code_for(PHONE, "step_up")),
        )

    def enrol_totp(self) -> bytes:
        """Enrol an authenticator; its secret."""
        self.step_up()
        begun = self.stand.gateway.factors.begin_totp(
            self.stand.context(), session=self.session
        )
        secret = base64.b32decode(begun.secret)
        self.token = self.stand.gateway.factors.confirm_totp(
            self.stand.context(), session=self.session, code=self.totp(secret)
        )
        self.stand.clock.move(seconds=30)  # the confirming step is used up
        return secret

    def recovery_codes(self) -> list[str]:
        """A fresh set of recovery codes."""
        self.step_up()
        codes, self.token = self.stand.gateway.factors.replace_recovery_codes(
            self.stand.context(), session=self.session
        )
        return codes

    def add_passkey(self, authenticator: Authenticator) -> Passkey:
        """Add a passkey called "phone"."""
        self.step_up()
        options = self.stand.gateway.factors.begin_passkey(
            self.stand.context(), session=self.session
        )
        passkey, self.token = self.stand.gateway.factors.add_passkey(
            self.stand.context(),
            session=self.session,
            name="phone",
            credential=authenticator.register(dict(options)),
        )
        return passkey

    def totp(self, secret: bytes, *, steps: int = 0) -> str:
        """What the authenticator shows now."""
        return hotp(secret, int(self.stand.clock.now().timestamp()) // 30 + steps)


def enter(stand: Stand, proof: Proof, *, challenge_id: UUID | None = None) -> Entered:
    """Log in by any second factor, in a known browser."""
    opened = stand.gateway.entry.open_session(
        stand.context(),
        challenge_id=challenge_id or stand.first_factor().challenge_id,
        proof=proof,
        browser=BROWSER,
    )
    assert not isinstance(opened, CheckDue)
    return opened


def refusal(stand: Stand, proof: Proof, *, challenge_id: UUID | None = None) -> str:
    """The code with which a login by a second factor is refused."""
    with pytest.raises(Refused) as caught:
        enter(stand, proof, challenge_id=challenge_id)
    return caught.value.code


def passkey_proof(
    stand: Stand, authenticator: Authenticator, challenge_id: UUID, *, counts: bool
) -> PasskeyProof:
    """The authenticator's answer for a login that waits."""
    options = dict(
        stand.gateway.entry.ask_passkey(stand.context(), challenge_id=challenge_id)
    )
    answer = (
        authenticator.answer(options)
        if counts
        else authenticator.answer_without_counting(options)
    )
    return PasskeyProof(answer)
