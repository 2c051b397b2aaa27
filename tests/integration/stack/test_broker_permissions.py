"""Each principal writes its own exchange, reads its own queues, calls whom it may."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

import amqp
import pytest
from amqp.exceptions import AccessRefused, PreconditionFailed

from infra import topology
from infra.rabbitmq.definitions import load_calls
from tests.integration.stack.conftest import Doors, answer, asks, binds, publishes

FORBIDDEN = AccessRefused.code
FORGED = PreconditionFailed.code
SPEAKERS = topology.principals()
MIGRATORS = topology.migrators()
SERVICES = topology.services()
QUEUES = ("inbox", "dead", "rpc")
# Methods tried on every callee: allowed to some, to nobody, and the operators' own.
METHODS = (
    "get_contact",
    "send_code",
    "check_code",
    "decide",
    "report_fraud",
    "stop_payout",
    "get_payout",
    "read_contract",
    "verify",
    "status",
    "parked_list",
    "replay_parked",
    "ask_drop",
    "approve",
    "ping",
)


@pytest.fixture(scope="module", params=(*SPEAKERS, *MIGRATORS))
def principal(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def connection(doors: Doors, principal: str) -> Iterator[amqp.Connection]:
    with doors.connected(principal) as opened:
        yield opened


def _foreign(principal: str) -> tuple[str, ...]:
    """Services that are not the principal's own."""
    own = "audit" if principal == "audit-worker" else principal
    return tuple(name for name in SERVICES if name != own.removesuffix("-migrate"))


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_publish")
def test_only_the_owner_publishes_events(
    connection: amqp.Connection, principal: str
) -> None:
    """An event exchange takes messages from its own service and from nobody else."""
    for service in SERVICES:
        tried = answer(
            connection, publishes(f"{service}.events", "x.y.v1", user_id=principal)
        )
        assert (None if service == principal else FORBIDDEN) == tried, service


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_opens_the_default_exchange")
def test_nobody_reaches_a_queue_through_the_default_exchange(
    connection: amqp.Connection,
) -> None:
    """The default exchange, which leads into any queue, is closed."""
    for service in SERVICES:
        for kind in QUEUES:
            tried = answer(connection, publishes("", f"{service}.{kind}"))
            assert tried == FORBIDDEN, (service, kind)


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_opens_the_dead_letters")
def test_nobody_buries_a_message_for_another(
    connection: amqp.Connection, principal: str
) -> None:
    """Dead letters come from the broker alone, which has them from the queue."""
    for service in _foreign(principal):
        tried = answer(connection, publishes(f"{service}.dead", "x", user_id=principal))
        assert tried == FORBIDDEN, service


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_opens_foreign_queues")
def test_nobody_consumes_a_foreign_queue(
    connection: amqp.Connection, principal: str
) -> None:
    """Consuming, taking one message and emptying are all refused."""
    for service in _foreign(principal):
        for queue in (f"{service}.{kind}" for kind in QUEUES):
            for method in ("basic_consume", "basic_get", "queue_purge"):
                tried = answer(connection, asks(method, queue))
                assert tried == FORBIDDEN, (method, queue)


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_declare")
def test_nobody_declares_or_removes_what_lasts(
    connection: amqp.Connection, principal: str
) -> None:
    """Queues and exchanges are for the migrators, each for its own service only."""
    closed = _foreign(principal) if principal in MIGRATORS else SERVICES
    for service in closed:
        for queue in (f"{service}.{kind}" for kind in QUEUES):
            assert _refused(connection, "queue_declare", queue, durable=True), queue
            assert _refused(connection, "queue_delete", queue), queue
        for exchange in (f"{service}.events", f"{service}.dead"):
            assert _refused(connection, "exchange_declare", exchange, type="topic")
            assert _refused(connection, "exchange_delete", exchange), exchange
    for shared in ("rpc", "reply"):
        assert answer(connection, asks("exchange_delete", shared)) == FORBIDDEN
    assert answer(connection, asks("queue_declare", "anything")) == FORBIDDEN


def _refused(
    connection: amqp.Connection, method: str, name: str, **options: object
) -> bool:
    return bool(answer(connection, asks(method, name, **options)) == FORBIDDEN)


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_hear_events")
def test_nobody_hears_events_but_by_its_own_queue(
    connection: amqp.Connection, principal: str
) -> None:
    """No process binds a queue of its own, nobody binds or unbinds another's."""
    spy = f"reply.{principal}.spy"
    for service in SERVICES:
        exchange = f"{service}.events"
        assert answer(connection, binds(spy, exchange, "#")) == FORBIDDEN, exchange
        for owner in _foreign(principal):
            for method in ("queue_bind", "queue_unbind"):
                tried = answer(
                    connection,
                    asks(method, f"{owner}.inbox", exchange=exchange, routing_key="#"),
                )
                assert tried == FORBIDDEN, (method, owner, exchange)


@pytest.mark.clause("1.2b")
@pytest.mark.clause("2.1")
@pytest.mark.clause("6.1b")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_forgets_the_call_matrix")
def test_calls_follow_the_matrix(connection: amqp.Connection, principal: str) -> None:
    """Every (callee, method) outside calls.toml is refused, every one inside passes."""
    patterns = load_calls().get(principal, ())
    for callee in SERVICES:
        for method in METHODS:
            key = f"{callee}.{method}"
            allowed = any(fnmatchcase(key, pattern) for pattern in patterns)
            if method == "ping":
                allowed = principal == topology.OPERATOR
            tried = answer(connection, publishes("rpc", key, user_id=principal))
            assert (None if allowed else FORBIDDEN) == tried, key


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_answer")
def test_only_services_answer(connection: amqp.Connection, principal: str) -> None:
    """The exchange of answers is closed to those who never answer."""
    tried = answer(connection, publishes("reply", "gateway.1", user_id=principal))
    assert (None if principal in SERVICES else FORBIDDEN) == tried


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_shows_answers_to_others")
def test_nobody_receives_answers_to_others(
    connection: amqp.Connection, principal: str
) -> None:
    """A reply queue is bound under its owner's name only, and named after it."""
    own = f"reply.{principal}.test"
    tried = answer(connection, binds(own, "reply", f"{principal}.1"))
    assert (None if principal in SPEAKERS else FORBIDDEN) == tried
    for other in SPEAKERS:
        if other == principal:
            continue
        for key in (f"{other}.1", "#", f"*.{principal}"):
            assert answer(connection, binds(own, "reply", key)) == FORBIDDEN, key
        assert (
            answer(connection, asks("queue_declare", f"reply.{other}.test"))
            == FORBIDDEN
        )


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_hear_calls")
def test_no_process_listens_to_calls_by_a_queue_of_its_own(
    connection: amqp.Connection, principal: str
) -> None:
    """Calls reach the queue that the migrator bound, and no other."""
    spy = f"reply.{principal}.spy"
    for key in (*(f"{service}.*" for service in SERVICES), "#", "*.decide"):
        assert answer(connection, binds(spy, "rpc", key)) == FORBIDDEN, key


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("broker_lets_anyone_hear_calls")
@pytest.mark.parametrize("migrator", MIGRATORS)
def test_a_migrator_binds_calls_of_its_own_service_only(
    doors: Doors, migrator: str
) -> None:
    queue = f"{migrator.removesuffix('-migrate')}.dead"
    own = queue.replace(".dead", ".*")
    with doors.connected(migrator) as connection:
        assert answer(connection, binds(queue, "rpc", own)) is None
        for key in (*(f"{service}.*" for service in _foreign(migrator)), "#"):
            assert answer(connection, binds(queue, "rpc", key)) == FORBIDDEN, key


@pytest.mark.catalogue("A15", "A16")
@pytest.mark.seeded("broker_lets_impersonate")
@pytest.mark.parametrize(
    "principal",
    [name for name in SPEAKERS if name in SERVICES or name in load_calls()],
    indirect=True,
    scope="module",
)
def test_a_forged_sender_is_refused(
    connection: amqp.Connection, principal: str
) -> None:
    """The broker compares `user_id` with the certificate it was shown."""
    exchange, key = _something_writable(principal)
    assert answer(connection, publishes(exchange, key, user_id=principal)) is None
    for other in (*SPEAKERS, *MIGRATORS, "guest"):
        if other != principal:
            tried = answer(connection, publishes(exchange, key, user_id=other))
            assert tried == FORGED, other


def _something_writable(principal: str) -> tuple[str, str]:
    if principal in SERVICES:
        return f"{principal}.events", "x.y.v1"
    pattern = load_calls()[principal][0]
    return "rpc", pattern.replace("*.*", "auth.verify").replace("*", "something")
