"""The broker refuses, returns or is full; the consumer is slow; the database is away.

Nothing is lost, nothing grows without bound, and all of it heals without hands.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import pytest
from kombu import Connection
from prometheus_client import REGISTRY
from psycopg2 import extensions

from infra.stack import Stack
from kernel import bus, database
from kernel.bus import (
    BROKER_ERRORS,
    PREFETCH,
    ConfirmingPublisher,
    Consuming,
    publishing,
)
from kernel.crypto import random_bytes
from kernel.database import Transaction
from kernel.errors import DatabaseAwayError
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled
from kernel.inbox import Inbox
from kernel.measures import Measures
from kernel.outbox import UNPUBLISHED
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from tests.databases import migrator
from tests.faults.proxy import Proxy
from tests.integration.bus.conftest import PATIENCE_S, RECOVERED_WITHIN_S
from tests.integration.kernel.conftest import (
    LISTENER,
    PUBLISHER,
    MovableClock,
    Service,
    open_service,
)
from tests.waiting import eventually
from tests.wire import interests

INBOX: Final = f"{LISTENER}.inbox"
WAVE: Final = 30
VHOST: Final = "kredit"
NUMBERED: Final = "SELECT 1 FROM outbox WHERE sequence IS NOT NULL"
DATABASE_WITHIN_S: Final = 60.0
MEMORY_ALARM: Final = ("set_vm_memory_high_watermark", "0.0001")
NO_MEMORY_ALARM: Final = ("set_vm_memory_high_watermark", "absolute", "512MB")


def publish(service: Service, count: int) -> None:
    """Commit so many events of one contract, numbered by their reason."""
    contract = UUID(bytes=random_bytes(16))
    service.publish(
        *(
            ContractAnnulled(
                contract_id=contract, client_id=contract, reason=str(number)
            )
            for number in range(count)
        )
    )


@dataclass
class Handler:
    """Remembers what it handled; may be told to take its time."""

    takes_s: float = 0.0
    seen: list[str] = field(default_factory=list)

    def __call__(self, _tx: Transaction, event: Event, _envelope: Envelope) -> None:
        assert isinstance(event, ContractAnnulled)
        time.sleep(self.takes_s)
        self.seen.append(event.reason)


def consume(listener: Service, handler: Handler) -> Consuming:
    inbox: Inbox = listener.inbox({ContractAnnulled.TYPE: handler})
    consuming = Consuming(listener.platform.broker, INBOX, inbox.receive)
    listener.run(consuming.run)
    return consuming


@contextmanager
def owner(servers: Stack, service: str) -> Iterator[Connection]:
    """The connection of who may bind and unbind the service's queue."""
    made = migrator(servers, service)
    connection = made.broker.connect()
    yield connection
    bus.close_quietly(connection)
    made.engine.dispose()


def depth(servers: Stack, column: str = "messages") -> int:
    """Messages in the listener's inbox, as the broker counts them."""
    said = servers.servers.broker.control(
        "list_queues", "-p", VHOST, "name", column, "--no-table-headers"
    )
    counts = dict(line.split() for line in said.splitlines())
    return int(counts[INBOX])


@pytest.mark.catalogue("F25")
@pytest.mark.seeded("relay_ignores_returns")
def test_an_unroutable_event_waits_with_an_alarm_until_the_binding_is_back(
    servers: Stack, publisher: Service, listener: Service
) -> None:
    """Every binding is taken away, and put back; the event leaves by itself."""
    rebind(servers, bound=False)
    try:
        publish(publisher, 1)
        publisher.run(publisher.relay().run)
        eventually(lambda: bool(publisher.rows(NUMBERED)))
        publisher.clock.move(seconds=60)
        platform = publisher.platform
        Measures(platform.database, publisher.clock, platform.ids).measure()
        age_s = REGISTRY.get_sample_value("outbox_oldest_age_seconds")
        assert age_s is not None
        assert age_s > 10
        assert len(publisher.rows(UNPUBLISHED)) == 1
    finally:
        rebind(servers, bound=True)
    handler = Handler()
    consume(listener, handler)
    eventually(lambda: handler.seen == ["0"], within_s=RECOVERED_WITHIN_S)
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])


def rebind(servers: Stack, *, bound: bool) -> None:
    """Whether anybody's queue hears the publisher."""
    for service, wishes in interests().items():
        with owner(servers, service) as connection:
            bus.declare_inbox(connection, service)
            channel = connection.default_channel
            act = channel.queue_bind if bound else channel.queue_unbind
            for wish in wishes:
                if wish.publisher == PUBLISHER:
                    act(f"{service}.inbox", f"{PUBLISHER}.events", wish.binding_key)


@pytest.fixture
def memory_alarm(servers: Stack) -> Iterator[Callable[[], None]]:
    """Raises the alarm when called; a second call, or the end of the test, ends it."""
    control = servers.servers.broker.control
    control(*MEMORY_ALARM)
    yield lambda: (control(*NO_MEMORY_ALARM), None)[1]
    control(*NO_MEMORY_ALARM)


@pytest.mark.catalogue("F26")
@pytest.mark.seeded("publisher_waits_for_ever")
def test_under_an_alarm_publishers_give_up_in_time_and_consumers_go_on(
    servers: Stack,
    publisher: Service,
    listener: Service,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(publishing, "CONFIRM_TIMEOUT_S", 2)
    publish(publisher, 20)
    publisher.run(publisher.relay().run)
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])
    end_alarm = request.getfixturevalue("memory_alarm")
    outcome: list[str] = []

    def try_to_publish() -> None:
        message = ("id", b"{}", f"{PUBLISHER}.events", "contract.x")
        try:
            with ConfirmingPublisher(publisher.platform.broker) as to_broker:
                to_broker.publish_all([message])
        except BROKER_ERRORS:
            outcome.append("given up")

    trying = threading.Thread(target=try_to_publish, daemon=True)
    trying.start()
    publish(publisher, 5)
    handler = Handler()
    consume(listener, handler)
    eventually(lambda: len(handler.seen) == 20)
    trying.join(PATIENCE_S / 2)
    assert outcome == ["given up"]
    assert len(publisher.rows(UNPUBLISHED)) == 5
    end_alarm()
    eventually(lambda: len(handler.seen) == 25, within_s=RECOVERED_WITHIN_S)
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])


@pytest.fixture
def short_queue(servers: Stack) -> Iterator[int]:
    """The listener's inbox takes hardly more than this many messages."""
    control = servers.servers.broker.control
    limit = 10
    rule = f'{{"max-length":{limit},"overflow":"reject-publish"}}'
    control("set_policy", "-p", VHOST, "short", f"^{LISTENER}[.]inbox$", rule)
    yield limit
    control("clear_policy", "-p", VHOST, "short")


@pytest.mark.catalogue("F35")
@pytest.mark.seeded("relay_ignores_refusals")
def test_a_full_queue_fills_the_outbox_and_a_slow_consumer_empties_both(
    servers: Stack, publisher: Service, listener: Service, short_queue: int
) -> None:
    steps: list[str] = []
    publisher.run(publisher.relay(steps.append).run)
    publish(publisher, WAVE)
    eventually(lambda: depth(servers) == WAVE > short_queue)
    tried = steps.count("published")
    publish(publisher, WAVE)
    eventually(lambda: steps.count("published") > tried)
    assert len(publisher.rows(UNPUBLISHED)) == WAVE
    handler = Handler(takes_s=0.02)
    consume(listener, handler)
    eventually(lambda: len(handler.seen) == 2 * WAVE)
    assert handler.seen == [str(number) for number in range(WAVE)] * 2
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])


@pytest.mark.catalogue("F35")
@pytest.mark.seeded("consumer_takes_everything")
def test_a_slow_consumer_holds_no_more_than_it_asked_for(
    servers: Stack, publisher: Service, listener: Service
) -> None:
    """What it has not taken stays with the broker, not in its memory."""
    count = 2 * PREFETCH
    publish(publisher, count)
    publisher.run(publisher.relay().run)
    eventually(lambda: depth(servers) == count)
    handler = Handler(takes_s=0.5)
    consume(listener, handler)
    # The broker counts every few seconds.
    eventually(lambda: depth(servers, "messages_unacknowledged") > 0)
    assert depth(servers, "messages_unacknowledged") <= PREFETCH
    handler.takes_s = 0
    eventually(lambda: len(handler.seen) == count)


@pytest.fixture
def database_road(servers: Stack) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", servers.port("postgres"))) as road:
        yield road


@pytest.fixture
def distant_listener(
    servers: Stack, listener: Service, database_road: Proxy
) -> Iterator[Service]:
    """The listener, its database behind the proxy."""
    env = servers.env(LISTENER)
    url = env[f"{LISTENER.upper()}_DATABASE_URL"]
    real = f":{servers.port('postgres')}/"
    env[f"{LISTENER.upper()}_DATABASE_URL"] = url.replace(
        real, f":{database_road.port}/"
    )
    platform = Platform.open(read(PlatformSettings, prefix=LISTENER, environ=env))
    service = replace(
        open_service(servers, LISTENER, MovableClock()), platform=platform
    )
    yield service
    service.end()


@pytest.mark.catalogue("F35")
@pytest.mark.seeded("consumer_drops_what_must_wait")
def test_a_database_that_is_away_costs_no_delivery(
    servers: Stack,
    publisher: Service,
    distant_listener: Service,
    listener: Service,
    database_road: Proxy,
) -> None:
    """The consumer rests with what it holds; nothing counts as an attempt."""
    handler = Handler()
    consuming = consume(distant_listener, handler)
    eventually(lambda: consuming.connected)
    publisher.run(publisher.relay().run)
    database_road.refuse()
    publish(publisher, 10)
    eventually(lambda: depth(servers, "messages_unacknowledged") == 10)
    assert handler.seen == []
    database_road.heal()
    eventually(lambda: len(handler.seen) == 10, within_s=DATABASE_WITHIN_S)
    eventually(lambda: depth(servers) == 0)
    states = "SELECT state, attempts FROM inbox GROUP BY 1, 2"
    assert listener.rows(states) == [("applied", 0)]


@pytest.fixture
def green_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process of green threads, with less patience."""
    monkeypatch.setattr(database, "ANSWER_S", 1.0)
    before = extensions.get_wait_callback()
    database.bound_waiting()
    yield
    extensions.set_wait_callback(before)


class Asking:
    """Somebody who asks the database through a road that may swallow everything."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.outcomes: list[str] = []

    def ask(self) -> None:
        service = self._service
        try:
            with service.platform.database.begin(service.context()) as tx:
                tx.connection.exec_driver_sql("SELECT 1")
        except DatabaseAwayError:
            self.outcomes.append("away")
        else:
            self.outcomes.append("well")

    def is_well(self) -> bool:
        self.ask()
        return self.outcomes[-1] == "well"


@pytest.mark.catalogue("F35")
@pytest.mark.seeded("database_is_waited_for_for_ever")
def test_a_database_that_hangs_is_given_up_and_found_again(
    distant_listener: Service, database_road: Proxy, green_patience: None
) -> None:
    """The server keeps the connection and says nothing: no thread waits for ever."""
    asking = Asking(distant_listener)
    asking.ask()
    database_road.both(black_hole=True)
    thread = threading.Thread(target=asking.ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_S / 2)
    assert asking.outcomes == ["well", "away"]
    database_road.heal()
    eventually(asking.is_well, within_s=DATABASE_WITHIN_S)


@pytest.mark.catalogue("F35")
@pytest.mark.seeded("database_cuts_nothing")
def test_who_hangs_on_a_silent_database_is_cut_loose(
    distant_listener: Service, database_road: Proxy
) -> None:
    """A plain thread, for whom libpq waits; another one ends its connections."""
    asking = Asking(distant_listener)
    asking.ask()
    database_road.both(black_hole=True)
    thread = threading.Thread(target=asking.ask, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE_S / 2
    while thread.is_alive() and time.monotonic() < end:
        distant_listener.platform.database.cut()
        thread.join(0.5)
    assert asking.outcomes == ["well", "away"]
    database_road.heal()
    eventually(asking.is_well, within_s=DATABASE_WITHIN_S)


@pytest.fixture
def impatient_broker(servers: Stack) -> Iterator[None]:
    """A delivery may stay unacknowledged for two seconds."""
    control = servers.servers.broker.control

    def tell(timeout_ms: int, tick_ms: int) -> None:
        control("eval", f"application:set_env(rabbit, consumer_timeout, {timeout_ms}).")
        control(
            "eval", f"application:set_env(rabbit, channel_tick_interval, {tick_ms})."
        )

    tell(2_000, 500)
    yield
    tell(1_800_000, 60_000)


@pytest.mark.catalogue("F31")
@pytest.mark.seeded("consumer_gives_up")
def test_a_handler_slower_than_the_broker_waits_has_its_effect_once(
    servers: Stack, publisher: Service, listener: Service, impatient_broker: None
) -> None:
    """The broker closes the channel meanwhile; the message comes again and is known."""
    slow = Handler(takes_s=6.0)
    consume(listener, slow)
    publish(publisher, 1)
    publisher.run(publisher.relay().run)
    eventually(lambda: slow.seen == ["0"])
    slow.takes_s = 0.0
    publish(publisher, 1)
    eventually(lambda: len(slow.seen) == 2)
    eventually(lambda: depth(servers) == 0)
    assert slow.seen == ["0", "0"]
    assert len(listener.rows("SELECT 1 FROM inbox WHERE state = 'applied'")) == 2
