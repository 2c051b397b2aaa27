"""The gateway's application with nothing behind it: no server, no database, no bus.

Everything between the socket and the use cases is the product's; what the use cases
and the other services would say is said by twins that remember what they were asked.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

import httpx

from kernel.context import Context, Origin, fresh_context
from kernel.crypto import FieldKeys, Json, random_bytes
from kernel.errors import Transient
from kernel.events import Event
from kernel.events.auth import AccessRefused, OperationCalled
from kernel.ids import system_ids
from kernel.tokens import Assertions
from services.auth.domain.codes import Act, Challenge
from services.auth.domain.languages import Language
from services.auth.domain.passwords import login_refused
from services.auth.domain.sessions import Knock, Session, session_required
from services.auth.domain.sources import Source
from services.auth.gateway.app import PREFIX, build_app
from services.auth.gateway.cursors import Cursors
from services.auth.gateway.gate import Gate
from services.auth.gateway.reads import Read
from services.auth.gateway.security import SESSION_COOKIE
from services.auth.wiring import GatewayUseCases
from services.auth.wiring.gateway import SecondFactor
from tests.behind import ANSWERS, ID
from tests.entry_twins import FakeEntry, FakeFactors, FakeRecovery, FakeStays

HOST: Final = "creditplus.kz"
ORIGIN: Final = f"https://{HOST}"
"""The site as browsers know it."""
NOON: Final = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
TOKEN: Final = "token-of-a-client"  # noqa: S105 - opens nothing but the twin
CLIENT: Final = UUID(int=0xC11E)
IN: Final = {"Cookie": f"{SESSION_COOKIE}={TOKEN}", "Authorization": "Bearer token"}
"""The headers of a client who is logged in and holds a registration's token."""


@dataclass
class NotedRpc:
    """Stands for the bus: notes what was asked, answers or fails as told."""

    asked: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    failure: Exception | None = None
    told: dict[tuple[str, str], Json] = field(default_factory=dict)
    """Answers of this test's own."""

    def call_async(
        self, service: str, method: str, *, context: Context, **asked: object
    ) -> Awaitable[Json]:
        async def reply() -> Json:
            self.asked.append((service, method, {**asked, "context": context}))
            if self.failure is not None:
                raise self.failure
            return {**ANSWERS, **self.told}[service, method]

        return reply()


class PlainAssertions:
    """Names the client in clear, so that a test can read it."""

    def issue(self, *, audience: str, client_id: UUID) -> str:
        return f"{audience}:{client_id}"


@dataclass
class FakeUseCases:
    """The gateway's own use cases: one session, and codes that are never right."""

    recorded: list[tuple[str, str]] = field(default_factory=list)
    called: list[OperationCalled] = field(default_factory=list)
    away: bool = False
    entry: FakeEntry = field(default_factory=FakeEntry)
    stays: FakeStays = field(default_factory=FakeStays)
    factors: FakeFactors = field(default_factory=FakeFactors)
    recovery: FakeRecovery = field(default_factory=FakeRecovery)

    def knock(self, token: str, *, activity: bool) -> Knock:
        return Knock(token.encode(), activity)

    def origin(self, browser_id: str, source: Source) -> Origin:
        return Origin(device=f"k1.{browser_id}", network=f"k1.{source.network}")

    def living(self, knocks: Collection[Knock]) -> Mapping[Knock, Session]:
        session = Session(
            session_id=UUID(ID),
            login_id=UUID(ID),
            client_id=CLIENT,
            opened_at=NOON,
            active_at=NOON,
        )
        return {one: session for one in knocks if one.digest == TOKEN.encode()}

    def authenticate(self, _knock: Knock) -> Session:
        raise session_required()

    def idle_left_s(self, _session: Session) -> int:
        return 600

    def end_session(self, _context: Context, *, session: Session) -> None:
        del session

    def log_in(self, _context: Context, **_given: object) -> Challenge:
        raise login_refused()

    def set_first_password(self, _context: Context, **_given: object) -> None:
        return

    def challenge_client(
        self, _context: Context, *, session: Session, act: Act
    ) -> Challenge:
        return cast(
            "Challenge",
            _Sent(challenge_id=act.contract_id, expires_at=session.opened_at),
        )

    def confirm_act(self, _context: Context, **_given: object) -> SecondFactor:
        return SecondFactor(NOON)

    def suggest_language(self, _context: Context, **_given: object) -> None:
        return

    def choose_language(self, _context: Context, **_given: object) -> None:
        return

    def language_of(self, _context: Context, *, session: Session) -> Language:
        del session
        return "kk"

    def record(self, _context: Context, event: Event) -> None:
        if isinstance(event, AccessRefused):
            self.recorded.append((event.what, event.code))
        elif self.away:
            raise Transient("the database is away")
        elif isinstance(event, OperationCalled):
            self.called.append(event)

    def check_database(self, _context: Context) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Sent:
    """The part of a challenge that is shown."""

    challenge_id: UUID
    expires_at: datetime


@dataclass
class FakeDoor:
    """A client of the application, and the twins behind it."""

    rpc: NotedRpc = field(default_factory=NotedRpc)
    use_cases: FakeUseCases = field(default_factory=FakeUseCases)
    noted: list[Read] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = system_ids(_Noon())
        self.gate = Gate(
            use_cases=cast("GatewayUseCases", self.use_cases),
            rpc=self.rpc,
            assertions=cast("Assertions", PlainAssertions()),
            cursors=Cursors(FieldKeys("k1", {"k1": random_bytes(32)})),
            reads=self,
            new_context=lambda: fresh_context(ids),
            hosts=frozenset({HOST}),
            origins=frozenset({ORIGIN}),
        )
        self.app = build_app(self.gate)

    def client(self) -> httpx.AsyncClient:
        """A browser on our own page."""
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(
            transport=transport,
            base_url=f"{ORIGIN}{PREFIX}",
            headers={"Origin": ORIGIN},
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, Any] | None = None,
        **request: Any,  # noqa: ANN401 - httpx's own arguments
    ) -> httpx.Response:
        """One request from our own page."""

        async def ask() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, path, headers=headers, **request)

        return asyncio.run(ask())

    def note(self, read: Read) -> None:
        self.noted.append(read)

    def forget(self) -> None:
        """Begin anew."""
        self.rpc.asked.clear()
        self.rpc.failure = None
        self.use_cases.recorded.clear()
        self.use_cases.called.clear()
        self.use_cases.away = False
        self.noted.clear()

    def close(self) -> None:
        self.gate.close()


class _Noon:
    def now(self) -> datetime:
        return NOON
