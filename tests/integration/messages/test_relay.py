"""Between commit and queue: whatever dies there, nothing is lost or doubled."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import orjson
import pytest
from prometheus_client import REGISTRY

from infra.layout import ROOT
from infra.leash import leashed
from infra.stack import Stack
from kernel.bus import ConfirmingPublisher, Consuming, Received, close_quietly
from kernel.database import Transaction
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled
from kernel.inbox import Inbox
from kernel.measures import Measures
from kernel.outbox import SIGNED_TOGETHER, UNPUBLISHED, send_again
from tests.integration.kernel.conftest import LISTENER, PUBLISHER, Service
from tests.seeds import seed
from tests.waiting import eventually
from tests.wire import fresh_ids, rounds

CRASHES: Final = 40
KILLS: Final = 4
WRITERS: Final = 16
ROWS: Final = 250
ROWS_AT_ONCE: Final = 5
PAUSE_S: Final = 0.02


class CrashError(BaseException):
    """A process that dies at a named point: no handler may catch it."""


def annulled(subject: UUID, reason: str) -> ContractAnnulled:
    return ContractAnnulled(contract_id=subject, client_id=subject, reason=reason)


@dataclass
class Heard:
    """What a listener's handler saw, by subject, in order."""

    by_subject: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, _tx: Transaction, event: Event, _envelope: Envelope) -> None:
        assert isinstance(event, ContractAnnulled)
        self.by_subject[event.contract_id].append(event.reason)

    @property
    def count(self) -> int:
        return sum(map(len, self.by_subject.values()))


@dataclass
class Speaker:
    """Says numbered things about a few subjects, and remembers what."""

    publisher: Service
    dice: random.Random
    said: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        ids = fresh_ids()
        self.subjects = [ids.new() for _ in range(5)]

    def say(self, count: int) -> None:
        """So many events in one commit."""
        for _ in range(count):
            self.speak(self.dice.choice(self.subjects))

    def speak(self, subject: UUID) -> None:
        reason = str(len(self.said[subject]))
        self.publisher.publish(annulled(subject, reason))
        self.said[subject].append(reason)

    @property
    def count(self) -> int:
        return sum(map(len, self.said.values()))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def inbox(listener: Service, heard: Heard) -> Inbox:
    return listener.inbox({ContractAnnulled.TYPE: heard})


@pytest.fixture
def dice() -> random.Random:
    return random.Random(seed())


@pytest.fixture
def speaker(publisher: Service, dice: random.Random) -> Speaker:
    return Speaker(publisher, dice)


@contextmanager
def listening(
    listener: Service, handle: Callable[[Received], object]
) -> Iterator[None]:
    """Consume the listener's queue meanwhile."""
    stop = threading.Event()
    consuming = Consuming(listener.platform.broker, f"{LISTENER}.inbox", handle)
    thread = threading.Thread(target=consuming.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.catalogue("F27")
@pytest.mark.seeded("outbox_marks_before_it_publishes")
@pytest.mark.seeded("relay_forgets_what_it_numbered")
def test_a_relay_that_dies_at_any_step_loses_and_doubles_nothing(
    publisher: Service,
    listener: Service,
    inbox: Inbox,
    heard: Heard,
    speaker: Speaker,
    dice: random.Random,
) -> None:
    """Again and again, at a random step of a batch."""
    for _ in range(rounds(CRASHES)):
        speaker.say(dice.randint(1, 5))
        fatal = dice.choice(("numbered", "published", "marked"))

        def crash(reached: str, fatal: str = fatal) -> None:
            if reached == fatal:
                raise CrashError

        with (
            ConfirmingPublisher(publisher.platform.broker) as to_broker,
            pytest.raises(CrashError),
        ):
            publisher.relay(crash).relay_waiting(to_broker)
    relay_all(publisher)
    with listening(listener, inbox.receive):
        eventually(lambda: heard.count >= speaker.count)
    assert heard.by_subject == speaker.said
    assert publisher.rows(UNPUBLISHED) == []


def await_more(heard: Heard) -> None:
    before = heard.count
    eventually(lambda: heard.count > before)


@contextmanager
def relaying(servers: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """A relay in a process of its own; dead when the context is left."""
    process = subprocess.Popen(
        leashed(
            [sys.executable, "-m", "tests.integration.messages.relaying", PUBLISHER]
        ),
        cwd=ROOT,
        env=servers.env(PUBLISHER),
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.catalogue("F27")
@pytest.mark.seeded("relay_forgets_what_it_numbered")
def test_a_killed_relay_loses_and_doubles_nothing(
    servers: Stack,
    publisher: Service,
    listener: Service,
    inbox: Inbox,
    heard: Heard,
    speaker: Speaker,
    dice: random.Random,
) -> None:
    """SIGKILL at a random moment while events come and go."""
    with listening(listener, inbox.receive):
        for _ in range(rounds(KILLS)):
            with relaying(servers) as relay:
                speaker.say(20)
                await_more(heard)
                speaker.say(dice.randint(20, 60))
                relay.send_signal(signal.SIGKILL)
                relay.wait()
        with relaying(servers):
            eventually(lambda: heard.count >= speaker.count)
            eventually(lambda: publisher.rows(UNPUBLISHED) == [])
    assert heard.by_subject == speaker.said


@pytest.mark.catalogue("F22", "F27")
@pytest.mark.seeded("inbox_waits_for_nobody", "inbox_waits_in_silence")
def test_what_is_lost_on_the_way_is_waited_for_and_sent_again(
    publisher: Service,
    listener: Service,
    inbox: Inbox,
    heard: Heard,
    speaker: Speaker,
) -> None:
    """A purged queue leaves a gap; the number that is watched grows; replay heals."""
    subject = speaker.subjects[0]
    measures = Measures(
        listener.platform.database, listener.clock, listener.platform.ids
    )
    speaker.speak(subject)
    relay_all(publisher)
    with listening(listener, inbox.receive):
        eventually(lambda: heard.count == 1)
    speaker.speak(subject)
    relay_all(publisher)
    purge(listener)
    speaker.speak(subject)
    relay_all(publisher)
    states = "SELECT state FROM inbox ORDER BY subject_version"
    with listening(listener, inbox.receive):
        eventually(
            lambda: [r.state for r in listener.rows(states)] == ["applied", "waiting"]
        )
        listener.clock.move(seconds=600)
        measures.measure()
        assert waiting_age_s() >= 600
        assert heard.by_subject[subject] == ["0"]
        with publisher.platform.database.begin(publisher.context()) as tx:
            send_again(tx.connection, 1, 3)  # what `replay` does
        relay_all(publisher)
        eventually(lambda: heard.count == speaker.count)
    assert heard.by_subject == speaker.said
    measures.measure()
    assert waiting_age_s() == 0


def waiting_age_s() -> float:
    age = REGISTRY.get_sample_value("inbox_waiting_oldest_age_seconds")
    assert age is not None
    return age


def relay_all(publisher: Service) -> None:
    with ConfirmingPublisher(publisher.platform.broker) as to_broker:
        publisher.relay().relay_waiting(to_broker)


def purge(listener: Service) -> None:
    """Lose what lies in the queue."""
    connection = listener.platform.broker.connect()
    assert connection.default_channel.queue_purge(f"{LISTENER}.inbox") > 0
    close_quietly(connection)


def test_a_backlog_is_numbered_as_it_was_inserted(publisher: Service) -> None:
    """Some are signed while others are stored: each row keeps the bytes of its own."""
    subjects = [fresh_ids().new() for _ in range(3)]
    count = 2 * SIGNED_TOGETHER + 1
    with publisher.platform.database.begin(publisher.context()) as tx:
        for number in range(count):
            tx.publish(annulled(subjects[number % 3], str(number)))
    relay_all(publisher)
    rows = publisher.rows("SELECT * FROM outbox ORDER BY inserted")
    bodies = [orjson.loads(bytes(row.body)) for row in rows]
    assert [row.sequence for row in rows] == list(range(1, count + 1))
    assert [row.subject_version for row in rows] == [1 + n // 3 for n in range(count)]
    assert [body["data"]["reason"] for body in bodies] == [str(n) for n in range(count)]
    for row, body in zip(rows, bodies, strict=True):
        told = body["id"], body["sequence"], body["subjectversion"]
        assert told == (str(row.id), row.sequence, row.subject_version)


@dataclass(frozen=True, slots=True)
class Commit:
    """One writer's transaction: when it began and when it was over, and its events."""

    began: float
    ended: float
    reasons: tuple[str, ...]


@pytest.mark.catalogue("F28")
@pytest.mark.seeded("outbox_reads_by_cursor")
def test_sixteen_writers_lose_no_event_and_no_order(
    publisher: Service, listener: Service
) -> None:
    """4 000 of 4 000 arrive; what began after a commit comes after all of it."""
    seeded = seed()
    commits: list[Commit] = []
    arrived: list[str] = []

    def write(number: int) -> None:
        dice = random.Random(f"{seeded}-{number}")
        subject = fresh_ids().new()
        for step in range(ROWS // ROWS_AT_ONCE):
            reasons = tuple(f"{number}.{step}.{n}" for n in range(ROWS_AT_ONCE))
            began = time.monotonic()
            with publisher.platform.database.begin(publisher.context()) as tx:
                for reason in reasons:
                    tx.publish(annulled(subject, reason))
                time.sleep(dice.random() * PAUSE_S)
            commits.append(Commit(began, time.monotonic(), reasons))

    def hear(message: Received) -> None:
        arrived.append(orjson.loads(message.body)["data"]["reason"])

    publisher.run(publisher.relay().run)
    with listening(listener, hear), ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
        eventually(lambda: len(arrived) >= WRITERS * ROWS)
        eventually(lambda: publisher.rows(UNPUBLISHED) == [])
    place = {reason: number for number, reason in enumerate(arrived)}
    assert len(arrived) == len(place) == 4_000
    assert_consistent(commits, place)


def assert_consistent(commits: list[Commit], place: dict[str, int]) -> None:
    """Whatever began after a commit was over stands behind all of that commit."""
    ended = sorted(commits, key=lambda c: c.ended)
    highest, over = -1, iter(ended)
    waiting = next(over)
    for commit in sorted(commits, key=lambda c: c.began):
        while waiting.ended < commit.began:
            highest = max(highest, *(place[r] for r in waiting.reasons))
            waiting = next(over)
        assert min(place[r] for r in commit.reasons) > highest
