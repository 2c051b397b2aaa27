"""The road of an event: committed, relayed, applied once and in order."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest

from infra.stack import Stack
from kernel.bus import (
    ConfirmingPublisher,
    Consuming,
    Received,
    close_quietly,
    declare_inbox,
)
from kernel.context import Context
from kernel.crypto import SigningKey, random_bytes
from kernel.database import Transaction
from kernel.errors import Transient
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled, ReleaseConfirmed
from kernel.inbox import BATCH, RETRY_AFTER_S, Inbox, Outcome
from kernel.outbox import UNPUBLISHED
from tests.databases import migrator
from tests.integration.kernel.conftest import LISTENER, Service
from tests.waiting import eventually

pytestmark = pytest.mark.catalogue("F17-F27")


def any_id() -> UUID:
    return UUID(bytes=random_bytes(16))


def annulled(contract_id: UUID, reason: str) -> ContractAnnulled:
    return ContractAnnulled(
        contract_id=contract_id, client_id=contract_id, reason=reason
    )


class Recorder:
    """A handler that remembers, and fails when it is told to."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failing: set[str] = set()

    def __call__(self, _tx: Transaction, event: Event, _envelope: Envelope) -> None:
        assert isinstance(event, ContractAnnulled)
        if event.reason in self.failing:
            raise Transient("not now")
        self.seen.append(event.reason)


def relayed(publisher: Service) -> list[bytes]:
    """Relay everything that waits; the bodies in order."""
    with ConfirmingPublisher(publisher.platform.broker) as to_broker:
        publisher.relay().relay_waiting(to_broker)
    rows = publisher.rows("SELECT body FROM outbox ORDER BY sequence")
    return [bytes(row.body) for row in rows]


def message(body: bytes, sender: str | None = "contracts") -> Received:
    return Received(body=body, sender=sender, properties={}, delivery_tag=1)


def received(inbox: Inbox, body: bytes, sender: str | None = "contracts") -> Outcome:
    """What becomes of a message that comes alone."""
    (outcome,) = inbox.receive(message(body, sender))
    return outcome


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def inbox(listener: Service, recorder: Recorder) -> Inbox:
    return listener.inbox({ContractAnnulled.TYPE: recorder})


@pytest.fixture
def bodies(publisher: Service) -> list[bytes]:
    """Four events of one contract, as they were published."""
    contract = any_id()
    publisher.publish(*(annulled(contract, reason) for reason in "abcd"))
    return relayed(publisher)


def test_an_event_travels_from_commit_to_handler(
    publisher: Service, listener: Service, inbox: Inbox, recorder: Recorder
) -> None:
    """Relay and consumer run on the real broker; the order of the subject is kept."""
    contract = any_id()
    publisher.run(publisher.relay().run)
    consuming = Consuming(
        listener.platform.broker,
        "disbursement.inbox",
        inbox.receive,
        most=BATCH,
    )
    listener.run(consuming.run)
    for reason in ("first", "second", "third"):
        publisher.publish(annulled(contract, reason))
    eventually(lambda: recorder.seen == ["first", "second", "third"])
    assert publisher.rows(UNPUBLISHED) == []


def test_a_duplicate_is_applied_once(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes]
) -> None:
    outcomes = [received(inbox, bodies[0]) for _ in range(5)]
    assert outcomes == [Outcome.APPLIED, *[Outcome.DUPLICATE] * 4]
    assert recorder.seen == ["a"]


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 3, 2), (2, 0, 1, 3)])
def test_reordered_messages_end_as_the_ordered_run(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes], order: tuple[int, ...]
) -> None:
    for index in order:
        inbox.receive(message(bodies[index]))
    assert recorder.seen == ["a", "b", "c", "d"]


def test_a_failing_message_holds_its_subject_and_heals(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes], listener: Service
) -> None:
    recorder.failing = {"b"}
    outcomes = [received(inbox, body) for body in bodies]
    assert outcomes == [
        Outcome.APPLIED,
        Outcome.FAILED,
        Outcome.WAITING,
        Outcome.WAITING,
    ]
    recorder.failing = set()
    listener.clock.move(seconds=RETRY_AFTER_S[0] + 1)
    inbox.retry_due()
    assert recorder.seen == ["a", "b", "c", "d"]


def test_a_message_is_parked_with_an_alarm_when_its_attempts_are_used_up(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes], listener: Service
) -> None:
    recorder.failing = {"a"}
    inbox.receive(message(bodies[0]))
    for pause_s in RETRY_AFTER_S:
        listener.clock.move(seconds=pause_s + 1)
        inbox.retry_due()
    assert listener.rows("SELECT state, attempts FROM inbox") == [
        ("parked", len(RETRY_AFTER_S) + 1)
    ]
    alarms = listener.rows("SELECT type FROM outbox")
    assert alarms == [("platform.message_parked.v1",)]


def test_a_parked_message_is_replayed_and_frees_what_waits(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes], listener: Service
) -> None:
    recorder.failing = {"a"}
    for body in bodies:
        inbox.receive(message(body))
    for pause_s in RETRY_AFTER_S:
        listener.clock.move(seconds=pause_s + 1)
        inbox.retry_due()
    (parked,) = listener.rows("SELECT message_id FROM inbox WHERE state = 'parked'")
    assert inbox.replay(parked.message_id) is Outcome.PARKED
    recorder.failing = set()
    assert inbox.replay(parked.message_id) is Outcome.APPLIED
    assert recorder.seen == ["a", "b", "c", "d"]
    assert inbox.replay(parked.message_id) is None


def test_what_a_handler_publishes_leaves_only_with_its_commit(
    listener: Service, bodies: list[bytes]
) -> None:
    def publish_then_fail(tx: Transaction, event: Event, _: Envelope) -> None:
        tx.publish(event)
        raise Transient("after publishing")

    inbox = listener.inbox({ContractAnnulled.TYPE: publish_then_fail})
    assert received(inbox, bodies[0]) is Outcome.FAILED
    assert listener.rows("SELECT 1 FROM outbox") == []


def test_two_consumers_apply_a_message_once(
    inbox: Inbox, recorder: Recorder, bodies: list[bytes]
) -> None:
    """Eight threads on a barrier receive the same message."""
    barrier = threading.Barrier(8)

    def race() -> None:
        barrier.wait()
        inbox.receive(message(bodies[0]))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.seen == ["a"]


class CrashError(BaseException):
    """A process that dies at a named point: no handler may catch it."""


@pytest.mark.parametrize("step", ["numbered", "published", "marked"])
def test_a_relay_that_dies_repeats_the_same_bytes(
    publisher: Service, step: str
) -> None:
    """After any crash the same event goes out under the same number, never another."""
    publisher.publish(annulled(any_id(), "a"))

    def crash(reached: str) -> None:
        if reached == step:
            raise CrashError

    with (
        ConfirmingPublisher(publisher.platform.broker) as to_broker,
        pytest.raises(CrashError),
    ):
        publisher.relay(crash).relay_waiting(to_broker)
    before = publisher.rows("SELECT body FROM outbox")
    after = relayed(publisher)
    assert [bytes(row.body) for row in before] == after
    assert publisher.rows(UNPUBLISHED) == []


def test_numbers_have_no_gaps_whatever_rolls_back(publisher: Service) -> None:
    """Sixteen writers, every other one rolls back; numbering runs meanwhile (F28)."""
    contract = any_id()

    def write(index: int) -> None:
        for step in range(10):
            try:
                with publisher.platform.database.begin(publisher.context()) as tx:
                    tx.publish(annulled(contract, f"{index}.{step}"))
                    time.sleep(0.001 * (index % 4))
                    if (index + step) % 2:
                        raise CrashError
            except CrashError:
                continue

    publisher.run(publisher.relay().run)
    threads = [threading.Thread(target=write, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])
    rows = publisher.rows("SELECT sequence, subject_version FROM outbox ORDER BY 1")
    assert [row.sequence for row in rows] == list(range(1, 81))
    assert [row.subject_version for row in rows] == list(range(1, 81))


def test_an_unroutable_event_stays_in_the_outbox(
    servers: Stack, listener: Service
) -> None:
    """Nobody is bound to disbursement's exchange here: mandatory notices (F25)."""
    with audit_deaf(servers):
        listener.publish(annulled(any_id(), "a"))
        with ConfirmingPublisher(listener.platform.broker) as to_broker:
            assert listener.relay().relay_waiting(to_broker) == 0
        assert len(listener.rows(UNPUBLISHED)) == 1


@contextmanager
def audit_deaf(servers: Stack) -> Iterator[None]:
    """Without the one binding that hears everything."""
    connection = migrator(servers, "audit").broker.connect()
    declare_inbox(connection, "audit")
    channel, binding = connection.default_channel, (f"{LISTENER}.events", "#")
    channel.queue_unbind("audit.inbox", *binding)
    yield
    channel.queue_bind("audit.inbox", *binding)
    close_quietly(connection)


def forged(key: SigningKey, **changes: object) -> bytes:
    """A release confirmation nobody gave."""
    contract = any_id()
    event = ReleaseConfirmed(
        contract_id=contract,
        client_id=contract,
        channel="lender_digital",
        text_sha256="0" * 64,
        confirmed_at=datetime(2026, 11, 25, tzinfo=UTC),
    )
    members: dict[str, object] = {
        "id": any_id(),
        "source": "contracts",
        "type": event.TYPE,
        "time": datetime(2026, 11, 25, tzinfo=UTC),
        "subject": event.subject,
        "subjectversion": 1,
        "sequence": 1,
        "traceparent": "00-0-0-01",
        "correlation_id": contract,
        "causation_id": None,
        "keyid": key.keyid,
        "data": event.to_data(),
        **changes,
    }
    return Envelope(**members).signed(key)  # type: ignore[arg-type] # test data


@pytest.mark.clause("3.4")
@pytest.mark.clause("3.3c")
@pytest.mark.catalogue("A15")
@pytest.mark.seeded("inbox_believes_signature")
def test_a_forged_message_is_quarantined_and_told(
    listener: Service, publisher: Service
) -> None:
    """Unknown key, another's key, changed bytes, wrong sender, misshapen, no schema."""
    own, other = publisher.platform.signing_key, listener.platform.signing_key
    good = forged(own)
    cases: dict[str, list[tuple[bytes, str | None]]] = {
        "bad_signature": [
            (forged(SigningKey.generate("stranger-1")), "contracts"),
            (forged(SigningKey.generate(own.keyid)), "contracts"),
            (good.replace(b'"sequence":1', b'"sequence":2'), "contracts"),
        ],
        "not_entitled": [(forged(other), "disbursement")],
        "wrong_sender": [(good, None), (good, "antifraud")],
        "not_canonical": [(b"{", "contracts"), (good + b" ", "contracts"), (b"", None)],
        "misshapen": [(b'{"id":"x"}', "contracts"), (b"[]", "contracts")],
        "too_large": [(b" " * 70_000, "contracts")],
        "schema": [(forged(own, data={"contract_id": "x"}), "contracts")],
    }
    applied: list[Event] = []

    def handler(_tx: Transaction, event: Event, _envelope: Envelope) -> None:
        applied.append(event)

    inbox = listener.inbox({ReleaseConfirmed.TYPE: handler})
    for code, messages in cases.items():
        for body, sender in messages:
            outcome = received(inbox, body, sender)
            assert (code, Outcome.QUARANTINED) == (code, outcome)
    assert applied == []
    recorded = listener.rows("SELECT code, count(*) FROM quarantine GROUP BY code")
    assert {r.code: r.count for r in recorded} == {k: len(v) for k, v in cases.items()}
    told = listener.rows("SELECT DISTINCT type FROM outbox")
    assert told == [("platform.message_quarantined.v1",)]


@pytest.mark.clause("3.4")
@pytest.mark.seeded("inbox_lets_conflict_pass")
def test_two_messages_in_one_place_block_the_second(
    inbox: Inbox, recorder: Recorder, publisher: Service
) -> None:
    """The same place in a subject's order under another id is a mismatch."""
    contract = any_id()
    key = publisher.platform.signing_key
    first, second = (
        forged(
            key,
            type=ContractAnnulled.TYPE,
            subject=f"contract:{contract}",
            data=annulled(contract, reason).to_data(),
        )
        for reason in ("first", "second")
    )
    assert received(inbox, first) is Outcome.APPLIED
    assert received(inbox, second) is Outcome.QUARANTINED
    assert recorder.seen == ["first"]


def test_context_goes_from_cause_to_effect(
    publisher: Service, listener: Service
) -> None:
    """The correlation id of the request stands in the event of the reaction."""

    def react(tx: Transaction, event: Event, _envelope: Envelope) -> None:
        tx.publish(event)

    inbox = listener.inbox({ContractAnnulled.TYPE: react})
    cause = Context(any_id(), None, "00-1-2-01")
    with publisher.platform.database.begin(cause) as tx:
        event_id = tx.publish(annulled(any_id(), "a"))
    inbox.receive(message(relayed(publisher)[0]))
    rows = listener.rows("SELECT correlation_id, causation_id FROM outbox")
    assert rows == [(cause.correlation_id, event_id)]
