"""Use cases between a right password and an open cabinet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json, random_bytes
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from services.auth.domain.codes import Challenge, Claim, code_not_found
from services.auth.domain.devices import Browser, DeviceCheck
from services.auth.domain.factors import (
    Proof,
    factor_not_found,
)
from services.auth.domain.passkeys import CEREMONY_LASTS, CHALLENGE_BYTES
from services.auth.domain.passwords import Login
from services.auth.domain.sessions import Session
from services.auth.handlers import devices, proofs, sessions
from services.auth.handlers.proofs import Copied, Counter
from services.auth.wiring.desk import Desk, Stores, granted


@dataclass(frozen=True, slots=True)
class Entered:
    """An open session, its token, and the mark of the browser it is open in."""

    session: Session
    token: str = field(repr=False)
    mark: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckDue:
    """Both factors were right; biometrics are due in this browser before more."""

    check: DeviceCheck
    token: str = field(repr=False)


class EntryUseCases:
    """What may follow a right password."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def new_mark(self) -> str:
        """A mark for a browser, if it comes to be known."""
        return self._desk.tokens.new()

    def send_message(self, context: Context, *, challenge_id: UUID) -> Challenge:
        """Send a code for a login that waits; it prolongs nothing."""
        claim = Claim(challenge_id=challenge_id, purpose="login")
        with self._desk.begin(context) as (tx, stores):
            sent = self._desk.send_again(claim, tx, stores, now=self._desk.now())
        return granted(sent)

    def ask_passkey(
        self, context: Context, *, challenge_id: UUID
    ) -> Mapping[str, Json]:
        """What the browser asks an authenticator for a login that waits."""
        claim = Claim(challenge_id=challenge_id, purpose="login")
        with self._desk.begin(context) as (tx, stores):
            at = self._desk.counter(tx, stores, now=self._desk.now())
            waiting = granted(proofs.usable(claim, at=at))
            return asked_passkey(challenge_id, waiting.reference, at=at)

    def open_session(
        self, context: Context, *, challenge_id: UUID, proof: Proof, browser: Browser
    ) -> Entered | CheckDue:
        """The second factor: the cabinet opens, or asks a new browser for more.

        Evidence, session, known browser and notice leave in one commit; so does what
        a wrong factor has cost.
        """
        claim = Claim(challenge_id=challenge_id, purpose="login")
        token = self._desk.tokens.new()
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            at = self._desk.counter(tx, stores, now=now)
            judged = proofs.prove(claim, proof, login_id=None, at=at)
            answer: Entered | CheckDue | Refused
            if isinstance(judged, Challenge):
                answer = self._enter(tx, stores, judged, token, browser, now=now)
            else:
                sessions.record_wrong_code(
                    claim, challenges=stores.challenges, publish=tx.publish
                )
                answer = told_of_copy(self._desk, stores, judged, now=now)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def find_check(
        self, context: Context, *, check_id: UUID, token: str
    ) -> DeviceCheck:
        """A login that waits for biometrics; Refused ``device_check_not_found``."""
        with self._desk.begin(context) as (_, stores):
            return devices.find_check(
                check_id,
                token,
                now=self._desk.now(),
                tokens=self._desk.tokens,
                devices=stores.devices,
            )

    def statement(self, check: DeviceCheck) -> bytes:
        """The bytes the biometrics of a new browser are bound to."""
        return check.statement(site=self._desk.site)

    def enter_checked(
        self,
        context: Context,
        *,
        check: DeviceCheck,
        ceremony: Mapping[str, Json],
        browser: Browser,
    ) -> Entered:
        """Open the cabinet in a browser in which ЦОИД knew the client."""
        check.refuse_unproved(ceremony, site=self._desk.site)
        ceremony_id = UUID(str(ceremony["ceremony_id"]))
        token = self._desk.tokens.new()
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            devices.pass_check(
                check,
                ceremony_id,
                now=now,
                devices=stores.devices,
                publish=tx.publish,
            )
            login = _login_of(stores, check.client_id)
            self._admit(tx, stores, login, browser, ceremony_id=ceremony_id, now=now)
            session = self._open(tx, stores, login, token, browser, now=now)
        return Entered(session, token, browser.fresh_mark)

    def admit_registered(
        self, context: Context, *, client_id: UUID, browser: Browser
    ) -> None:
        """Know the browser of a registration: its ceremony proved the client in it."""
        with self._desk.begin(context) as (tx, stores):
            login = _login_of(stores, client_id)
            now = self._desk.now()
            self._admit(tx, stores, login, browser, ceremony_id=None, now=now)

    def _enter(
        self,
        tx: Transaction,
        stores: Stores,
        challenge: Challenge,
        token: str,
        browser: Browser,
        *,
        now: datetime,
    ) -> Entered | CheckDue | Refused:
        if challenge.client_id is None:
            return code_not_found()
        login = _login_of(stores, challenge.client_id)
        if login.phone_token != challenge.phone_token:
            return code_not_found()  # the login has moved since the code was sent
        known = devices.recognise(
            login.login_id,
            browser,
            now=now,
            tokens=self._desk.tokens,
            devices=stores.devices,
        )
        if devices.is_new(self._desk.rules(now), known=known):
            check = devices.open_check(
                login,
                token,
                now=now,
                ids=self._desk.platform.ids,
                tokens=self._desk.tokens,
                devices=stores.devices,
                publish=tx.publish,
            )
            return check if isinstance(check, Refused) else CheckDue(check, token)
        if not known:
            self._admit(tx, stores, login, browser, ceremony_id=None, now=now)
        session = self._open(tx, stores, login, token, browser, now=now)
        mark = browser.mark if known and browser.mark else browser.fresh_mark
        return Entered(session, token, mark)

    def _admit(
        self,
        tx: Transaction,
        stores: Stores,
        login: Login,
        browser: Browser,
        *,
        ceremony_id: UUID | None,
        now: datetime,
    ) -> None:
        devices.admit(
            login,
            browser,
            device_token=self._desk.device_token(browser.browser_id),
            ceremony_id=ceremony_id,
            now=now,
            ids=self._desk.platform.ids,
            tokens=self._desk.tokens,
            devices=stores.devices,
            publish=tx.publish,
        )

    def _open(
        self,
        tx: Transaction,
        stores: Stores,
        login: Login,
        token: str,
        browser: Browser,
        *,
        now: datetime,
    ) -> Session:
        session = sessions.open_session(
            login,
            digest=self._desk.tokens.digest(token),
            browser=browser.words,
            now=now,
            rules=self._desk.rules(now),
            ids=self._desk.platform.ids,
            sessions=stores.sessions,
            blocks=stores.blocks,
            publish=tx.publish,
        )
        self._desk.notify(
            "login_notice",
            phone=login.phone,
            client_id=login.client_id,
            stores=stores,
            now=now,
        )
        return session


def asked_passkey(
    reference: UUID, login_id: UUID, *, at: Counter
) -> Mapping[str, Json]:
    """Options for the passkeys of a login, with a challenge for `reference` only."""
    known = [key for key in at.passkeys.of_login(login_id) if key.suspended_at is None]
    if not known:
        raise factor_not_found()
    challenge = random_bytes(CHALLENGE_BYTES)
    at.passkeys.ask(reference, challenge, until=at.now + CEREMONY_LASTS)
    return at.authenticators.authentication(challenge, known)


def told_of_copy(
    desk: Desk,
    stores: Stores,
    judged: Copied | Refused,
    *,
    now: datetime,
) -> Refused:
    """The refusal; the client is told when a passkey seems to have a copy."""
    if isinstance(judged, Refused):
        return judged
    if judged.client_id is not None:
        desk.notify(
            "passkey_suspended_notice",
            phone=_login_of(stores, judged.client_id).phone,
            client_id=judged.client_id,
            stores=stores,
            now=now,
        )
    return judged.refused


def _login_of(stores: Stores, client_id: UUID) -> Login:
    """Locked: a login that moves to another number waits, or has moved before us."""
    login = stores.logins.lock(client_id)
    if login is None:
        raise Broken("a client who has proved a login has none")
    return login
