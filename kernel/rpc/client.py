"""The caller's side: one kept connection out, one loop over the answers."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import amqp
from kombu import Connection, Queue

from kernel.bus import (
    BACK_OFF_S,
    BROKER_ERRORS,
    PREFETCH,
    REPLY_EXCHANGE,
    RPC_EXCHANGE,
    Broker,
    Consuming,
    Received,
    close_quietly,
    supervised,
)
from kernel.clock import Clock
from kernel.context import Context, jsonable
from kernel.crypto import Json, SigningKey, as_object
from kernel.errors import Broken, KernelError, Transient
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.metrics import RPC_CLIENT_SECONDS
from kernel.rpc.wire import read_reply, sign_request

log = get_logger("rpc")

TIMEOUT_S: Final = 5.0
PUBLISH_TIMEOUT_S: Final = 5.0
BEAT_S: Final = 1.0
_POLL_S: Final = 0.02


class Publisher:
    """One kept connection for requests or replies, for any number of threads.

    Nothing is confirmed: a lost request or answer shows as a time-out of its caller.
    `run` opens the connection and keeps it; who publishes never waits longer than
    they said, whatever the broker does.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._channel: Any = None
        self._usable = threading.Event()
        self._lost = threading.Event()

    def publish(
        self,
        body: bytes,
        exchange: str,
        routing_key: str,
        *,
        within_s: float = PUBLISH_TIMEOUT_S,
        **properties: str,
    ) -> None:
        """Send ``body``; a connection found dead is waited for anew.

        Raises Transient when the broker is away, or takes nothing, for ``within_s``.
        """
        message = amqp.Message(
            body,
            content_type="application/json",
            content_encoding="utf-8",
            user_id=self._broker.principal,
            **properties,
        )
        until = monotonic() + within_s
        while (left_s := until - monotonic()) > 0 and self._usable.wait(left_s):
            if self._sent(message, exchange, routing_key, until):
                return
        raise _bus_away()

    def _sent(
        self, message: amqp.Message, exchange: str, routing_key: str, until: float
    ) -> bool:
        """Whether it went out; if not, the connection is not usable any more."""
        if not self._lock.acquire(timeout=max(until - monotonic(), 0)):
            return False
        try:
            if self._channel is None:
                return False
            self._channel.basic_publish(
                message,
                exchange,
                routing_key,
                timeout=max(until - monotonic(), _POLL_S),
            )
        except BROKER_ERRORS:
            self._drop()
            return False
        finally:
            self._lock.release()
        return True

    def run(self, stop: threading.Event) -> None:
        """Keep the connection open, and open it anew when it is lost."""
        failures = 0
        while not stop.is_set():
            try:
                self._open()
            except BROKER_ERRORS as error:
                log.warning("broker_away", queue="-", error=type(error).__name__)
                stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
                continue
            failures = 0
            while not self._lost.wait(BEAT_S) and not stop.is_set():
                self._beat()
            stop.wait(BACK_OFF_S[0])
        self.close()

    def _open(self) -> None:
        connection = self._broker.connect(
            on_blocked=lambda _reason: self._usable.clear(),
            on_unblocked=self._usable.set,
        )
        try:
            channel = connection.channel()
        except BROKER_ERRORS:
            close_quietly(connection)
            raise
        with self._lock:
            self._connection, self._channel = connection, channel
            self._lost.clear()
            self._usable.set()

    def _beat(self) -> None:
        """Answer the broker's heartbeat and hear whether it takes messages."""
        with self._lock:
            if self._connection is None:
                return
            try:
                self._connection.heartbeat_check()
                self._connection.drain_events(timeout=0.001)
            except TimeoutError:
                return
            except BROKER_ERRORS:
                self._drop()

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        self._usable.clear()
        self._lost.set()
        if connection is not None:
            close_quietly(connection)

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            self._drop()


class RpcClient:
    """Calls other services; safe for threads and, by `call_async`, for asyncio."""

    def __init__(
        self, broker: Broker, *, key: SigningKey, clock: Clock, ids: Ids
    ) -> None:
        self._broker = broker
        self._key = key
        self._clock = clock
        self._ids = ids
        self._reply_key = f"{broker.principal}.{ids.new()}"
        self._waiting: dict[str, tuple[str, Future[Json]]] = {}
        self._publisher = Publisher(broker)
        self._stop = threading.Event()
        self._start = threading.Lock()
        self._answers: Consuming | None = None

    def call(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float = TIMEOUT_S,
        assertion: str | None = None,
        staff_token: str | None = None,
        idempotency_key: str | None = None,
        **arguments: object,
    ) -> Json:
        """Call and wait.  Raises Refused, Transient (no answer in time) or Broken."""
        future: Future[Json] = Future()
        try:
            with RPC_CLIENT_SECONDS.labels(service, method).time():
                until = monotonic() + timeout_s
                self._submit(
                    future,
                    service,
                    method,
                    context=context,
                    until=until,
                    assertion=assertion,
                    staff_token=staff_token,
                    idempotency_key=idempotency_key,
                    arguments=arguments,
                )
                return future.result(max(until - monotonic(), 0))
        except FutureTimeoutError as error:
            raise _no_answer(service) from error
        finally:
            future.cancel()

    def call_async(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float = TIMEOUT_S,
        assertion: str | None = None,
        idempotency_key: str | None = None,
        **arguments: object,
    ) -> Awaitable[Json]:
        """`call` for asyncio, and as bounded: however many wait for a thread.

        The request is published from a thread, the answer arrives in another.
        """

        async def ask() -> Json:
            future: Future[Json] = Future()
            until = monotonic() + timeout_s
            try:
                with RPC_CLIENT_SECONDS.labels(service, method).time():
                    async with asyncio.timeout(timeout_s):
                        await asyncio.to_thread(
                            self._submit,
                            future,
                            service,
                            method,
                            context=context,
                            until=until,
                            assertion=assertion,
                            staff_token=None,
                            idempotency_key=idempotency_key,
                            arguments=arguments,
                        )
                        return await asyncio.wrap_future(future)
            except TimeoutError as error:
                raise _no_answer(service) from error
            finally:
                future.cancel()

        return ask()

    def _submit(
        self,
        future: Future[Json],
        service: str,
        method: str,
        *,
        context: Context,
        until: float,
        assertion: str | None,
        staff_token: str | None,
        idempotency_key: str | None,
        arguments: Mapping[str, object],
    ) -> None:
        """Send the request; ``future`` gets the answer and forgets it when cancelled.

        ``until`` is the caller's patience, by the monotonic clock.
        """
        self._await_answers(min(until, monotonic() + PUBLISH_TIMEOUT_S))
        call_id = str(self._ids.new())
        left_s = until - monotonic()
        body = sign_request(
            key=self._key,
            call_id=UUID(call_id),
            caller=self._broker.principal,
            callee=service,
            method=method,
            deadline=self._clock.now() + timedelta(seconds=left_s),
            context=context,
            assertion=assertion,
            staff_token=staff_token,
            idempotency_key=idempotency_key,
            arguments=as_object(jsonable(arguments)),
        )
        self._waiting[call_id] = (service, future)
        future.add_done_callback(lambda _: self._waiting.pop(call_id, None))
        self._publisher.publish(
            body,
            RPC_EXCHANGE,
            f"{service}.{method}",
            within_s=min(left_s, PUBLISH_TIMEOUT_S),
            reply_to=self._reply_key,
            correlation_id=call_id,
            expiration=str(max(int(left_s * 1000), 1)),
        )

    def start(self) -> None:
        """Begin to listen for answers; the first call does it otherwise."""
        with self._start:
            if self._answers is not None:
                return
            self._answers = Consuming(
                self._broker,
                f"reply.{self._reply_key}",
                self._on_reply,
                prefetch=PREFETCH,
                prepare=self._declare_reply_queue,
            )
            for name, loop in (
                ("rpc-replies", self._answers.run),
                ("rpc-requests", self._publisher.run),
            ):
                threading.Thread(
                    target=supervised, args=(loop, self._stop), name=name, daemon=True
                ).start()

    @property
    def connected(self) -> bool:
        """Whether answers can arrive right now."""
        return self._answers is not None and self._answers.connected

    def _await_answers(self, until: float) -> None:
        """Nothing is asked while no answer could arrive."""
        self.start()
        while not self.connected:
            if monotonic() >= until:
                raise _bus_away()
            self._stop.wait(_POLL_S)

    def _declare_reply_queue(self, connection: Connection) -> None:
        queue = Queue(
            f"reply.{self._reply_key}", durable=False, exclusive=True, auto_delete=True
        )(connection.default_channel)
        queue.queue_declare()
        connection.default_channel.queue_bind(
            queue.name, REPLY_EXCHANGE, self._reply_key
        )

    def _on_reply(self, message: Received) -> None:
        waiting = self._waiting.get(str(message.properties.get("correlation_id")))
        if waiting is None or waiting[0] != message.sender:
            return  # too late, or not from the service that was asked
        future = waiting[1]
        try:
            result = read_reply(message.body)
        except (ValueError, TypeError, KeyError, AttributeError):
            unreadable = Broken("the answer cannot be read")
            _settle(future, lambda: future.set_exception(unreadable))
        except KernelError as error:
            failure = error
            _settle(future, lambda: future.set_exception(failure))
        else:
            _settle(future, lambda: future.set_result(result))

    def close(self) -> None:
        """Stop listening; waiting calls time out."""
        self._stop.set()


def _settle(future: Future[Json], act: Callable[[], None]) -> None:
    if future.set_running_or_notify_cancel():
        act()


def _bus_away() -> Transient:
    return Transient("the message bus is away", retry_after_s=1)


def _no_answer(service: str) -> Transient:
    return Transient(f"{service} did not answer in time", retry_after_s=1)
