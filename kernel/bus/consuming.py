"""Consuming one queue: connect, receive, settle in order, connect again."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from time import monotonic
from typing import Any, Final, NamedTuple

import amqp
from kombu import Connection

from kernel.beside import Beside
from kernel.bus.broker import BACK_OFF_S, BROKER_ERRORS, Broker, close_quietly
from kernel.bus.deliveries import Deliveries, Received
from kernel.errors import Transient
from kernel.logging import get_logger

log = get_logger("bus")

PREFETCH: Final = 400
"""Messages under way to one consumer: two groups of an inbox, so that none waits."""
DRAIN_S: Final = 1.0
GATHER_S: Final = 0.001
"""How long a group waits for each further message before it is handled."""
SILENCE_S: Final = 7.0
"""A broker says something every HEARTBEAT_S / 2; silent for so long, it is away."""
TOGETHER: Final = 25
"""So many are read at once while a group is handled: soon enough for the next one."""


def receiving_channel(connection: Connection) -> Any:  # noqa: ANN401 - a py-amqp channel
    """A channel that gives bodies as they came.

    The charset a message claims is not believed: its bytes are what is signed and
    what is quarantined.
    """
    channel = connection.channel()
    channel.auto_decode = False
    return channel


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


def supervised(loop: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Start a loop again when a defect ends it: the process must not die of one."""
    while not stop.is_set():
        try:
            loop(stop)
        except Exception:  # the last resort (ASVS 16.5.4): log, rest, go on
            log.exception("loop_ended", loop=getattr(loop, "__qualname__", "?"))
            stop.wait(1)


class _Pending(NamedTuple):
    """A message not yet acknowledged, and what ``read`` made of it."""

    message: Received
    item: object


class Consuming:
    """A supervised loop over one queue: connect, drain, settle, reconnect.

    ``handle`` gets the messages in order, up to ``most`` at a time as its arguments,
    and returns when they may be acknowledged.  If it raises Transient, they are
    handled again after a rest; any other exception is a defect of ours: they go back
    to the queue, whose delivery limit ends their round (dead letter).

    With ``read``, ``handle`` gets what that made of each `Received` instead, and runs
    beside: while one group waits for the database, the next is received and read, some
    at a time.

    What the broker delivers again is handled alone: the last time it may have killed
    the process, and with it whatever was in its company.
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handle: Callable[..., object],
        *,
        read: Callable[[Sequence[Received]], Sequence[object]] | None = None,
        most: int = 1,
        prefetch: int = PREFETCH,
        prepare: Callable[[Connection], None] | None = None,
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._handle = handle
        self._read = read
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
        try:
            channel = connection.channel()
            if self._prepare is not None:
                self._prepare(connection)
            line = _Line(connection, channel)
            channel.basic_qos(0, self._prefetch, False)  # noqa: FBT003 - AMQP's own order
            channel.basic_consume(self._queue)
            self._heard = (0, monotonic())
            self._consuming = True
            while not stop.is_set():
                self._receive(line, DRAIN_S)
                while line.taken and not stop.is_set():
                    while line.taken < self._most:
                        if not self._receive(line, GATHER_S):
                            break
                    self._read_arrived(line)
                    if not line.pending or not self._settle(line):
                        break
        finally:
            close_quietly(connection)

    def _receive(self, line: "_Line", timeout_s: float) -> bool:
        """Whether something came in time; the connection is kept alive."""
        came = line.deliveries.read(timeout_s)
        if not came:
            line.connection.heartbeat_check()
        frames = line.connection.connection.bytes_recv  # whole frames, heartbeats too
        if frames != self._heard[0]:
            self._heard = (frames, monotonic())
        return came

    def _read_arrived(self, line: "_Line") -> None:
        """Make of what has arrived what ``handle`` wants."""
        arrived = line.arrived[:]
        line.arrived.clear()
        self._read_these(line, arrived)

    def _read_these(self, line: "_Line", arrived: Sequence[Received]) -> None:
        """A message that cannot even be read, for our defect, goes back alone."""
        try:
            items = self._read(arrived) if self._read else arrived
        except Exception:
            if len(arrived) > 1:
                for message in arrived:
                    self._read_these(line, [message])
                return
            log.exception("handler_defect", queue=self._queue)
            line.channel.basic_reject(arrived[0].delivery_tag, requeue=True)
        else:
            line.pending.extend(map(_Pending, arrived, items))

    def _group(self, pending: deque[_Pending]) -> list[_Pending]:
        """What is handled together next."""
        fresh = takewhile(lambda p: not p.message.redelivered, pending)
        return list(islice(fresh, self._most)) or [pending[0]]

    def _settle(self, line: "_Line") -> bool:
        """Handle and acknowledge the next group; False: to be tried again later."""
        group = self._group(line.pending)
        items = [one.item for one in group]
        try:
            if self._read is None:
                self._handle(*items)
            else:
                with Beside(lambda: self._handle(*items)) as act:
                    self._receive_meanwhile(line, act, len(group) + self._most)
        except Transient as error:
            log.warning("consumer_rests", queue=self._queue, why=error.sentence)
            return False
        except BROKER_ERRORS:
            raise
        except Exception:
            log.exception("handler_defect", queue=self._queue)
            for one in group:
                line.channel.basic_reject(one.message.delivery_tag, requeue=True)
        else:
            line.channel.basic_ack(group[-1].message.delivery_tag, multiple=True)
        for _ in group:
            line.pending.popleft()
        return True

    def _receive_meanwhile(
        self, line: "_Line", act: Beside[object], ahead: int
    ) -> None:
        """Receive up to ``ahead`` messages in all, and keep the connection alive."""
        wait_s = GATHER_S
        while act.is_alive():
            if line.taken >= ahead:
                self._read_arrived(line)
                act.join(DRAIN_S)
                wait_s = GATHER_S
            if act.is_alive():
                came = self._receive(line, wait_s)
                if not came or len(line.arrived) >= TOGETHER:
                    self._read_arrived(line)
                if not came:
                    wait_s = min(2 * wait_s, DRAIN_S / 10)
            time.sleep(0)  # lets a green act go on, however much there is to receive


class _Line:
    """One connection, what has arrived on it, and what of that has been read."""

    def __init__(self, connection: Connection, channel: Any) -> None:  # noqa: ANN401 - a py-amqp channel
        self.connection = connection
        self.channel = channel
        self.arrived: list[Received] = []
        self.pending: deque[_Pending] = deque()
        self.deliveries = Deliveries(connection, self.arrived.append)

    @property
    def taken(self) -> int:
        """How many messages are here and not acknowledged."""
        return len(self.arrived) + len(self.pending)
