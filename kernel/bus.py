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
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import amqp
from amqp.exceptions import AMQPError
from kombu import Connection, Consumer, Exchange, Message, Queue
from kombu.exceptions import KombuError
from kombu.transport.pyamqp import Message as PlainMessage

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
DELIVERY_LIMIT: Final = 20
RPC_DELIVERY_LIMIT: Final = 3
PREFETCH: Final = 50

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
        self._channel: Any = self._connection.channel()
        self._channel.confirm_select()
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
        with self._wire.transport.having_timeout(CONFIRM_TIMEOUT_S):
            for message in messages:
                self._write(*message)

    def _write(
        self, message_id: str, body: bytes, exchange: str, routing_key: str
    ) -> None:
        """Write one message; py-amqp's basic_publish would also read after each."""
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


def supervised(loop: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Start a loop again when a defect ends it: the process must not die of one."""
    while not stop.is_set():
        try:
            loop(stop)
        except Exception:  # the last resort (ASVS 16.5.4): log, rest, go on
            log.exception("loop_ended", loop=getattr(loop, "__qualname__", "?"))
            stop.wait(1)


class _AsSent(PlainMessage):
    """A message whose own headers are not obeyed: kombu would unpack its body."""

    def __init__(self, message: Any, **rest: Any) -> None:  # noqa: ANN401 - kombu's signature
        message.properties.pop("application_headers", None)
        super().__init__(message, **rest)


def receiving_channel(connection: Connection) -> Any:  # noqa: ANN401 - a py-amqp channel
    """A channel that gives bodies as they came.

    Neither the charset nor the compression a message claims is believed: its bytes
    are what is signed, what is quarantined, and all that nobody has to unpack.
    """
    channel = connection.channel()
    channel.auto_decode = False
    channel.Message = _AsSent
    return channel


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came: nothing in it is believed yet."""

    body: bytes
    sender: str | None
    properties: dict[str, Any]
    delivery_tag: int


def received(message: Message) -> Received:
    """The raw bytes and the broker's word on who sent them.

    kombu's decoding is not used: a hostile content type must not reach a decoder.
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

    ``handle`` gets each message in order and returns when it may be acknowledged.
    If it raises Transient, the same message is handled again after a rest; any other
    exception is a defect of ours: the message goes back to the queue, whose delivery
    limit ends its round (dead letter).
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handle: Callable[[Received], None],
        *,
        prefetch: int = PREFETCH,
        prepare: Callable[[Connection], None] | None = None,
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._handle = handle
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
        pending: deque[Message] = deque()
        try:
            channel = receiving_channel(connection)
            if self._prepare is not None:
                self._prepare(connection)
            channel.basic_qos(0, self._prefetch, False)  # noqa: FBT003 - AMQP's own order
            with Consumer(
                channel,
                queues=[Queue(self._queue, no_declare=True)],
                on_message=pending.append,
                auto_declare=False,
            ):
                self._heard = (0, monotonic())
                self._consuming = True
                while not stop.is_set():
                    self._drain(connection)
                    while pending and not stop.is_set() and self._settle(pending[0]):
                        pending.popleft()
        finally:
            close_quietly(connection)

    def _drain(self, connection: Connection) -> None:
        try:
            connection.drain_events(timeout=DRAIN_S)
        except TimeoutError:
            connection.heartbeat_check()
        frames = connection.connection.bytes_recv  # whole frames, heartbeats too
        if frames != self._heard[0]:
            self._heard = (frames, monotonic())

    def _settle(self, message: Message) -> bool:
        """Handle and acknowledge; False when it must be tried again later."""
        try:
            self._handle(received(message))
        except Transient as error:
            log.warning("consumer_rests", queue=self._queue, why=error.sentence)
            return False
        except BROKER_ERRORS:
            raise
        except Exception:
            log.exception("handler_defect", queue=self._queue)
            message.requeue()
        else:
            message.ack()
        return True
