"""A service's user sends what is too large, too much, or strangely dressed (B05)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import amqp
import pytest

from infra.stack import Stack
from kernel.bus import BROKER_ERRORS, Broker, close_quietly
from kernel.crypto import random_bytes
from kernel.errors import Broken
from kernel.events.contracts import ContractAnnulled
from tests.integration.bus.conftest import open_caller, probe
from tests.integration.kernel.conftest import LISTENER, PUBLISHER, Service
from tests.waiting import eventually

MIB: Final = 1024 * 1024
LARGEST_MIB: Final = 8
"""What the broker takes (`max_message_size`)."""
LARGE: Final = 10
MANY: Final = 200
HEADERS: Final = 10_000
GROWTH_MIB: Final = 400
"""What a hostile neighbour may cost: `PREFETCH` messages of `LARGEST_MIB`."""
CODES: Final = "SELECT code, count(*) FROM quarantine GROUP BY code"


@pytest.fixture
def victim(servers: Stack, listener: Service) -> Iterator[int]:
    """The pid of a listening service in a process of its own."""
    with probe(LISTENER, servers.env(LISTENER)) as process:
        yield process.pid
        assert process.poll() is None, "it died of a message"


def peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024  # it is told in KiB


def send(broker: Broker, *bodies: bytes, **properties: Any) -> None:  # noqa: ANN401 - AMQP's
    """Publish as a stolen service user would, waiting until the broker has each."""
    connection = broker.connect()
    try:
        channel = connection.channel()
        channel.confirm_select()
        for body in bodies:
            channel.basic_publish_confirm(
                amqp.Message(body, user_id=PUBLISHER, **properties),
                f"{PUBLISHER}.events",
                "contract.x",
                timeout=30,
            )
    finally:
        close_quietly(connection)


@pytest.mark.catalogue("B05")
@pytest.mark.seeded("broker_takes_any_size")
def test_the_broker_takes_no_message_of_sixty_megabytes(
    publisher: Service, victim: int
) -> None:
    before = peak_mib(victim)
    with pytest.raises(BROKER_ERRORS):
        send(publisher.platform.broker, bytes(60 * MIB))
    assert peak_mib(victim) - before < 60


@pytest.mark.catalogue("B05")
@pytest.mark.seeded("inbox_parses_any_size")
def test_what_the_broker_takes_and_no_event_can_be_is_quarantined_unread(
    publisher: Service, listener: Service, victim: int
) -> None:
    """Its memory is bounded, and a good event behind it all is applied."""
    before = peak_mib(victim)
    filler = b'{"id":"' + b"x" * ((LARGEST_MIB - 1) * MIB) + b'"}'
    send(publisher.platform.broker, *[filler] * LARGE)
    eventually(lambda: _codes(listener) == {"too_large": LARGE})
    assert peak_mib(victim) - before < GROWTH_MIB
    _good_event_arrives(publisher, listener)


@pytest.mark.catalogue("B05")
@pytest.mark.seeded("envelope_lets_rubbish_through")
def test_a_backlog_of_rubbish_and_ten_thousand_headers_stop_nobody(
    publisher: Service, listener: Service, victim: int
) -> None:
    before = peak_mib(victim)
    broker = publisher.platform.broker
    send(broker, *[b"{}"] * MANY)
    headers = {f"h{number}": 1 for number in range(HEADERS)}
    send(broker, b"{}", application_headers=headers)
    eventually(lambda: sum(_codes(listener).values()) == MANY + 1)
    assert peak_mib(victim) - before < GROWTH_MIB / 4
    _good_event_arrives(publisher, listener)


@pytest.mark.catalogue("B05")
@pytest.mark.seeded("rubbish_answers_come_again")
def test_an_answer_nobody_can_read_breaks_its_call_and_no_other(
    servers: Stack, publisher: Service
) -> None:
    """The asked service answers rubbish, twice; the caller's next call is answered."""
    with (
        probe(PUBLISHER, servers.env(PUBLISHER)),
        open_caller(servers) as caller,
        ThreadPoolExecutor(1) as pool,
    ):
        assert caller.echo(PUBLISHER) is not None
        asking = pool.submit(caller.call, PUBLISHER, "fail", kind="slow")
        eventually(lambda: len(caller.rpc._waiting) == 1)
        (call_id,) = caller.rpc._waiting
        for body in (b"{", b'{"error":{"kind":"refused"}}'):
            _answer(publisher.platform.broker, body, caller.rpc._reply_key, call_id)
        with pytest.raises(Broken):
            asking.result(30)
        assert caller.echo(PUBLISHER) is not None
        assert _waits_in(servers, caller.rpc._reply_key) == 0


def _answer(broker: Broker, body: bytes, reply_key: str, call_id: str) -> None:
    connection = broker.connect()
    connection.channel().basic_publish(
        amqp.Message(body, user_id=PUBLISHER, correlation_id=call_id),
        "reply",
        reply_key,
    )
    connection.close()


def _waits_in(servers: Stack, reply_key: str) -> int:
    said = servers.servers.broker.control(
        "list_queues", "-p", "kredit", "name", "messages", "--no-table-headers"
    )
    return int(dict(line.split() for line in said.splitlines())[f"reply.{reply_key}"])


def _codes(listener: Service) -> dict[str, int]:
    return {row.code: row.count for row in listener.rows(CODES)}


def _good_event_arrives(publisher: Service, listener: Service) -> None:
    contract = UUID(bytes=random_bytes(16))
    event = ContractAnnulled(contract_id=contract, client_id=contract, reason="x")
    with publisher.platform.database.begin(publisher.context()) as tx:
        event_id = tx.publish(event)
    publisher.run(publisher.relay().run)
    effect = "SELECT 1 FROM outbox WHERE causation_id = :cause"
    eventually(lambda: len(listener.rows(effect, cause=event_id)) == 1)
