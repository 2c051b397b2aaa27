"""The log on the session's real PostgreSQL and RabbitMQ, with its own parts."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

import services.audit
from infra.stack import Stack
from kernel.bus import ConfirmingPublisher, close_quietly, declare_service
from kernel.crypto import SigningKey
from kernel.events import Envelope
from kernel.events.envelope import routing_key
from kernel.migrations.applying import upgrade
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from services.audit.handlers.reading import Verdict
from services.audit.settings import Settings
from services.audit.storage import metadata
from services.audit.storage.writing import LOCK_KEY
from services.audit.wiring import Writer, build, build_writer
from services.audit.worker import work
from tests.databases import migrator, owner_engine
from tests.unit.audit.builders import TRACE
from tests.unit.audit.fakes import FakeClock
from tests.waiting import eventually
from tests.wire import interests

SERVICE = "audit"
INBOX = "audit.inbox"


@pytest.fixture(scope="module")
def schema(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, with migrations applied and the queue declared."""
    servers.migrate(SERVICE)
    engine = owner_engine(servers, SERVICE)
    folder = Path(str(services.audit.__file__)).parent / "migrations"
    upgrade(engine, directory=folder, metadata=metadata)
    yield engine
    engine.dispose()


@pytest.fixture
def owner(servers: Stack, schema: Engine) -> Engine:
    """The owner over a log that was never opened, its queue empty."""
    forget_rows(schema)
    env = servers.env("audit-worker")
    Path(env["AUDIT_ANCHOR"]).unlink(missing_ok=True)
    shutil.rmtree(env["AUDIT_CHECKPOINT_DIR"], ignore_errors=True)
    empty_queue(servers)
    return schema


def empty_queue(servers: Stack) -> None:
    """Bound to everything and empty, whatever earlier tests left on their way there."""
    declaring = migrator(servers, SERVICE)
    connection = declaring.broker.connect()
    channel = connection.default_channel
    declare_service(connection, SERVICE, interests()[SERVICE])

    def left_alone() -> bool:
        """What a consumer held comes back when the broker has seen it go."""
        return bool(channel.queue_declare(INBOX, passive=True).consumer_count == 0)

    eventually(left_alone, told=lambda: "somebody else listens to the queue")
    channel.queue_purge(INBOX)
    close_quietly(connection)
    declaring.engine.dispose()


def forget_rows(owner: Engine) -> None:
    """Empty every table; the tripwires are lifted for that and set as they were."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with owner.begin() as connection:
        found = connection.exec_driver_sql(
            "SELECT tgrelid::regclass AS place, tgname, tgenabled FROM pg_trigger"
            " WHERE NOT tgisinternal"
        ).all()
        for place, trigger, _ in found:
            connection.exec_driver_sql(f"ALTER TABLE {place} DISABLE TRIGGER {trigger}")
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        for place, trigger, before in found:
            back = {"A": "ENABLE ALWAYS", "O": "ENABLE", "D": "ENABLE ALWAYS"}[before]
            connection.exec_driver_sql(f"ALTER TABLE {place} {back} TRIGGER {trigger}")


@dataclass
class Speaker:
    """A service that publishes signed events to the real broker."""

    platform: Platform[PlatformSettings]
    key: SigningKey
    name: str
    sequence: int = 0

    def messages(self, count: int) -> list[tuple[str, bytes, str, str]]:
        """The next events, ready for the publisher."""
        made = []
        for _ in range(count):
            self.sequence += 1
            envelope = Envelope(
                id=self.platform.ids.new(),
                source=self.name,
                type=f"{self.name}.contract_signed.v1",
                time=self.platform.clock.now(),
                subject=f"contract:{self.platform.ids.new()}",
                subjectversion=1,
                sequence=self.sequence,
                traceparent=TRACE,
                correlation_id=self.platform.ids.new(),
                causation_id=None,
                keyid=self.key.keyid,
                data={"note": "Договор №1"},
            )
            made.append(
                (
                    str(envelope.id),
                    envelope.signed(self.key),
                    f"{self.name}.events",
                    routing_key(envelope.type, envelope.subject),
                )
            )
        return made

    def say(self, messages: list[tuple[str, bytes, str, str]]) -> None:
        with ConfirmingPublisher(self.platform.broker) as publisher:
            assert publisher.publish_all(messages) == frozenset()


@dataclass
class LogStand:
    """The writer's and the reader's parts over the real servers."""

    servers: Stack
    owner: Engine
    clock: FakeClock = field(default_factory=FakeClock)
    opened: list[Platform[Any]] = field(default_factory=list)

    def platform(self, process: str) -> Platform[Settings]:
        settings = read(Settings, prefix=SERVICE, environ=self.servers.env(process))
        platform = Platform.open(settings)
        self.opened.append(platform)
        return platform

    def writer(self) -> Writer:
        """Another writer, as another process would have it; on the test's clock."""
        platform = self.platform("audit-worker")
        return build_writer(replace(platform, clock=self.clock))

    def speaker(self, name: str = "contracts") -> Speaker:
        settings = read(PlatformSettings, prefix=name, environ=self.servers.env(name))
        platform = Platform.open(settings)
        self.opened.append(platform)
        return Speaker(platform, platform.signing_key, name)

    def verify(self, *held: bytes) -> Verdict:
        platform = self.platform("audit")
        return build(platform).verify(platform.context(), vkey=None, held=held, by="x")

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.owner.connect() as connection:
            return list(connection.execute(text(statement), values))

    @property
    def log(self) -> Path:
        """What the workers of these tests say, in processes of their own."""
        return self.servers.layout.logs / "audit-worker-of-tests.log"

    def told(self) -> str:
        """What explains a worker that does not work: its log's end and its queues."""
        control = self.servers.servers.broker.control
        words = self.log.read_text().splitlines()[-20:] if self.log.exists() else []
        columns = ("name", "messages_ready", "messages_unacknowledged", "consumers")
        bound = ("source_name", "destination_name", "routing_key")
        return "\n".join(
            [
                *words,
                control("list_queues", "-p", "kredit", *columns),
                control("list_bindings", "-p", "kredit", *bound),
            ]
        )

    def cut_the_writer(self) -> None:
        """End the connection of whoever has the writer's seat."""
        held = f"locktype = 'advisory' AND objid = {LOCK_KEY & 0xFFFFFFFF}"
        statement = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {held}"  # noqa: S608 - ours
        self.servers.servers.database.run_sql(statement, database=SERVICE)

    def listeners(self) -> int:
        """How many hold the queue of all events."""
        declaring = migrator(self.servers, SERVICE)
        connection = declaring.broker.connect()
        channel = connection.default_channel
        found: int = channel.queue_declare(INBOX, passive=True).consumer_count
        close_quietly(connection)
        declaring.engine.dispose()
        return found

    def as_owner(self, *statements: str) -> None:
        """What the owner of the schema, or an administrator, can do."""
        with self.owner.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        for platform in self.opened:
            platform.close()


@pytest.fixture
def stand(servers: Stack, owner: Engine) -> Iterator[LogStand]:
    made = LogStand(servers, owner)
    yield made
    made.close()


@dataclass
class Working:
    """The worker's own loop in a thread."""

    thread: threading.Thread
    stop: threading.Event

    def end(self) -> None:
        self.stop.set()
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()


@pytest.fixture
def working(stand: LogStand) -> Iterator[Working]:
    stop = threading.Event()
    platform = stand.platform("audit-worker")
    thread = threading.Thread(target=work, args=(platform, stop), daemon=True)
    thread.start()
    made = Working(thread, stop)
    yield made
    made.end()
