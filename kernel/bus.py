"""RabbitMQ by kombu and nothing else: topology, confirmed publishing, consuming.

Knows neither nameko nor a service.  Written in plain blocking style, so that it runs
in threads and, once eventlet has patched the process, in green threads alike.

Every connection is TLS with a client certificate and SASL EXTERNAL: the broker knows
the principal by its certificate and checks the ``user_id`` of each message.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import amqp
from amqp.exceptions import AMQPError
from kombu import Connection, Exchange, Queue
from kombu.exceptions import KombuError

from kernel.errors import Transient
from kernel.logging import get_logger
from kernel.tls import amqp_ssl

log = get_logger("bus")

HEARTBEAT_S: Final = 10
CONNECT_TIMEOUT_S: Final = 5
CONFIRM_TIMEOUT_S: Final = 15
"""Past this the broker counts as away: an alarm of memory or disk, or frozen."""
CLOSE_S: Final = 1.0
DRAIN_S: Final = 1.0
SILENCE_S: Final = 7.0
"""A broker says something every HEARTBEAT_S / 2; silent for so long, it is away."""
BACK_OFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
READ_BYTES: Final = 8_192
"""What one read may take from TLS; a record holds at most twice as much."""
GATHER_S: Final = 0.001
"""How long a group waits for each further message before it is handled."""
DELIVERY_LIMIT: Final = 5
"""Repetitions of an event after which the broker gives it up as a dead letter.

Few: a message that kills its process takes everything delivered with it along, and
nothing is lost, for the inbox takes dead letters up.  Not fewer: an orderly stop, a
broker restart and a lost connection count as well.
"""
RPC_DELIVERY_LIMIT: Final = 3
PREFETCH: Final = 100
"""Messages under way to one consumer: two groups of an inbox, so that none waits."""

_MANDATORY: Final = True
_NOT_IMMEDIATE: Final = False

RPC_EXCHANGE: Final = "rpc"
REPLY_EXCHANGE: Final = "reply"

BROKER_ERRORS: Final = (AMQPError, KombuError, OSError, TimeoutError)
"""What a broker that is away, slow or restarting looks like from here."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    url: str
    principal: str
    ca: Path
    cert: Path
    key: Path

    @property
    def host(self) -> str:
        """The name the broker's certificate must carry."""
        return urlsplit(self.url).hostname or ""

    def connect(
        self,
        *,
        on_blocked: Callable[[str], None] | None = None,
        on_unblocked: Callable[[], None] | None = None,
    ) -> Connection:
        """An open connection.  Raises one of BROKER_ERRORS.

        The two are told when the broker takes no messages (an alarm) and when it
        does again, while somebody drains the connection.
        """
        connection = Connection(
            self.url,
            ssl=amqp_ssl(self.ca, self.cert, self.key, self.host),
            login_method="EXTERNAL",
            heartbeat=HEARTBEAT_S,
            connect_timeout=CONNECT_TIMEOUT_S,
            transport_options={
                "confirm_publish": False,
                "client_properties": {"connection_name": self.principal},
                "on_blocked": on_blocked,
                "on_unblocked": on_unblocked,
            },
        )
        try:
            connection.connect()
        except BROKER_ERRORS:
            connection.release()
            raise
        return connection


@dataclass(frozen=True, slots=True)
class Interest:
    """A listener's wish: every event of ``publisher`` on subjects of this kind."""

    publisher: str
    kind: str

    @property
    def binding_key(self) -> str:
        """The topic pattern of the wish; kind ``#`` means everything."""
        return "#" if self.kind == "#" else f"{self.kind}.#"


def declare_service(
    connection: Connection, service: str, interests: Iterable[Interest]
) -> None:
    """Declare what the service owns and bind what it listens to.  Idempotent.

    Runs before any relay starts, so that no event finds its listener missing.
    """
    channel = connection.default_channel
    dead = Exchange(f"{service}.dead", "fanout", durable=True)
    Queue(f"{service}.dead", dead, queue_arguments={"x-queue-type": "quorum"})(
        channel
    ).declare()
    Exchange(f"{service}.events", "topic", durable=True)(channel).declare()
    # No dead letters for commands: they may carry personal data, and nobody waits.
    Queue(
        f"{service}.rpc",
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": RPC_DELIVERY_LIMIT,
        },
    )(channel).declare()
    channel.queue_bind(f"{service}.rpc", RPC_EXCHANGE, f"{service}.*")
    wishes = list(interests)
    if not wishes:
        return
    declare_inbox(connection, service)
    for wish in wishes:
        channel.queue_bind(
            f"{service}.inbox", f"{wish.publisher}.events", wish.binding_key
        )


def declare_inbox(connection: Connection, service: str) -> None:
    """The one queue in which a listening service receives events."""
    Queue(f"{service}.inbox", queue_arguments=_quorum(service, limit=DELIVERY_LIMIT))(
        connection.default_channel
    ).declare()


def _quorum(service: str, *, limit: int) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": limit,
        "x-dead-letter-exchange": f"{service}.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


class ConfirmingPublisher:
    """Sends a batch and waits once until the broker has answered for each.

    The broker may confirm, refuse (nack) or return (unroutable) each message; only
    confirmed and routed ones count.  Not for two threads at once.
    """

    def __init__(self, broker: Broker) -> None:
        self._principal = broker.principal
        self._connection = broker.connect()
        self._wire: Any = self._connection.connection
        try:
            self._channel: Any = self._connection.channel()
            self._channel.confirm_select()
        except BROKER_ERRORS:
            close_quietly(self._connection)
            raise
        self._sent = 0
        self._open: dict[int, str] = {}
        self._failed: set[str] = set()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)

    def publish_all(
        self, messages: Iterable[tuple[str, bytes, str, str]]
    ) -> frozenset[str]:
        """`send`, then `answers`."""
        self.send(messages)
        return self.answers()

    def send(self, messages: Iterable[tuple[str, bytes, str, str]]) -> None:
        """Write (id, body, exchange, routing key) each, and wait for nothing.

        Raises one of BROKER_ERRORS when the broker takes no more.
        """
        transport, frames = self._wire.transport, bytearray()
        write, transport._write = transport._write, frames.extend  # noqa: SLF001 - py-amqp would send each message as a TLS record of its own
        try:
            for message in messages:
                self._add(*message)
        finally:
            transport._write = write  # noqa: SLF001 - as above
        with transport.having_timeout(CONFIRM_TIMEOUT_S):
            transport.write(memoryview(frames))

    def _add(
        self, message_id: str, body: bytes, exchange: str, routing_key: str
    ) -> None:
        """Add one message; py-amqp's basic_publish would also read before each."""
        self._sent += 1
        self._open[self._sent] = message_id
        self._channel.send_method(
            amqp.spec.Basic.Publish,
            "Bssbb",
            (0, exchange, routing_key, _MANDATORY, _NOT_IMMEDIATE),
            amqp.Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=message_id,
                user_id=self._principal,
            ),
        )

    def answers(self) -> frozenset[str]:
        """Wait for the answer to each message sent; the ids that were not accepted.

        Only an answer moves the deadline: a broker under an alarm keeps sending
        heartbeats, so that a time-out of the socket alone would never come.  Raises
        one of BROKER_ERRORS when the broker does not answer in time.
        """
        waiting, deadline = len(self._open), monotonic() + CONFIRM_TIMEOUT_S
        while self._open:
            left_s = deadline - monotonic()
            if left_s <= 0:
                raise TimeoutError("the broker does not confirm")
            self._wire.blocking_read(left_s)
            if len(self._open) < waiting:
                waiting = len(self._open)
                deadline = monotonic() + CONFIRM_TIMEOUT_S
        failed = frozenset(self._failed)
        self._failed.clear()
        return failed

    def _settled(self, tag: int, *, multiple: bool) -> list[str]:
        tags = [t for t in self._open if t <= tag] if multiple else [tag]
        return [self._open.pop(t) for t in tags if t in self._open]

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._settled(tag, multiple=multiple)

    def _on_nack(self, tag: int, multiple: bool = False, *_: object) -> None:  # noqa: FBT001, FBT002 - as above
        self._failed.update(self._settled(tag, multiple=multiple))

    def _on_return(
        self, _error: Exception, _exchange: str, _key: str, message: amqp.Message
    ) -> None:
        self._failed.add(message.properties["message_id"])

    def beat(self) -> None:
        """Keep an idle connection alive.  Raises one of BROKER_ERRORS if it is dead."""
        try:
            self._connection.drain_events(timeout=0.001)
        except TimeoutError:
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Let the connection go; a broker that does not answer is not waited for."""
        close_quietly(self._connection)

    def __enter__(self) -> Self:
        """Use as a context: closed on leaving."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def close_quietly(connection: Connection) -> None:
    """Release a connection that may already be dead; wait `CLOSE_S` for its peer."""
    try:
        if connection.connected:
            connection.connection.sock.settimeout(CLOSE_S)
        connection.collect()
    except BROKER_ERRORS as error:
        log.debug("connection_close_failed", error=type(error).__name__)


def _read_ahead(connection: Connection) -> None:
    """Let py-amqp take from TLS whatever is there.

    It asks for each frame's head, body and end by itself, nine times a message; its
    buffer holds more just as well.
    """
    transport = connection.connection.transport
    read = transport._quick_recv  # noqa: SLF001 - the one place where it reads
    transport._quick_recv = lambda count: read(max(count, READ_BYTES))  # noqa: SLF001 - as above


def supervised(loop: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Start a loop again when a defect ends it: the process must not die of one."""
    while not stop.is_set():
        try:
            loop(stop)
        except Exception:  # the last resort (ASVS 16.5.4): log, rest, go on
            log.exception("loop_ended", loop=getattr(loop, "__qualname__", "?"))
            stop.wait(1)


def receiving_channel(connection: Connection) -> Any:  # noqa: ANN401 - a py-amqp channel
    """A channel that gives bodies as they came.

    The charset a message claims is not believed: its bytes are what is signed and
    what is quarantined.
    """
    channel = connection.channel()
    channel.auto_decode = False
    return channel


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came: nothing in it is believed yet."""

    body: bytes
    sender: str | None
    properties: dict[str, Any]
    delivery_tag: int


def received(message: amqp.Message) -> Received:
    """The raw bytes and the broker's word on who sent them.

    kombu's messages are not used: a hostile content type must not reach a decoder,
    nor a hostile header a decompressor.
    """
    body = message.body
    return Received(
        body=body.encode("utf-8") if isinstance(body, str) else bytes(body),
        sender=message.properties.get("user_id"),
        properties=dict(message.properties),
        delivery_tag=message.delivery_tag,
    )


class Consuming:
    """A supervised loop over one queue: connect, drain, settle, reconnect.

    ``handle`` gets the messages in order, up to ``most`` at a time as its arguments,
    and returns when they may be acknowledged.  If it raises Transient, they are
    handled again after a rest; any other exception is a defect of ours: they go back
    to the queue, whose delivery limit ends their round (dead letter).

    What the broker delivers again is handled alone: the last time it may have killed
    the process, and with it whatever was in its company.
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handle: Callable[..., object],
        *,
        most: int = 1,
        prefetch: int = PREFETCH,
        prepare: Callable[[Connection], None] | None = None,
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._handle = handle
        self._most = most
        self._prefetch = prefetch
        self._prepare = prepare
        self._consuming = False
        self._heard = (0, 0.0)

    @property
    def connected(self) -> bool:
        """Whether messages can arrive right now, as far as one can know."""
        return self._consuming and monotonic() - self._heard[1] < SILENCE_S

    def run(self, stop: threading.Event) -> None:
        """Consume until ``stop`` is set."""
        failures = 0
        while not stop.is_set():
            try:
                self._consume(stop)
                failures = 0
            except BROKER_ERRORS as error:
                failures = 0 if self._consuming else failures + 1
                log.warning(
                    "broker_away", queue=self._queue, error=type(error).__name__
                )
                stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            finally:
                self._consuming = False

    def _consume(self, stop: threading.Event) -> None:
        """Receive into a row, settle from its head.

        A head that cannot be settled now stays there while the connection is kept
        alive: the database away for an hour costs no message a delivery.
        """
        connection = self._broker.connect()
        pending: deque[amqp.Message] = deque()
        try:
            _read_ahead(connection)
            channel = receiving_channel(connection)
            if self._prepare is not None:
                self._prepare(connection)
            channel.basic_qos(0, self._prefetch, False)  # noqa: FBT003 - AMQP's own order
            channel.basic_consume(self._queue, callback=pending.append)
            self._heard = (0, monotonic())
            self._consuming = True
            while not stop.is_set():
                self._drain(connection, DRAIN_S)
                while len(pending) < self._most:
                    if not self._drain(connection, GATHER_S):
                        break
                while pending and not stop.is_set():
                    group = self._group(pending)
                    if not self._settle(channel, group):
                        break
                    for _ in group:
                        pending.popleft()
        finally:
            close_quietly(connection)

    def _drain(self, connection: Connection, timeout_s: float) -> bool:
        """Whether something came in time."""
        try:
            connection.drain_events(timeout=timeout_s)
        except TimeoutError:
            connection.heartbeat_check()
            came = False
        else:
            came = True
        frames = connection.connection.bytes_recv  # whole frames, heartbeats too
        if frames != self._heard[0]:
            self._heard = (frames, monotonic())
        return came

    def _group(self, pending: deque[amqp.Message]) -> list[amqp.Message]:
        """What is handled together next."""
        fresh = takewhile(lambda m: not m.delivery_info["redelivered"], pending)
        return list(islice(fresh, self._most)) or [pending[0]]

    def _settle(self, channel: Any, group: list[amqp.Message]) -> bool:  # noqa: ANN401 - py-amqp's
        """Handle and acknowledge; False when it must be tried again later."""
        try:
            self._handle(*map(received, group))
        except Transient as error:
            log.warning("consumer_rests", queue=self._queue, why=error.sentence)
            return False
        except BROKER_ERRORS:
            raise
        except Exception:
            log.exception("handler_defect", queue=self._queue)
            for message in group:
                channel.basic_reject(message.delivery_tag, requeue=True)
        else:
            channel.basic_ack(group[-1].delivery_tag, multiple=True)
        return True
