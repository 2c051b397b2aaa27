"""A message that kills its process ends parked; what died with it is applied (F23)."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kombu import Connection
from sqlalchemy import text

from infra.layout import ROOT
from infra.leash import leashed
from infra.stack import Stack
from kernel.bus import (
    DELIVERY_LIMIT,
    Consuming,
    Received,
    close_quietly,
    declare_service,
)
from kernel.database import Transaction
from kernel.errors import Transient
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled
from kernel.inbox import LAST_RUN_S, Inbox, Outcome
from tests.databases import migrator
from tests.integration.kernel.conftest import LISTENER, WISHES, Service
from tests.integration.kernel.wording import Contract, delivered, send
from tests.waiting import eventually

INBOX, DEAD = f"{LISTENER}.inbox", f"{LISTENER}.dead"
MOST_RUNS = DELIVERY_LIMIT + 2
"""The deliveries, the first among them, and one attempt by the inbox."""


@contextmanager
def declaring(servers: Stack) -> Iterator[Connection]:
    """A connection of the user that declares the listener's queues."""
    connection = migrator(servers, LISTENER).broker.connect()
    try:
        yield connection
    finally:
        close_quietly(connection)


def depth(connection: Connection, queue: str) -> int:
    declared = connection.default_channel.queue_declare(queue, passive=True)
    return int(declared.message_count)


@pytest.fixture(autouse=True)
def dead_queue(servers: Stack, listener: Service) -> Iterator[None]:
    """As declared, and empty."""
    with declaring(servers) as connection:
        connection.default_channel.queue_purge(DEAD)
    yield
    with declaring(servers) as connection:
        connection.default_channel.queue_delete(DEAD)
        declare_service(connection, LISTENER, WISHES[LISTENER])


class Lives:
    """The probe as the listener, started again whenever it dies; counts its deaths."""

    def __init__(self, servers: Stack) -> None:
        self.deaths = 0
        self._process = subprocess.Popen(
            leashed(
                [sys.executable, "-m", "tests.integration.kernel.restarted", LISTENER]
            ),
            cwd=ROOT,
            env=servers.env(LISTENER),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.deaths += line.strip() == "killed"

    def end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def lives(servers: Stack, dead_queue: None) -> Iterator[Lives]:
    started = Lives(servers)
    yield started
    started.end()


@pytest.mark.clause("1.3c")
@pytest.mark.catalogue("F23", "P14")
@pytest.mark.seeded("inbox_attempt_counted_after")
@pytest.mark.seeded("dead_letters_unread")
def test_a_killer_is_parked_and_its_neighbours_live(
    publisher: Service, listener: Service, servers: Stack, lives: Lives
) -> None:
    before = [Contract(publisher) for _ in range(3)]
    killer = Contract(publisher)
    after = [Contract(publisher) for _ in range(3)]
    send(
        publisher,
        *(contract.say("before") for contract in before),
        killer.say("kill"),
        killer.say("behind"),
        *(contract.say("after") for contract in after),
    )

    def settled() -> bool:
        assert lives.deaths <= MOST_RUNS
        states = listener.rows("SELECT state, count(*) FROM inbox GROUP BY state")
        return {row.state: row.count for row in states} == {
            "applied": len(before) + len(after),
            "parked": 1,
            "waiting": 1,
        }

    eventually(settled, within_s=120)
    assert lives.deaths >= 2
    parked = listener.rows("SELECT message_id, reason FROM inbox WHERE state='parked'")
    assert [tuple(row) for row in parked] == [(killer.said[0].id, "ProcessDied")]
    told = listener.rows(
        "SELECT convert_from(data, 'UTF8')::json ->> 'event_id' AS about FROM outbox"
        " WHERE type = 'platform.message_parked.v1'"
    )
    assert [row.about for row in told] == [str(killer.said[0].id)]
    reactions = listener.rows(
        "SELECT causation_id FROM outbox WHERE causation_id IS NOT NULL"
    )
    applied = {row.causation_id for row in reactions}
    assert applied == {contract.said[0].id for contract in (*before, *after)}
    assert len(reactions) == len(applied)
    with declaring(servers) as connection:
        eventually(lambda: depth(connection, INBOX) == depth(connection, DEAD) == 0)


class Reactions:
    """Remembers what it handled; fails when it is told to."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failing: set[str] = set()

    def __call__(self, _tx: Transaction, event: Event, _envelope: Envelope) -> None:
        assert isinstance(event, ContractAnnulled)
        self.seen.append(event.reason)
        if event.reason in self.failing:
            raise Transient("not now")


@pytest.fixture
def reactions() -> Reactions:
    return Reactions()


@pytest.fixture
def inbox(listener: Service, reactions: Reactions) -> Inbox:
    return listener.inbox({ContractAnnulled.TYPE: reactions})


@pytest.mark.catalogue("F23")
@pytest.mark.seeded("dead_letters_run_at_once")
def test_dead_letters_keep_the_order_and_get_one_attempt(
    publisher: Service, listener: Service, inbox: Inbox, reactions: Reactions
) -> None:
    """What was applied is dropped, what must not be believed is quarantined."""
    known, good, bad = (Contract(publisher) for _ in range(3))
    first = known.say("known")
    inbox.receive(first)
    ordered = [good.say("good 1"), good.say("good 2")]
    reactions.failing = {"bad"}
    outcomes = inbox.receive_dead(
        first,
        ordered[1],
        ordered[0],
        bad.say("bad"),
        delivered(good.say("forged").body.replace(b"forged", b"gilded")),
    )
    assert outcomes == [
        Outcome.DUPLICATE,
        Outcome.WAITING,
        Outcome.FAILED,
        Outcome.FAILED,
        Outcome.QUARANTINED,
    ]
    assert reactions.seen == ["known"]
    inbox.retry_due()
    assert sorted(reactions.seen) == ["bad", "good 1", "good 2", "known"]
    parked = listener.rows("SELECT message_id FROM inbox WHERE state = 'parked'")
    assert [row.message_id for row in parked] == [bad.said[0].id]


class CrashError(BaseException):
    """A process that dies: no handler may catch it."""


@pytest.mark.catalogue("F23")
@pytest.mark.seeded("inbox_attempt_counted_after")
@pytest.mark.seeded("inbox_never_takes_for_dead")
def test_an_attempt_counts_though_nothing_comes_of_it(
    publisher: Service, listener: Service
) -> None:
    """Each is counted before it begins; after the last the message is parked."""
    runs = 0

    def react(*_: object) -> None:
        nonlocal runs
        runs += 1
        raise CrashError

    inbox = listener.inbox({ContractAnnulled.TYPE: react})
    inbox.receive_dead(Contract(publisher).say("kill"))
    with pytest.raises(CrashError):
        inbox.retry_due()
    for _ in range(3):
        listener.clock.move(seconds=LAST_RUN_S + 1)
        inbox.retry_due()
    assert runs == 1
    rows = listener.rows("SELECT state, reason FROM inbox")
    assert [tuple(row) for row in rows] == [("parked", "ProcessDied")]


@pytest.mark.catalogue("F45")
@pytest.mark.seeded("inbox_unreadable_stops_the_retries")
def test_what_can_no_longer_be_read_is_parked_and_stops_nobody(
    publisher: Service, listener: Service, inbox: Inbox, reactions: Reactions
) -> None:
    """A key was taken away, or somebody moved a sealed message to another row."""
    spoilt, good = Contract(publisher), Contract(publisher)
    inbox.receive_dead(spoilt.say("spoilt"))
    inbox.receive_dead(good.say("good"))
    with listener.platform.database.begin(listener.context()) as tx:
        tx.connection.execute(
            text("UPDATE inbox SET sealed = 'x' WHERE message_id = :spoilt"),
            {"spoilt": spoilt.said[0].id},
        )
    inbox.retry_due()
    assert reactions.seen == ["good"]
    rows = listener.rows("SELECT reason FROM inbox WHERE state = 'parked'")
    assert [row.reason for row in rows] == ["UnsealError"]


MISSING = "missing"
FULL = "full"
ALMOST_NONE = {
    "x-queue-type": "quorum",
    "x-max-length": 1,
    "x-overflow": "reject-publish",
}


@pytest.mark.catalogue("F24")
@pytest.mark.seeded("dead_letters_may_be_lost")
@pytest.mark.parametrize("how", [MISSING, FULL])
def test_dead_letters_without_a_place_are_kept_until_there_is_one(
    publisher: Service, listener: Service, inbox: Inbox, servers: Stack, how: str
) -> None:
    """The broker holds them where they came from; readiness misses the queue."""
    contracts = [Contract(publisher) for _ in range(3)]
    deliveries: list[bytes] = []

    def refuse(message: Received) -> None:
        deliveries.append(message.body)
        raise RuntimeError("a defect")

    def arrived() -> bool:
        rows = listener.rows("SELECT message_id FROM inbox WHERE state = 'failed'")
        return {row.message_id for row in rows} == {c.said[0].id for c in contracts}

    consuming = Consuming(listener.platform.broker, INBOX, refuse)
    dead = Consuming(listener.platform.broker, DEAD, inbox.receive_dead)
    with declaring(servers) as connection:
        channel = connection.default_channel
        channel.queue_delete(DEAD)
        if how == FULL:
            channel.queue_declare(
                DEAD, durable=True, auto_delete=False, arguments=ALMOST_NONE
            )
            channel.queue_bind(DEAD, DEAD)
        listener.run(consuming.run)
        send(publisher, *(contract.say("a") for contract in contracts))
        every = len(contracts) * (DELIVERY_LIMIT + 1)
        eventually(lambda: len(deliveries) == every)
        listener.run(dead.run)
        if how == MISSING:
            assert not dead.connected
            declare_service(connection, LISTENER, WISHES[LISTENER])
        eventually(arrived)
        assert dead.connected
