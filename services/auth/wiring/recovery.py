"""Use cases of who has lost a factor: a new password, or the change of a lost number.

Each proof that is left is counted and slowed as a login is; then biometrics, by a check
with a token of its own, which opens one thing once (ADR 0013).
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.values import Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.domain.passwords import Login
from services.auth.domain.sessions import session_required
from services.auth.domain.sources import Source
from services.auth.handlers import devices, recoveries, sources, visits
from services.auth.wiring.desk import Desk, Stores, granted
from services.auth.wiring.entry import CheckDue
from services.auth.wiring.first import FirstFactor


class RecoveryUseCases:
    """What may be done with one factor and one's face."""

    def __init__(self, desk: Desk, first: FirstFactor) -> None:
        self._desk = desk
        self._first = first

    def send_code(self, context: Context, *, phone: Phone, source: Source) -> Challenge:
        """A forgotten password: a code goes to the number, if it is a login.

        Known or not, the answer and the work are the same (A04).
        """
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            sent: Challenge | Refused | None = self._desk.admit(
                source, tx, stores, now=now
            )
            if sent is None:
                order = recoveries.request_code(
                    phone,
                    self._desk.phone_token(phone),
                    logins=stores.logins,
                    publish=tx.publish,
                )
                sent = self._desk.send_code(order, stores, now=now)
        return granted(sent)

    def prove_code(
        self, context: Context, *, challenge_id: UUID, code: str, source: Source
    ) -> CheckDue:
        """The phone is in hand; biometrics are due before anything opens."""
        token = self._desk.tokens.new()
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            due: CheckDue | Refused | None = self._desk.admit(
                source, tx, stores, now=now
            )
            if due is None:
                at = self._desk.counter(tx, stores, now=now)
                proved = recoveries.prove_code(challenge_id, code, at=at)
                due = (
                    proved
                    if isinstance(proved, Refused)
                    else self._code_was_right(proved, token, source, tx, stores, now)
                )
        return granted(due)

    def prove_password(
        self, context: Context, *, phone: Phone, password: str, source: Source
    ) -> CheckDue:
        """A lost number: the password is right; biometrics are due."""
        token = self._desk.tokens.new()

        def then(
            login: Login, tx: Transaction, stores: Stores, now: datetime
        ) -> CheckDue | Refused:
            return self._open(login, token, "number", tx, stores, now=now)

        return self._first.prove(
            context, phone=phone, password=password, source=source, then=then
        )

    def prove_visit(
        self, context: Context, *, office_pass: str, source: Source
    ) -> CheckDue:
        """Number and password are lost: the pass of the office; biometrics are due."""
        token = self._desk.tokens.new()
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            due: CheckDue | Refused | None = self._desk.admit(
                source, tx, stores, now=now
            )
            if due is None:
                login = visits.take(
                    self._desk.tokens.digest(office_pass),
                    now=now,
                    logins=stores.logins,
                    passes=stores.office_passes,
                )
                due = (
                    login
                    if isinstance(login, Refused)
                    else self._open(login, token, "number", tx, stores, now=now)
                )
        return granted(due)

    def find(
        self, context: Context, *, recovery_id: UUID, token: str, aim: Aim
    ) -> DeviceCheck:
        """A recovery that waits for biometrics; Refused ``recovery_not_found``."""
        with self._desk.begin(context) as (_, stores):
            return devices.find_check(
                recovery_id,
                token,
                aim=aim,
                now=self._desk.now(),
                tokens=self._desk.tokens,
                devices=stores.devices,
            )

    def statement(self, check: DeviceCheck) -> bytes:
        """The bytes the biometrics of a recovery are bound to."""
        return check.statement(site=self._desk.site)

    def set_password(
        self,
        context: Context,
        *,
        check: DeviceCheck,
        ceremony: Mapping[str, Json],
        password: str,
    ) -> None:
        """The new password of a client whom ЦОИД knew; ends every session.

        A weak one is refused before the recovery is used up.
        """
        check.refuse_unproved(ceremony, site=self._desk.site)
        with self._desk.begin(context) as (_, stores):
            login = _login_of(stores, check)
        password_hash = self._first.accepted_hash(password, of=login)
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            self._pass(check, ceremony, tx, stores, now=now)
            login = _login_of(stores, check)
            recoveries.replace_password(
                login,
                password_hash,
                now=now,
                logins=stores.logins,
                challenges=stores.challenges,
                devices=stores.devices,
                sessions=stores.sessions,
                publish=tx.publish,
            )
            self._desk.notify(
                "password_notice",
                phone=login.phone,
                client_id=login.client_id,
                stores=stores,
                now=now,
            )

    def allow_change(
        self, context: Context, *, check: DeviceCheck, ceremony: Mapping[str, Json]
    ) -> DeviceCheck:
        """Let the token of a lost number open the change of number, and only that."""
        check.refuse_unproved(ceremony, site=self._desk.site)
        with self._desk.begin(context) as (tx, stores):
            self._pass(check, ceremony, tx, stores, now=self._desk.now())
        return check

    def client_of_right(self, context: Context, *, token: str) -> UUID:
        """Whose number the token may change; Refused ``session_required``."""
        with self._desk.begin(context) as (_, stores):
            right = stores.devices.find_right(
                self._desk.tokens.digest(token), now=self._desk.now()
            )
        if right is None:
            raise session_required()
        return right.client_id

    def _code_was_right(
        self,
        challenge: Challenge,
        token: str,
        source: Source,
        tx: Transaction,
        stores: Stores,
        now: datetime,
    ) -> CheckDue | Refused:
        sources.readmit(self._desk.buckets(source, now), sources=stores.sources)
        login = recoveries.login_of(challenge, logins=stores.logins)
        if isinstance(login, Refused):
            return login
        return self._open(login, token, "password", tx, stores, now=now)

    def _open(
        self,
        login: Login,
        token: str,
        aim: Aim,
        tx: Transaction,
        stores: Stores,
        *,
        now: datetime,
    ) -> CheckDue | Refused:
        """The check, and word of it to the number there is."""
        check = devices.open_check(
            login,
            token,
            aim=aim,
            now=now,
            ids=self._desk.platform.ids,
            tokens=self._desk.tokens,
            devices=stores.devices,
            publish=tx.publish,
        )
        if isinstance(check, Refused):
            return check
        self._desk.notify(
            "recovery_notice",
            phone=login.phone,
            client_id=login.client_id,
            stores=stores,
            now=now,
        )
        return CheckDue(check, token)

    def _pass(
        self,
        check: DeviceCheck,
        ceremony: Mapping[str, Json],
        tx: Transaction,
        stores: Stores,
        *,
        now: datetime,
    ) -> None:
        devices.pass_check(
            check,
            UUID(str(ceremony["ceremony_id"])),
            now=now,
            devices=stores.devices,
            publish=tx.publish,
        )


def _login_of(stores: Stores, check: DeviceCheck) -> Login:
    login = stores.logins.lock(check.client_id)
    if login is None:
        raise Broken("a client who has proved a login has none")
    return login
