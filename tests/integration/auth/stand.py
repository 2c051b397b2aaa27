"""Auth on the session's real database: both processes' use cases, a movable clock."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, text

from infra.stack import Stack
from kernel.context import Context
from kernel.database import Database
from kernel.errors import Transient
from kernel.events.onboarding import ClientActivated
from kernel.ids import system_ids
from kernel.platform import Platform
from kernel.settings import read
from kernel.tokens import STAFF_ISSUER, StaffTokens
from kernel.values import Phone
from services.auth.adapters import Argon2Passwords
from services.auth.domain.codes import Challenge, NumberPurpose, Purpose
from services.auth.domain.devices import Browser
from services.auth.domain.factors import CodeProof
from services.auth.domain.messages import Message, Report
from services.auth.domain.rules import HashCost
from services.auth.domain.sessions import Session
from services.auth.domain.sources import Source
from services.auth.settings import Settings
from services.auth.wiring import Entered
from services.auth.wiring.desk import Desk, Waiting
from services.auth.wiring.gateway import GatewayUseCases
from services.auth.wiring.process import UseCases
from services.auth.wiring.staff import StaffUseCases
from tests.staff import key_of

PHONE = Phone("+77011234567")
OTHER_PHONE = Phone("+77029876543")
PASSWORD = "верная лошадь 7"  # noqa: S105 - of a person who does not exist
BROWSER = Browser(
    mark="known-mark", fresh_mark="unused", words="Firefox, Linux", browser_id="one"
)
REGISTERED = replace(BROWSER, mark=None, fresh_mark="known-mark")
"""The browser of every client's registration, and of every login of `Stand`."""
NOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOME = Source.of("192.0.2.1")
CHEAP = HashCost(memory_kib=64, passes=1, lanes=1)
TABLES = (
    "logins, password_attempts, login_sources, challenges, code_sends, sessions, "
    "messages, languages, outbox, outbox_subject, totp_factors, recovery_codes, "
    "factor_attempts, passkeys, passkey_ceremonies, devices, device_checks, "
    "approvals, staff_members, staff_roles, staff_sessions, staff_acknowledgements, "
    "staff_attempts, staff_totps, staff_recovery_codes, staff_passkeys, "
    "staff_passkey_ceremonies, office_passes, access_blocks"
)


@dataclass
class MovableClock:
    """A clock that stands until a test moves it."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class CountingPasswords:
    """The real slow hash, made cheap, counting how often it is asked."""

    cost: HashCost = CHEAP
    asked: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.real = Argon2Passwords(lambda: self.cost)

    def hash(self, password: str) -> str:
        return self.real.hash(password)

    def matches(
        self, password: str, password_hash: str | None, *, like: str | None = None
    ) -> bool:
        self.asked.append(password_hash is not None)
        return self.real.matches(password, password_hash, like=like)

    def is_outdated(self, password_hash: str) -> bool:
        return self.real.is_outdated(password_hash)


@dataclass
class Phones:
    """The SMS provider's twin: keeps what was delivered, once by id."""

    delivered: dict[UUID, Message] = field(default_factory=dict)
    away: bool = False
    crashes: bool = False
    says: Report = "delivered"

    def send(self, message: Message) -> None:
        if self.crashes:
            raise KeyboardInterrupt
        if self.away:
            raise Transient("the provider is away")
        self.delivered[message.message_id] = message

    def report(self, message_id: UUID) -> Report:
        if self.away:
            raise Transient("the provider is away")
        assert message_id in self.delivered
        return self.says

    def last_code(self, phone: Phone, purpose: Purpose) -> str:
        """The text of the newest message of that kind; ids grow with time."""
        wanted = [
            message
            for message in self.delivered.values()
            if message.phone == phone and message.template == f"code_{purpose}"
        ]
        return max(wanted, key=lambda message: message.message_id).text


def open_platform(
    servers: Stack, principal: str, clock: MovableClock
) -> Platform[Settings]:
    """The platform of one process of auth, on the test's clock."""
    return platform_of(servers.env(principal), clock)


def platform_of(environ: Mapping[str, str], clock: MovableClock) -> Platform[Settings]:
    """The platform that an environment describes, on the test's clock."""
    settings = read(Settings, prefix="auth", environ=environ)
    opened = Platform.open(settings)
    ids = system_ids(clock)
    database = Database(
        opened.database.engine, clock=clock, ids=ids, field_keys=opened.field_keys
    )
    return replace(opened, clock=clock, ids=ids, database=database)


class Gateway(GatewayUseCases):
    """The gateway, with the shortest way in: a code, in a browser known already."""

    def open_session(
        self, context: Context, *, challenge_id: UUID, code: str
    ) -> tuple[Session, str]:
        opened = self.entry.open_session(
            context,
            challenge_id=challenge_id,
            proof=CodeProof("sms", code),
            browser=BROWSER,
        )
        assert isinstance(opened, Entered)
        return opened.session, opened.token


@dataclass
class Stand:
    """One test's auth."""

    servers: Stack
    clock: MovableClock
    owner: Engine
    auth_platform: Platform[Settings]
    gateway_platform: Platform[Settings]
    phones: Phones = field(default_factory=Phones)
    passwords: CountingPasswords = field(default_factory=CountingPasswords)

    def __post_init__(self) -> None:
        desk = Desk.of(self.auth_platform)
        self.auth = UseCases(desk, self.phones, self.staff_door(desk))
        self.gateway = self.another_gateway()

    def staff_door(self, desk: Desk) -> StaffUseCases:
        """The staff's door; the passwords of both realms are counted together."""
        key = key_of(self.servers, STAFF_ISSUER)
        tokens = StaffTokens(key, self.clock)
        return StaffUseCases(desk, self.passwords, tokens, frozenset())

    def another_gateway(self) -> "Gateway":
        """A second gateway process over the same database."""
        desk = Desk.of(self.gateway_platform)
        return Gateway(desk, self.passwords, frozenset({"hunter2hunter"}))

    def context(self) -> Context:
        return self.auth_platform.context()

    def code_for(self, phone: Phone = PHONE, purpose: Purpose = "registration") -> str:
        """The digits of the last message of that kind, after delivery."""
        self.auth.deliver_messages()
        found = re.search(r"\b([0-9]{6})\b", self.phones.last_code(phone, purpose))
        assert found is not None
        return found[1]

    def prove_phone(
        self, phone: Phone = PHONE, purpose: NumberPurpose = "registration"
    ) -> UUID:
        """A registration, or a change, whose number is confirmed; its id."""
        reference = self.auth_platform.ids.new()
        sent = self.auth.send_code(
            self.context(), phone=phone, purpose=purpose, reference=reference
        )
        self.auth.check_code(
            self.context(),
            challenge_id=sent.challenge_id,
            code=self.code_for(phone, purpose),
            purpose=purpose,
        )
        return reference

    def activate(self, registration_id: UUID, phone: Phone = PHONE) -> UUID:
        """The event of onboarding, as the inbox hands it over; the client's id."""
        client_id = self.auth_platform.ids.new()
        event = ClientActivated(
            client_id=client_id,
            registration_id=registration_id,
            iin_token="k1.iin",  # noqa: S106 - a blind token
            phone_token=Desk.of(self.auth_platform).phone_token(phone),
        )
        with self.auth_platform.database.begin(self.context()) as tx:
            self.auth.when_client_activated(tx, event)
        return client_id

    def client(self, phone: Phone = PHONE) -> UUID:
        """A client with a login and the password `PASSWORD`."""
        client_id = self.activate(self.prove_phone(phone), phone)
        self.gateway.set_first_password(
            self.context(), client_id=client_id, password=PASSWORD
        )
        self.gateway.entry.admit_registered(
            self.context(), client_id=client_id, browser=REGISTERED
        )
        return client_id

    def first_factor(self, phone: Phone = PHONE, password: str = PASSWORD) -> Challenge:
        return self.waiting(phone, password)[0]

    def waiting(self, phone: Phone = PHONE, password: str = PASSWORD) -> Waiting:
        """A login that waits for its second factor, and which ones it may be."""
        return self.gateway.log_in(
            self.context(), phone=phone, password=password, source=HOME
        )

    def session(self, phone: Phone = PHONE) -> tuple[Session, str]:
        """A client's open session and its token."""
        challenge = self.first_factor(phone)
        return self.gateway.open_session(
            self.context(),
            challenge_id=challenge.challenge_id,
            code=self.code_for(phone, "login"),
        )

    def authenticate(self, token: str, *, activity: bool = True) -> Session:
        return self.gateway.authenticate(self.gateway.knock(token, activity=activity))

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.owner.connect() as connection:
            return list(connection.execute(text(statement), values))

    def events(self, name: str) -> list[dict[str, Any]]:
        """The data of the events of one type, in the order they were written."""
        found = self.rows(
            "SELECT data FROM outbox WHERE type = :type ORDER BY inserted",
            type=f"auth.{name}.v1",
        )
        return [orjson.loads(bytes(row.data)) for row in found]


def in_threads(count: int, act: Callable[[int], object]) -> list[object]:
    """Run `act` for each number at once; what each returned or raised, in order."""
    results: list[object] = [None] * count
    gate = threading.Barrier(min(count, 12))

    def run(first: int) -> None:
        gate.wait()
        for place in range(first, count, gate.parties):
            try:
                results[place] = act(place)
            except Exception as error:  # noqa: BLE001 - the race's answers are judged
                results[place] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(gate.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
