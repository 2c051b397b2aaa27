"""Use cases of the gateway: who is at the door.

Where a protocol must commit between two steps (an attempt is reserved before the
password is looked at) the steps and the commits are written out, in `first`.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.context import Context, Origin
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.events import Event
from kernel.values import Phone
from services.auth.domain.codes import Act, Challenge, Claim
from services.auth.domain.languages import Language
from services.auth.domain.passwords import Login
from services.auth.domain.sessions import Knock, Session, time_left
from services.auth.domain.sources import Source
from services.auth.handlers import languages, logins, sessions
from services.auth.handlers.codes import CodeOrder
from services.auth.handlers.logins import NewPassword
from services.auth.ports import Passwords
from services.auth.storage.sessions import SqlSessions
from services.auth.wiring.desk import Desk, Stores, Waiting, granted
from services.auth.wiring.entry import EntryUseCases
from services.auth.wiring.factors import FactorUseCases
from services.auth.wiring.first import FirstFactor
from services.auth.wiring.recovery import RecoveryUseCases
from services.auth.wiring.stays import SessionUseCases


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A confirmed second factor and when it was given."""

    at: datetime


class GatewayUseCases:
    """What the gateway does by itself; everything else it asks other services.

    Methods block (database, slow hash): call them from threads.
    """

    def __init__(
        self, desk: Desk, passwords: Passwords, common: Container[str]
    ) -> None:
        self._desk = desk
        self._first = FirstFactor(desk, passwords, common)
        self.entry = EntryUseCases(desk)
        self.stays = SessionUseCases(desk)
        self.factors = FactorUseCases(desk)
        self.recovery = RecoveryUseCases(desk, self._first)

    def log_in(
        self, context: Context, *, phone: Phone, password: str, source: Source
    ) -> Waiting:
        """The first factor; answers with what may be the second (clause 4.3)."""
        return self._first.prove(
            context,
            phone=phone,
            password=password,
            source=source,
            then=self._second_factor_of,
        )

    def _second_factor_of(
        self, login: Login, _tx: Transaction, stores: Stores, now: datetime
    ) -> Waiting | Refused:
        order = CodeOrder(
            purpose="login",
            reference=login.login_id,
            phone=login.phone,
            phone_token=login.phone_token,
            client_id=login.client_id,
        )
        return self._desk.ask_second_factor(login.login_id, order, stores, now=now)

    def origin(self, browser_id: str, source: Source) -> Origin:
        """From where a client acts, as the owners of what they do may keep it."""
        return Origin(
            device=self._desk.device_token(browser_id),
            network=self._desk.network_token(source),
        )

    def knock(self, token: str, *, activity: bool) -> Knock:
        """What a token is looked for by."""
        return Knock(self._desk.tokens.digest(token), activity)

    def living(self, knocks: Collection[Knock]) -> Mapping[Knock, Session]:
        """The living sessions of many at once; who is missing must be asked for alone.

        Nobody in it waits for what is done to another's session.
        """
        now = self._desk.now()
        with self._desk.platform.database.single() as connection:
            return sessions.living(
                knocks,
                now=now,
                rules=self._desk.rules(now),
                sessions=SqlSessions(connection),
            )

    def authenticate(self, knock: Knock) -> Session:
        """The living session of a token; Refused ``session_required``."""
        now = self._desk.now()
        with self._desk.platform.database.single() as connection:
            return sessions.authenticate(
                knock,
                now=now,
                rules=self._desk.rules(now),
                sessions=SqlSessions(connection),
            )

    def idle_left_s(self, session: Session) -> int:
        """Seconds of silence the session still bears."""
        now = self._desk.now()
        left = time_left(session, self._desk.rules(now), now=now)
        return max(0, int(left.total_seconds()))

    def end_session(self, context: Context, *, session: Session) -> None:
        """Log out."""
        with self._desk.begin(context) as (tx, stores):
            sessions.end_session(
                session,
                now=self._desk.now(),
                sessions=stores.sessions,
                publish=tx.publish,
            )

    def set_first_password(
        self, context: Context, *, client_id: UUID, password: str
    ) -> None:
        """The password chosen at the end of registration (clause 4.3)."""
        with self._desk.begin(context) as (_, stores):
            login = logins.login_without_password(stores.logins.by_client(client_id))
        new = NewPassword(
            login=login, password_hash=self._first.accepted_hash(password, of=login)
        )
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            logins.set_first_password(
                new, now=now, logins=stores.logins, publish=tx.publish
            )
            self._desk.notify(
                "password_notice",
                phone=login.phone,
                client_id=client_id,
                stores=stores,
                now=now,
            )

    def suggest_language(
        self, context: Context, *, phone: Phone, language: Language
    ) -> None:
        """Keep the language of a visitor who begins to register."""
        with self._desk.begin(context) as (_, stores):
            languages.suggest_language(
                self._desk.phone_token(phone),
                language,
                now=self._desk.now(),
                logins=stores.logins,
                languages=stores.languages,
            )

    def choose_language(
        self, context: Context, *, session: Session, language: Language
    ) -> None:
        """Keep the language a client has chosen."""
        with self._desk.begin(context) as (_, stores):
            languages.choose_language(
                session.client_id,
                language,
                now=self._desk.now(),
                logins=stores.logins,
                languages=stores.languages,
            )

    def language_of(self, context: Context, *, session: Session) -> Language:
        """The language a client is written to in."""
        with self._desk.begin(context) as (_, stores):
            return languages.language_of(
                session.client_id, logins=stores.logins, languages=stores.languages
            )

    def challenge_client(
        self, context: Context, *, session: Session, act: Act
    ) -> Challenge:
        """Send a code for one act of a client who is logged in (ASVS 7.5.3)."""
        with self._desk.begin(context) as (_, stores):
            login = stores.logins.by_client(session.client_id)
            if login is None:
                raise Broken("a session without a login")
            order = CodeOrder(
                purpose=act.purpose,
                reference=act.contract_id,
                phone=login.phone,
                phone_token=login.phone_token,
                client_id=session.client_id,
            )
            sent = self._desk.send_code(order, stores, now=self._desk.now())
        return granted(sent)

    def confirm_act(
        self,
        context: Context,
        *,
        session: Session,
        act: Act,
        challenge_id: UUID,
        code: str,
        idempotency_key: str | None,
    ) -> SecondFactor:
        """The fresh second factor of one act; the same request again finds it."""
        used_for = (
            None
            if idempotency_key is None
            else self._desk.codes.token(challenge_id, f"{idempotency_key}:{code}")
        )
        claim = Claim(
            challenge_id=challenge_id,
            purpose=act.purpose,
            reference=act.contract_id,
            client_id=session.client_id,
            used_for=used_for,
        )
        with self._desk.begin(context) as (_, stores):
            judged = self._desk.check_code(claim, code, stores, now=self._desk.now())
        confirmed = granted(judged).confirmed_at
        if confirmed is None:
            raise Broken("a confirmed challenge has no instant")
        return SecondFactor(confirmed)

    def record(self, context: Context, event: Event) -> None:
        """Let an event of the door itself leave (clauses 6.1b, 6.1d, 6.1e).

        Who was turned away, what a client did or was shown, what was looked at.
        """
        with self._desk.begin(context) as (tx, _):
            tx.publish(event)

    def check_database(self, context: Context) -> None:
        """Transient when the database does not answer."""
        with self._desk.begin(context) as (tx, _):
            tx.connection.exec_driver_sql("SELECT 1")
