"""Two services' worth of platform on the session's servers, without any service.

`contracts` publishes and `disbursement` listens, because those databases and users
exist; nothing of the services themselves is imported.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra.stack import Stack
from kernel.bus import Interest, close_quietly
from kernel.context import Context
from kernel.events import Event
from kernel.inbox import Handler, Inbox
from kernel.outbox import Relay, Signer
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from kernel.tables import kernel_metadata
from tests.databases import kernel_tables, owner_engine

PUBLISHER = "contracts"
LISTENER = "disbursement"
WISHES = {
    PUBLISHER: [Interest(LISTENER, "payout")],
    LISTENER: [Interest(PUBLISHER, "contract")],
}


@dataclass
class MovableClock:
    """A clock that tests move; everything in one test shares it."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move(self, **by: float) -> None:
        self.offset += timedelta(**by)


@dataclass
class Service:
    """One principal with its database, keys and broker user."""

    name: str
    platform: Platform[PlatformSettings]
    clock: MovableClock
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def publish(self, *events: Event) -> None:
        with self.platform.database.begin(self.context()) as tx:
            for event in events:
                tx.publish(event)

    def context(self) -> Context:
        return self.platform.context()

    def relay(self, reached: Callable[[str], None] = lambda _: None) -> Relay:
        return Relay(
            self.platform.database.engine,
            self.platform.broker,
            Signer(self.name, self.platform.signing_key),
            reached=reached,
        )

    def inbox(self, handlers: dict[str, Handler]) -> Inbox:
        return Inbox(
            service=self.name,
            database=self.platform.database,
            handlers=handlers,
            trust=self.platform.trust,
            field_keys=self.platform.field_keys,
            clock=self.clock,
            ids=self.platform.ids,
            quarantine=self.platform.quarantine,
        )

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.platform.database.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def run(self, loop: Callable[[threading.Event], None]) -> None:
        thread = threading.Thread(target=loop, args=(self.stop,), daemon=True)
        self.threads.append(thread)
        thread.start()

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout=10)
        self.platform.close()


@pytest.fixture(scope="module")
def tables(servers: Stack) -> Iterator[None]:
    """The kernel's tables in both databases, and what both declare at the broker."""
    with kernel_tables(servers, WISHES):
        for name in WISHES:
            _purge(servers, name)
        yield


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


def open_service(servers: Stack, name: str, clock: MovableClock) -> Service:
    settings = read(PlatformSettings, prefix=name, environ=servers.env(name))
    platform = Platform.open(settings)
    platform.database._clock = clock
    return Service(name, replace(platform, clock=clock), clock)


@pytest.fixture
def publisher(servers: Stack, tables: None, clock: MovableClock) -> Iterator[Service]:
    service = open_service(servers, PUBLISHER, clock)
    yield service
    service.end()
    _empty(servers, PUBLISHER)


@pytest.fixture
def listener(servers: Stack, tables: None, clock: MovableClock) -> Iterator[Service]:
    _purge(servers, LISTENER)
    service = open_service(servers, LISTENER, clock)
    yield service
    service.end()
    _empty(servers, LISTENER)


def _purge(servers: Stack, name: str) -> None:
    """Forget what earlier tests left in the queue: thousands take their time."""
    service = open_service(servers, name, MovableClock())
    connection = service.platform.broker.connect()
    connection.default_channel.queue_purge(f"{name}.inbox")
    close_quietly(connection)
    service.end()


def _empty(servers: Stack, name: str) -> None:
    engine = owner_engine(servers, name)
    names = ", ".join(f'"{t.name}"' for t in kernel_metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    engine.dispose()
